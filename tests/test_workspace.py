"""Finding and making a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbeat_lib.workspace import NoWorkspaceError, Workspace, WorkspaceExistsError, create


def test_a_workspace_is_found_upward(tmp_path, monkeypatch):
    """A notebook in a folder below belongs to it."""
    made = create(tmp_path / "w", operator="ann@x.example", zone="Europe/Berlin")
    below = made.root / "notebooks" / "discovery"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Workspace.find().root == made.root


def test_the_variable_names_a_workspace(tmp_path, monkeypatch):
    """Where a scheduler starts in another folder."""
    made = create(tmp_path / "w", operator="ann@x.example", zone="UTC")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEARTBEAT_WORKSPACE", str(made.root))
    assert Workspace.find().root == made.root


def test_no_workspace_says_how_to_make_one(tmp_path, monkeypatch):
    """The first thing a newcomer meets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEARTBEAT_WORKSPACE", raising=False)
    with pytest.raises(NoWorkspaceError, match="heartbeat init DIR"):
        Workspace.find()


def test_init_does_not_touch_a_workspace_that_is_there(tmp_path):
    """Somebody's settings are in it."""
    made = create(tmp_path, operator="ann@x.example", zone="UTC")
    before = (made.root / "heartbeat.toml").read_text("utf-8")
    with pytest.raises(WorkspaceExistsError):
        create(tmp_path, operator="bob@x.example", zone="UTC")
    assert (made.root / "heartbeat.toml").read_text("utf-8") == before


def test_init_keeps_what_git_ignores_already(tmp_path):
    """A folder may have a life before it becomes a workspace."""
    (tmp_path / ".gitignore").write_text("data/\n", "utf-8")
    create(tmp_path, operator="ann@x.example", zone="UTC")
    assert (tmp_path / ".gitignore").read_text("utf-8").split() == ["data/", ".heartbeat/"]


def test_an_operator_with_quotes_stays_one_value(tmp_path):
    """Text from people is data, in TOML too."""
    made = create(tmp_path, operator='an"n\\@x.example', zone="UTC")
    assert made.settings.operator == 'an"n\\@x.example'


@pytest.mark.parametrize(
    ("setting", "file"),
    [("", ".heartbeat/marts.duckdb"), ('marts_url = "data/m.duckdb"\n', "data/m.duckdb")],
)
def test_the_marts_lie_in_the_workspace_unless_named(tmp_path, setting, file):
    """A bare path is relative to the workspace, not to the current folder."""
    made = create(tmp_path, operator="a@x.example", zone="UTC")
    toml = made.root / "heartbeat.toml"
    toml.write_text(setting + toml.read_text("utf-8"), "utf-8")
    found = Workspace.find(tmp_path)
    assert found.marts_file == tmp_path.resolve() / file
    assert found.marts_url == f"duckdb://{found.marts_file}"


def test_other_engines_have_no_marts_file(tmp_path, monkeypatch):
    """Only DuckDB is a file."""
    monkeypatch.setenv("HEARTBEAT_MARTS_URL", "postgresql://host/db")
    assert create(tmp_path, operator="a@x.example", zone="UTC").marts_file is None


def test_paths_are_shown_relative_to_the_workspace(tmp_path):
    """db/metrics/x.sql says more than the whole path; what lies outside is named in full."""
    made = create(tmp_path, operator="a@x.example", zone="UTC")
    assert made.relative(made.root / "db" / "metrics" / "x.sql") == "db/metrics/x.sql"
    assert made.relative(Path("/elsewhere/x.sql")) == "/elsewhere/x.sql"
