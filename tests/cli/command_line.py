"""`heartbeat` as its users type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HEARTBEAT = Path(sys.executable).with_name("heartbeat")
METRIC = """\
-- parcels_late: parcels of yesterday that came late. Red means refunds.
INSERT INTO heartbeat.metric_registry
    (metric_id, code, name, period, value_sql, description, sources, how_to_read, methodology, unit)
VALUES ('parcels_late', 'LATE', 'Late parcels', 'day', $value$
    SELECT count(*) FROM shop.parcels WHERE promised_on <= current_date AND delivered_on > promised_on
$value$, 'Parcels that came late.', 'shop.parcels', 'Up is bad.', 'All parcels promised so far.', 'parcels');
UPDATE heartbeat.metric_registry SET norm_value = 1, alert_value = 2, threshold_basis = 'a test';
"""


class CommandLine:
    """`heartbeat` in one workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *words: str, exit_code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTBEAT_")}
        done = subprocess.run(
            [HEARTBEAT, *words], cwd=self.root, env=environment | variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words: str, **options) -> object:
        """What `--json` prints: one value on stdout and nothing else there."""
        return json.loads(self(*words, "--json", **options).stdout)
