"""The documents keep up with the code, and the locks name no address."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from heartbeat_lib.cli.app import app
from heartbeat_lib.cli.candidate_commands import candidate_app
from heartbeat_lib.cli.token_commands import tokens
from heartbeat_lib.model.metric import MetricDefinition
from heartbeat_lib.settings import Api, Audit, Cockpit, Schedule, ScheduledAudit, Source

ROOT = Path(__file__).parents[1]
INTERNAL = {"dialect", "definition_hash", "hash_version"}


def read(name):
    """A document's text."""
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("command", [(info.name or info.callback.__name__) for info in app.registered_commands])
def test_every_command_is_documented(command):
    """A command that nobody can look up does not exist."""
    assert re.search(rf"`(heartbeat )?{command}\b", read("docs/commands.md"))


@pytest.mark.parametrize(
    "command",
    [
        f"{group.info.name} {info.name or info.callback.__name__}"
        for group in (tokens, candidate_app)
        for info in group.registered_commands
    ],
)
def test_every_command_of_a_group_is_documented(command):
    """By its whole name."""
    assert f"`heartbeat {command}" in read("docs/commands.md")


@pytest.mark.parametrize("column", [field.name for field in fields(MetricDefinition) if field.name not in INTERNAL])
def test_every_column_of_a_metric_file_is_documented(column):
    """An analyst has the list beside the file."""
    assert f"`{column}`" in read("docs/metric-files.md")


@pytest.mark.parametrize("setting", [field.alias or name for name, field in Source.model_fields.items()])
def test_every_setting_of_a_source_is_documented(setting):
    """So does who runs it."""
    assert f"`{setting}`" in read("docs/operating.md")


@pytest.mark.parametrize("setting", list(Schedule.model_fields))
def test_every_setting_of_the_clock_is_documented(setting):
    """When it ticks is the first thing that somebody changes."""
    assert re.search(rf"\[schedule\][^|]*\b{setting}\b", read("docs/operating.md"))


@pytest.mark.parametrize("setting", list(ScheduledAudit.model_fields))
def test_every_setting_of_a_scheduled_audit_is_documented(setting):
    """Which metrics it looks at is what it is for."""
    assert f"`{setting}`" in read("docs/audits.md")


@pytest.mark.parametrize("setting", list(Api.model_fields))
def test_every_setting_of_the_api_is_documented(setting):
    """Two workspaces of one machine need two ports."""
    assert re.search(rf"\[api\][^|]*\b{setting}\b", read("docs/operating.md"))


@pytest.mark.parametrize("setting", list(Cockpit.model_fields))
def test_every_setting_of_the_cockpit_is_documented(setting):
    """Whom a header proves is nothing to guess."""
    assert re.search(rf"\[cockpit\][^|]*\b{setting}\b", read("docs/operating.md"))


@pytest.mark.parametrize("setting", list(Audit.model_fields))
def test_every_setting_of_audits_is_documented(setting):
    """Whoever is reminded wants to know by what."""
    assert re.search(rf"\[audit\][^|]*\b{setting}\b", read("docs/operating.md"))


def test_every_rule_that_a_file_can_break_is_documented():
    """The word in brackets leads somewhere."""
    found = set()
    for module in (ROOT / "heartbeat_lib" / "registration").glob("*.py"):
        found |= set(re.findall(r'(?:finding|refuse|error|warn)\(\s*"([a-z][a-z-]+)"', module.read_text("utf-8")))
    documented = read("docs/metric-files.md")
    assert found
    assert sorted(rule for rule in found if f"`{rule}`" not in documented) == []


@pytest.mark.parametrize("lock", ["demo", "test", "installer"])
def test_a_lock_carries_hashes_and_no_address(lock):
    """Where packages come from is for the machine to say."""
    text = read(f"requirements/{lock}.lock")
    assert "://" not in text
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text) if "==" in block)


@pytest.mark.parametrize("decision", sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md")))
def test_a_decision_is_half_a_page(decision):
    """Longer ones are not read."""
    assert len(read(f"docs/decisions/{decision}").splitlines()) <= 40


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))])
def test_every_picture_of_a_document_is_there(document):
    """A reader who sees a torn frame believes nothing else."""
    folder = (ROOT / document).parent
    assert [picture for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", read(document)) if not (folder / picture).is_file()] == []
