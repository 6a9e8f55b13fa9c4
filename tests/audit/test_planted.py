"""Planted faults, audited from end to end: the report names each, and the right twin comes out clean."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.audit.evidence import LayerName
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace, create
from tests.audit.conftest import BERKA, REPOSITORY
from tests.cli.command_line import CommandLine

_spec = importlib.util.spec_from_file_location("make_examples", REPOSITORY / "docs" / "examples" / "make_examples.py")
assert _spec is not None
assert _spec.loader is not None
examples = importlib.util.module_from_spec(_spec)
sys.modules["make_examples"] = examples  # its dataclass looks itself up there
_spec.loader.exec_module(examples)


DEAD_COLOURS = {"onboarding_days": "always amber", "loans_bad_share": "never green"}
"""In these banks, with the thresholds that stand."""


@pytest.fixture(scope="module")
def banks(tmp_path_factory, server, make_store) -> Iterator[dict[str, Workbench]]:
    """Both banks with right and wrong metrics, deployed, with their history."""
    made: dict[str, Workbench] = {}
    with make_store() as demo_store, make_store() as berka_store:
        for bank, zone, store in (("demo", "Europe/Berlin", demo_store), ("berka", "Europe/Prague", berka_store)):
            if bank == "berka" and not BERKA.is_dir():
                continue
            made[bank] = _bank(tmp_path_factory.mktemp(bank), bank, zone, server, store)
        yield made
        for bench in made.values():
            bench.close()


def _bank(folder: Path, bank: str, zone: str, server, store) -> Workbench:
    workspace = create(folder / "workspace", operator="ann@x.example", zone=zone)
    (workspace.root / ".heartbeat").symlink_to(server.state_dir)
    toml = workspace.root / "heartbeat.toml"
    if bank == "demo":
        shutil.copy(REPOSITORY / "heartbeat.toml", toml)
    toml.write_text('marts_url = "marts/marts.duckdb"\n' + toml.read_text("utf-8"), "utf-8")
    (workspace.root / "marts").mkdir()
    bench = Workbench(Workspace.find(workspace.root))
    bench.__dict__["store"] = store
    if bank == "demo":
        lifecycle.load_demo(bench, ending=examples.ENDING)
    else:
        lifecycle.load_folder(bench, "berka", BERKA)
    examples.prepare(bench, bank)
    return bench


def audited(banks, one, metric_id):
    """The audit of one metric of the planted one's bank, and the text of its report."""
    if one.bank not in banks:
        pytest.skip(f"the bank's data are not there: {BERKA}")
    bench = banks[one.bank]
    done = examples.audit(bench, metric_id, examples.AS_OF[one.bank])
    return done, (bench.workspace.root / done.report).read_text("utf-8")


@pytest.mark.parametrize("one", examples.PLANTED, ids=lambda one: one.planted_id)
def test_a_planted_fault_is_found_and_named_in_the_report(banks, one):
    """By the layer that has to find it, in words for somebody who knows no SQL."""
    done, report = audited(banks, one, one.planted_id)
    (layer,) = [layer for layer in done.layers if layer.name is one.layer]
    assert layer.verdict in (Verdict.DOUBTFUL, Verdict.FAILS)
    assert done.verdict is not Verdict.HOLDS
    for words in one.words:
        assert words in report


@pytest.mark.parametrize("one", examples.PLANTED, ids=lambda one: one.metric_id)
def test_its_right_twin_comes_out_clean(banks, one):
    """Nothing fails or is doubtful but colours that are really dead; a second road may be missing."""
    done, _ = audited(banks, one, one.metric_id)
    troubling = {layer.name: layer.why for layer in done.layers if layer.verdict in (Verdict.DOUBTFUL, Verdict.FAILS)}
    if one.metric_id in DEAD_COLOURS:
        assert DEAD_COLOURS[one.metric_id] in troubling.pop(LayerName.ACTION)
    assert troubling == {}


@pytest.mark.slow
def test_the_command_names_a_planted_fault_as_the_layers_do(whole_workspace):
    """One of them the whole way: a process of its own, the notebook, the report."""
    (one,) = [one for one in examples.PLANTED if one.planted_id == "chargeback_rate_missing_filter"]
    with Workbench(whole_workspace) as bench:
        lifecycle.load_demo(bench, ending=examples.ENDING)
        examples.prepare(bench, "demo")
    found: Any = CommandLine(whole_workspace.root).json("audit", one.planted_id, "--as-of", examples.AS_OF["demo"].isoformat())
    why = {layer["name"]: layer["why"] for layer in found["layers"]}
    assert found["verdict"] == "fails"
    for words in one.words:
        assert words in why[one.layer]
        assert words in (whole_workspace.root / found["report"]).read_text("utf-8")
