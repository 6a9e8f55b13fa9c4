"""The report's text: what an owner reads, and that nothing which somebody wrote becomes more than text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from heartbeat_lib.audit import report
from heartbeat_lib.audit.evidence import Evidence, LayerName, broken_layer
from heartbeat_lib.audit.report import Picture
from heartbeat_lib.model.markdown import escaped, one_line
from heartbeat_lib.model.verdict import Verdict
from tests.audit.findings import HOSTILE, case, layers

GOLDEN = Path(__file__).with_name("report.md")
PICTURES = [Picture(file="2026-11-24-late_share-history.svg", words="History of LATE Late parcels")]


def body(text):
    """The report without its front matter."""
    return text.split("\n---\n", 1)[1]


def kinds(text):
    """What Markdown makes of it: the kinds of blocks and of what stands in lines, in order, and what links and pictures name."""
    found = []
    for token in MarkdownIt("commonmark").enable(["table"]).parse(text):
        found.append(token.type)
        found += [
            (child.type, child.attrs.get("href"), child.attrs.get("src"))
            for child in token.children or ()
            if child.type != "text"
        ]
    return found


def test_the_report_reads_as_it_was_looked_at():
    """The file beside this one was read by people; a change of it is a change of what owners see."""
    found = [*layers()[:4], broken_layer(LayerName.ACTION, "the marts are gone")]
    text = report.text(
        case(),
        found,
        Evidence(layers=tuple(found)).verdict,
        pictures=PICTURES,
        notebook=".heartbeat/runs/x-audit-late_share.ipynb",
    )
    assert text == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize(
    ("verdict", "words"),
    [(Verdict.HOLDS, "the number holds"), (Verdict.DOUBTFUL, "a person has to look"), (Verdict.FAILS, "something is wrong")],
)
def test_the_verdict_stands_on_top_in_words(verdict, words):
    """Before any figure."""
    first = body(report.text(case(), layers(verdict=verdict), verdict)).strip().splitlines()[0]
    assert first == f"# LATE Late parcels: {words}"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_people_wrote_changes_no_structure(hostile):
    """Every field says it: headings, lists, tables, links, pictures and code are those of a harmless report."""
    harmless = report.text(case("plain words"), layers("plain words"), Verdict.HOLDS, pictures=PICTURES)
    text = report.text(case(hostile), layers(hostile), Verdict.HOLDS, pictures=PICTURES)
    assert kinds(body(text)) == kinds(body(harmless))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_people_wrote_can_be_read_again(hostile):
    """Escaping loses nothing but line breaks, control characters and marks of direction."""
    tokens = MarkdownIt("commonmark").parse(escaped(hostile))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    read = "".join(child.content for child in tokens[1].children or ())
    assert read == one_line(hostile)
    assert not {"\n", "\r", "\u2028", "\u2029", "\x85", "\x00", "\u202e"} & set(read)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_front_matter_keeps_its_lines_whatever_a_field_says(hostile):
    """Machines read it line by line; each value is JSON."""
    head = report.text(case(hostile), layers(hostile), Verdict.FAILS).split("\n---\n")[0].splitlines()[1:]
    said = {name: json.loads(value) for name, _, value in (line.partition(": ") for line in head)}
    assert list(said) == ["report", "metric_id", "code", "audit_date", "as_of", "auditor", "verdict", "layers", "definition_hash"]
    assert (said["verdict"], said["auditor"], said["report"]) == ("fails", hostile, report.VERSION)
    assert said["layers"] == dict.fromkeys(LayerName, "holds")


def test_how_to_answer_is_told_with_the_exact_commands():
    """An owner copies the line."""
    text = report.text(case(), layers(), Verdict.HOLDS)
    assert 'heartbeat review late_share --outcome wrong-number --why "..."' in text.splitlines()


def test_a_metric_without_owner_thresholds_and_value_is_told_so():
    """Nothing is left blank, for a blank could mean anything."""
    bare = {"owner": None, "norm_value": None, "alert_value": None, "threshold_basis": None, "value": None, "status": "grey"}
    text = report.text(case(**bare), layers(), Verdict.DOUBTFUL)
    assert "| On the tile | no value yet, grey |" in text
    assert "| Red from | no threshold |" in text
    assert "| Where they come from | nobody said |" in text
    assert "| Owner | nobody |" in text
