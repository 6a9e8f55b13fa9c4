"""The cells `%%story` and `%%metric`, in a shell of IPython and once in a run by papermill."""

from __future__ import annotations

import json

import nbformat
import papermill
import pytest
from IPython.core.interactiveshell import InteractiveShell

from heartbeat_lib.discovery.candidate import CandidateStage, NoSuchCandidateError, candidate
from heartbeat_lib.discovery.candidates import align
from heartbeat_lib.discovery.draft import Draft
from heartbeat_lib.discovery.refusals import NotAlignedError
from heartbeat_lib.discovery.story import StoryRefused
from heartbeat_lib.notebook import CellError
from tests.discovery.shop import DAY, SHOP
from tests.discovery.stories import STORY

STORY_TOML = "".join(f"{key} = {json.dumps(text)}\n" for key, text in STORY.items())
TODAY = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"


@pytest.fixture
def shell(bench, marts):
    """A notebook's shell with the extension loaded, over the shop; its variables say who, when and what."""
    marts(SHOP)
    made = InteractiveShell.instance()
    made.run_cell("%load_ext heartbeat_lib.notebook")
    made.user_ns |= {"workbench": bench, "analyst": "", "date": DAY.isoformat(), "candidate": "late_share"}
    yield made
    InteractiveShell.clear_instance()


def drafted(shell, line=""):
    """The draft of an agreed story."""
    shell.run_cell(f"%%story late_share\n{STORY_TOML}")
    align(shell.user_ns["workbench"], "late_share", agreed_by="olga@x.example", remark="yes", on=DAY)
    return shell.run_cell(f"%%metric {{candidate}} --as-of 2026-11-24T12:00+01:00 {line}\n{TODAY}")


def test_a_story_opens_its_candidate_and_is_shown(shell, bench):
    shown = shell.run_cell(f"%%story {{candidate}}\n{STORY_TOML}").result
    assert candidate(bench, "late_share").stage is CandidateStage.STORY
    assert "Nobody has agreed to it" in repr(shown)
    assert STORY["who_acts"] in shown._repr_html_()


def test_a_faulty_story_is_refused_key_by_key_and_opens_nothing(shell, bench, capsys):
    done = shell.run_cell("%%story late_share\nname = 'Late parcels'\nperiod = 'day'\nnmae = 'x'")
    assert isinstance(done.error_in_exec, StoryRefused)
    told = "".join(capsys.readouterr())
    assert all(word in told for word in ("job", "who_acts", "amount_basis", "nmae", "did you mean 'name'"))
    assert "Traceback" not in told
    with pytest.raises(NoSuchCandidateError):
        candidate(bench, "late_share")


def test_a_story_that_is_no_toml_is_refused_with_its_line(shell):
    done = shell.run_cell("%%story late_share\nname = 'x'\nperiod day")
    assert isinstance(done.error_in_exec, CellError)
    assert "line 2" in str(done.error_in_exec)


def test_a_template_of_comments_shows_which_keys_are_wanted_and_changes_nothing(shell, bench):
    done = shell.run_cell('%%story {candidate}\n# name = "..."\n\n# job = "..."\n')
    assert done.success
    assert "threshold_source: say where thresholds would come from" in repr(done.result)
    with pytest.raises(NoSuchCandidateError):
        candidate(bench, "late_share")


def test_a_template_of_comments_shows_the_story_that_is_kept(shell):
    shell.run_cell(f"%%story late_share\n{STORY_TOML}")
    assert STORY["job"] in repr(shell.run_cell("%%story late_share\n# nothing").result)


def test_sql_before_the_agreement_is_refused(shell):
    shell.run_cell(f"%%story late_share\n{STORY_TOML}")
    assert isinstance(shell.run_cell(f"%%metric late_share\n{TODAY}").error_in_exec, NotAlignedError)


def test_a_metric_cell_gives_the_draft(shell, bench):
    made = drafted(shell, "--rough 11 --rough-source 'the till'").result
    assert isinstance(made, Draft)
    assert made.value == 10
    assert made.rough_source == "the till"
    assert candidate(bench, "late_share").stage is CandidateStage.DRAFTED
    assert candidate(bench, "late_share").changed_by == "ann@x.example"


def test_the_variable_analyst_says_who_drafts(shell, bench):
    shell.user_ns["analyst"] = "bea@x.example"
    drafted(shell)
    assert candidate(bench, "late_share").changed_by == "bea@x.example"


def test_a_metric_cell_of_comments_shows_the_draft_that_is_kept(shell):
    made = drafted(shell).result
    kept = shell.run_cell("%%metric late_share\n-- SELECT ...").result
    assert repr(kept) == repr(made)
    assert kept._repr_html_() == made._repr_html_()


def test_a_metric_cell_of_comments_says_that_there_is_no_draft(shell):
    shell.run_cell(f"%%story late_share\n{STORY_TOML}")
    assert "has no draft" in repr(shell.run_cell("%%metric late_share\n-- SELECT ...").result)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "ID"),
        ("late_share --ruogh 3", "--ruogh"),
        ("late_share --rough much", "not a number"),
        ("late_share --as-of never", "no instant"),
        ("{no_such_variable}", "no such variable"),
        ("late_share --note 'open", "quotation"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused(shell, line, words):
    error = shell.run_cell(f"%%metric {line}\n{TODAY}").error_in_exec
    assert isinstance(error, CellError)
    assert words in str(error)


@pytest.mark.slow
def test_a_refused_story_fails_a_run_by_papermill_in_words(whole_workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("HEARTBEAT_WORKSPACE", str(whole_workspace.root))
    cells = [nbformat.v4.new_code_cell(text) for text in ("%load_ext heartbeat_lib.notebook", "%%story late_share\nname = 'x'")]
    source, record = tmp_path / "source.ipynb", tmp_path / "record.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}), source
    )
    with pytest.raises(papermill.PapermillExecutionError) as failed:
        papermill.execute_notebook(source, record, progress_bar=False)
    assert "who_acts: missing" in str(failed.value)
    ran = nbformat.read(record, as_version=4).cells
    (output,) = [one for cell in ran for one in cell.get("outputs", ()) if one.output_type == "error"]
    assert output.ename == "StoryRefused"
    assert len(output.traceback) == 1
