"""A shop whose files were loaded through dlt, and metrics deployed upon it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from heartbeat_lib import lifecycle


@pytest.fixture
def deployed(bench, file_of) -> Callable[..., None]:
    """Writes metric files and deploys them: id = value_sql, or (value_sql, what `file_of` takes); `more` is appended as it is."""

    def deploy(*, more: str = "", **files) -> None:
        for metric_id, given in files.items():
            query, changes = given if isinstance(given, tuple) else (given, {})
            (bench.workspace.metrics / f"{metric_id}.sql").write_text(file_of(metric_id, query, **changes) + more, "utf-8")
        lifecycle.deploy(bench)

    return deploy
