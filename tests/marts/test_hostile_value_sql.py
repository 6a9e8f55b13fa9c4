"""Every hostile text meets its wall, by the wall's own name, and the marts are as they were.

The texts are in `hostile_value_sql.toml`. They go straight to a worker, as if `check` had been forgotten.
"""

import hashlib
import time
import tomllib
from pathlib import Path

import pytest

from heartbeat_lib.marts import Scalar

_GROUPS = {
    (reason, bool(group.get("slow"))): group["sql"]
    for reason, groups in tomllib.loads(Path(__file__).with_name("hostile_value_sql.toml").read_text()).items()
    for group in groups
}
DEADLINE_S = 1.0


def meets(marts, reason, texts):
    """Each text comes back in time with `reason`, and the next query is right."""
    for text in texts:
        began = time.monotonic()
        (_, outcome), *_ = marts.scalars([("hostile", text)], timeout_s=DEADLINE_S)
        took_s = time.monotonic() - began
        found = "number" if isinstance(outcome, Scalar) else outcome.reason
        allowed = {reason, "memory"} if reason == "timeout" else {reason, "timeout"} if reason == "memory" else {reason}
        assert found in allowed, f"{text!r}: {found}, {outcome}"
        assert took_s < DEADLINE_S + 1.0, f"{text!r} took {took_s:.2f} s"
        assert marts.scalar("SELECT count(*) FROM shop.sales").value == 1000


@pytest.mark.parametrize("reason", [reason for reason, slow in _GROUPS if not slow])
def test_hostile_texts_meet_their_wall(marts_file, opened, reason):
    """A refusal counts only with its reason; the file and the next query are untouched."""
    before = hashlib.sha256(marts_file.read_bytes()).hexdigest()
    meets(opened(marts_file, workers=1), reason, _GROUPS[reason, False])
    assert hashlib.sha256(marts_file.read_bytes()).hexdigest() == before
    assert not list(Path("/tmp").glob("heartbeat_hostile*"))
    assert sorted(path.name for path in marts_file.parent.iterdir()) == [marts_file.name]


@pytest.mark.slow
@pytest.mark.parametrize("reason", [reason for reason, slow in _GROUPS if slow])
def test_texts_that_ignore_an_interrupt_end_at_the_deadline(marts_file, opened, reason):
    """These ran for up to a minute and twenty gigabytes when only DuckDB's own limits stood in their way."""
    meets(opened(marts_file, workers=1), reason, _GROUPS[reason, True])
