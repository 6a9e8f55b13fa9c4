"""A workspace with one metric, for every test of the command line."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.cli.command_line import METRIC, CommandLine


@pytest.fixture(scope="module")
def heartbeat():
    """A workspace made by `init` with one loaded folder and one deployed metric.

    Not in a folder of pytest's: the next pytest to start closes those to the user that the server runs as.
    """
    root = Path(tempfile.mkdtemp(prefix="heartbeat-test-")) / "shop"
    outside = CommandLine(root.parent)
    outside("init", str(root), "--operator", "ann@x.example")
    (root / "exports").mkdir()
    (root / "exports" / "parcels.csv").write_text(
        "id,promised_on,delivered_on\n1,2026-01-01,2026-01-03\n2,2026-01-01,2026-01-01\n3,2026-01-02,2026-01-05\n", "utf-8"
    )
    run = CommandLine(root)
    run("load", "shop", "exports")
    (root / "db" / "metrics" / "parcels_late.sql").write_text(METRIC, "utf-8")
    run("deploy")
    yield run
    run("stop")
    shutil.rmtree(root.parent)
