"""A report as a page: Markdown to HTML that stands alone, for whoever opens it in the cockpit.

HTML within the text stays text; the pictures are the report's own, carried inside the page; nothing is loaded from anywhere and
no link leads away. What was written into a metric's fields was escaped when the report was; this door does not rely on it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbeat_lib.model.errors import HeartbeatError

if TYPE_CHECKING:
    from markdown_it.token import Token

    from heartbeat_lib.workspace import Workspace

_REPORT = re.compile(r"\d{4}-\d{2}-\d{2}-[a-z][a-z0-9_]{2,62}(-[1-9]\d*)?\.md")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


class NoSuchReportError(HeartbeatError):
    """There is no audit report under this path, or it is none."""


def render(workspace: Workspace, report_path: str | Path) -> str:
    """One HTML document.

    Parameters
    ----------
    report_path
        Relative to the workspace, as an audit names it.

    Raises
    ------
    NoSuchReportError
        The path leads out of the folder of reports, is no report's name, or nothing is there.
    """
    folder = workspace.audits.resolve()
    path = (workspace.root / report_path).resolve()
    if path.parent != folder or not _REPORT.fullmatch(path.name) or not path.is_file():
        raise NoSuchReportError(f"{report_path} is no audit report of this workspace.")
    text = _FRONT_MATTER.sub("", path.read_text("utf-8"), count=1)
    tokens = _markdown().parse(text)
    _own_pictures_only(tokens, path)
    body = _markdown().renderer.render(tokens, _markdown().options, {})
    title = next((token.content for at, token in enumerate(tokens) if at and tokens[at - 1].type == "heading_open"), path.stem)
    return _PAGE.format(title=escape(_plain(title)), style=_style(), body=body)


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")


def _own_pictures_only(tokens: Sequence[Token], report: Path) -> None:
    """Each picture becomes its own bytes or its words, each link that leads somewhere its text."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                _carry(child, report)
            elif child.type in ("link_open", "link_close"):
                child.type, child.tag, child.attrs = "text", "", {}
                child.content, child.nesting = "", 0


def _carry(image: Token, report: Path) -> None:
    name = str(image.attrs.get("src", ""))
    picture = report.with_name(name) if re.fullmatch(rf"{re.escape(report.stem)}-(history|rebuild)\.svg", name) else None
    if picture is None or not picture.is_file() or picture.is_symlink():
        image.type, image.tag, image.attrs, image.children = "text", "", {}, None
        return
    image.attrs = {"src": f"data:image/svg+xml;base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}", "alt": ""}


def _plain(markdown: str) -> str:
    return re.sub(r"\\([^\w\s])", r"\1", markdown)


@cache
def _style() -> str:
    return (resources.files("heartbeat_lib.audit") / "templates" / "report.css").read_text("utf-8")


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}</main>
</body>
</html>
"""
