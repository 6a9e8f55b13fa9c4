"""Metric files to begin from."""

from __future__ import annotations

import pytest

GOOD = """\
-- late_share: parcels that arrived after the promised day. Red means refunds are being paid.
INSERT INTO heartbeat.metric_registry (metric_id, name, period, value_sql, description, sources)
VALUES ('late_share', 'Late parcels', 'day', $value$
    SELECT 100.0 * count(*) FILTER (WHERE delivered_on > promised_on) / nullif(count(*), 0)
    FROM shop.parcels
    WHERE promised_on = current_date - 1
$value$, 'Share of yesterday''s parcels delivered after the promised day.', ARRAY['shop.parcels']);

UPDATE heartbeat.metric_registry SET code = 'LATE' WHERE metric_id = 'late_share';

UPDATE heartbeat.metric_registry
SET how_to_read = 'Up is bad.', methodology = 'Parcels promised yesterday.', unit = '%'
WHERE metric_id = 'late_share';

UPDATE heartbeat.metric_registry
SET norm_value = 5, alert_value = 10, threshold_basis = 'Carrier contract, clause 4'
WHERE metric_id = 'late_share';
"""


@pytest.fixture
def write(workspace):
    """Writes `<metric_id>.sql` into the workspace's metrics folder; text or bytes."""

    def write_file(text=GOOD, metric_id="late_share"):
        path = workspace.metrics / f"{metric_id}.sql"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture
def good():
    """A file without findings."""
    return GOOD
