"""A report as a page: it stands alone, runs nothing, and opens nothing but reports."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from heartbeat_lib.audit import report
from heartbeat_lib.audit.rendered import NoSuchReportError, render
from heartbeat_lib.audit.report import Picture
from heartbeat_lib.model.verdict import Verdict
from tests.audit.findings import HOSTILE, case, layers

NAME = "2026-11-24-late_share"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.fixture
def folder(tmp_path):
    """A workspace's folder of reports, with one picture."""
    audits = tmp_path / "reports" / "metric-audits"
    audits.mkdir(parents=True)
    (audits / f"{NAME}-history.svg").write_bytes(SVG)
    return audits


def shown(folder, text, name=f"{NAME}.md"):
    """The page of a report with this text."""
    (folder / name).write_text(text, "utf-8")
    return render(SimpleNamespace(root=folder.parents[1], audits=folder), f"reports/metric-audits/{name}")  # pyright: ignore[reportArgumentType]


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_stay_text_in_the_page(folder, hostile):
    """The same elements as of a harmless report, each with the same attributes but for the words of pictures."""
    pictures = [Picture(file=f"{NAME}-history.svg", words=hostile)]
    page = Page(shown(folder, report.text(case(hostile), layers(hostile), Verdict.HOLDS, pictures=pictures)))
    pictures = [Picture(file=f"{NAME}-history.svg", words="plain")]
    plain = Page(shown(folder, report.text(case("plain"), layers("plain"), Verdict.HOLDS, pictures=pictures)))

    def structure(one):
        return [(tag, {name: value for name, value in attrs.items() if name != "alt"}) for tag, attrs in one.tags]

    assert structure(page) == structure(plain)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](https://evil.example)",
        "<https://evil.example>",
        "![a](https://evil.example/x.png)",
        "![a](//evil.example/x.png)",
        "![a](../../heartbeat.toml)",
        "![a](2026-11-24-other_metric-history.svg)",
        "![a](data:image/svg+xml;base64,PHN2Zy8+)",
        "[a]: javascript:alert(1)\n\n[a]",
    ],
)
def test_a_report_that_somebody_edited_loads_and_links_nothing(folder, text):
    """The door does not rely on what was escaped when the report was written."""
    (folder / "2026-11-24-other_metric-history.svg").write_bytes(SVG)
    page = Page(shown(folder, f"# A\n\n{text}\n"))
    assert not [tag for tag, attrs in page.tags if tag in ("a", "script", "img", "iframe", "link") or "onerror" in attrs]


def test_own_pictures_are_carried_inside_the_page(folder):
    """Nothing has to be fetched, and the words are there for those who cannot see."""
    page = Page(shown(folder, f"# A\n\n![history]({NAME}-history.svg)\n"))
    (picture,) = [attrs for tag, attrs in page.tags if tag == "img"]
    assert picture["src"] == f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"
    assert picture["alt"] == "history"


def test_a_picture_that_is_gone_leaves_its_words(folder):
    """A torn picture would say less."""
    page = Page(shown(folder, f"![history of it]({NAME}-rebuild.svg)\n"))
    assert "history of it" in page.text
    assert "img" not in dict(page.tags)


def test_the_front_matter_is_not_shown(folder):
    """It is for machines."""
    page = Page(shown(folder, report.text(case(), layers(), Verdict.HOLDS)))
    assert "definition_hash" not in page.text
    assert "LATE Late parcels: the number holds" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "heartbeat.toml",
        "reports/metric-audits/../../heartbeat.toml",
        "reports/metric-audits/notes.md",
        "reports/metric-audits/2026-11-24-../x.md",
        "reports/metric-audits/2026-11-25-late_share.md",
        "/etc/passwd",
        "reports/metric-audits",
        "reports/metric-audits/2026-11-24-late_link.md",
    ],
)
def test_only_reports_are_opened(folder, path):
    """Whatever lies elsewhere, under another name, or behind a link is none."""
    (folder.parents[1] / "heartbeat.toml").write_text("secret", "utf-8")
    (folder / "notes.md").write_text("secret", "utf-8")
    (folder / "2026-11-24-late_link.md").symlink_to(folder.parents[1] / "heartbeat.toml")
    with pytest.raises(NoSuchReportError, match="is no audit report of this workspace"):
        render(SimpleNamespace(root=folder.parents[1], audits=folder), path)  # pyright: ignore[reportArgumentType]
