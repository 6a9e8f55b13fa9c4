"""heartbeat.toml and the environment: the variable wins, strangers are named, secrets stay out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from heartbeat_lib.settings import SettingsError, read_settings, unknown_variables

PLAIN = 'operator = "ann@x.example"\ntime_zone = "Europe/Berlin"\n'


@pytest.fixture
def toml(tmp_path):
    """Writes a heartbeat.toml and returns its path."""

    def write(text):
        file = tmp_path / "heartbeat.toml"
        file.write_text(text, "utf-8")
        return file

    return write


def test_a_variable_wins_over_the_file(toml, monkeypatch):
    """Every setting has one, nested ones with two underscores."""
    monkeypatch.setenv("HEARTBEAT_TIME_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("HEARTBEAT_COMPUTE__TIMEOUT_S", "3")
    settings = read_settings(toml(PLAIN + "[compute]\ntimeout_s = 9\nworkers = 1\n"))
    assert settings.time_zone.key == "Asia/Tokyo"
    assert (settings.compute.timeout_s, settings.compute.workers) == (3, 1)


def test_a_source_says_folder_key_and_promise(toml):
    """One key may stand without brackets; a span is a number and a letter."""
    text = PLAIN + '[[source]]\nschema = "shop"\nfolder = "data"\nkey = "id"\nmax_age = "26h"\n'
    (source,) = read_settings(toml(text)).source
    assert (source.schema_name, source.key, source.max_age) == ("shop", ("id",), timedelta(hours=26))


def test_a_source_may_be_a_pipeline_file_with_a_deadline(toml):
    """Ten minutes where nothing is said."""
    text = PLAIN + '[[source]]\nschema = "a"\npipeline = "a.py"\n[[source]]\nschema = "b"\npipeline = "b.py"\ndeadline = "2h"\n'
    first, second = read_settings(toml(text)).source
    assert (first.folder, str(first.pipeline)) == (None, "a.py")
    assert (first.deadline, second.deadline) == (timedelta(minutes=10), timedelta(hours=2))


def test_the_clock_may_audit_by_several_lines(toml):
    """Each says when, and which metrics in one or more ways."""
    text = PLAIN + '[[schedule.audit]]\ncron = "0 5 * * mon"\nall_unverified = true\n'
    text += '[[schedule.audit]]\ncron = "0 6 1 * *"\nolder_than = "90d"\nids = ["late_share"]\n'
    first, second = read_settings(toml(text)).schedule.audit
    assert (first.all_unverified, first.older_than, first.ids) == (True, None, ())
    assert (second.all_unverified, second.older_than, second.ids) == (False, timedelta(days=90), ("late_share",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PLAIN + '[[schedule.audit]]\ncron = "0 5 * * mon"\n', "an audit says which metrics"),
        (PLAIN + '[[schedule.audit]]\ncron = "0 5 * * mon"\nolder = "90d"\n', "Did you mean 'older_than'?"),
        (PLAIN + "operater = 1\n", "Did you mean 'operator'?"),
        (PLAIN + '[[source]]\nschema = "shop"\nfolder = "d"\nmax_agee = "1h"\n', "Did you mean 'max_age'?"),
        (PLAIN + "[compute]\ntimeout = 3\n", "Did you mean 'timeout_s'?"),
        ('operator = "a@x.example"\n', "'time_zone' is missing"),
        (PLAIN.replace("Berlin", "Berlim"), "'Europe/Berlim' is no time zone"),
        (PLAIN + '[[source]]\nschema = "shop"\nfolder = "d"\nmax_age = "soon"\n', "'soon' is no span"),
        (PLAIN + '[[source]]\nschema = "a"\nfolder = "d"\n[[source]]\nschema = "a"\nfolder = "e"\n', "two [[source]] entries"),
        (PLAIN + '[[source]]\nschema = "a"\n', "the source 'a' needs either a folder or a pipeline, and not both"),
        (PLAIN + '[[source]]\nschema = "a"\nfolder = "d"\npipeline = "p.py"\n', "either a folder or a pipeline, and not both"),
        (PLAIN + '[[source]]\nschema = "a"\npipeline = "p.py"\nkey = "id"\n', "'a' is a pipeline, and key is for folders"),
        (PLAIN + '[[source]]\nschema = "a"\npipeline = "p.py"\ntime_zone = "UTC"\n', "and time_zone is for folders"),
        (PLAIN + '[[source]]\nschema = "a"\nfolder = "d"\ndeadline = "0m"\n', "'0m' is no span"),
        (PLAIN + '[schedule]\ntick = "17 * * *"\n', "schedule.tick: '17 * * *' is no crontab line: it has five fields"),
        (PLAIN + '[schedule]\nbenchmarks = "0 4 * * 1"\n', "write the day of the week by name"),
        (PLAIN + '[schedule]\ntik = "17 * * * *"\n', "Did you mean 'tick'?"),
        (PLAIN + '[schedule]\nkeep = "for ever"\n', "'for ever' is no span"),
        (PLAIN + "[[source\n", "not readable as TOML"),
        (PLAIN + 'database_url = "postgresql://me:secret@host/db"\n', "HEARTBEAT_DATABASE_URL"),
    ],
)
def test_a_wrong_file_is_refused_in_words(toml, text, words):
    """Which file, which key, what to write instead."""
    file = toml(text)
    with pytest.raises(SettingsError) as refused:
        read_settings(file)
    assert words in str(refused.value)
    assert str(file) in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_wrong_variable_is_named_instead_of_the_file(toml, monkeypatch):
    """Who looks into the file would find nothing wrong there."""
    monkeypatch.setenv("HEARTBEAT_TIME_ZONE", "Mars/Olympus")
    with pytest.raises(SettingsError, match="variable HEARTBEAT_TIME_ZONE"):
        read_settings(toml(PLAIN))


def test_every_fault_is_told_at_once(toml):
    """Mending one fault per attempt is tedious."""
    with pytest.raises(SettingsError) as refused:
        read_settings(toml("operater = 1\n"))
    assert len(str(refused.value).splitlines()) == 3


def test_an_unknown_variable_names_the_nearest_known_one(monkeypatch):
    """A misspelt variable otherwise passes silently."""
    monkeypatch.setenv("HEARTBEAT_OPERATER", "x")
    monkeypatch.setenv("HEARTBEAT_COMPUTE__TIMEOUT_S", "3")
    assert unknown_variables() == {"HEARTBEAT_OPERATER": "HEARTBEAT_OPERATOR"}
