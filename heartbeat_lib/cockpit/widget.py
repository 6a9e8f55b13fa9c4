"""The cockpit as one widget: the same in Voila, where owners live, and in a notebook.

Its JavaScript is plain ES modules, which a browser could load one by one; a widget has to hand over one text, so they are joined
here: their imports, which only name each other, go, and nothing else is changed.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

from heartbeat_lib.cockpit.identity import proved_identity
from heartbeat_lib.cockpit.session import Session

if TYPE_CHECKING:
    from heartbeat_lib.workbench import Workbench

_STATIC = Path(__file__).parent / "static"
_MODULES = (
    "dom",
    "words",
    "link",
    "route",
    "spark",
    "signs",
    "tile",
    "help",
    "chartdrawing",
    "chart",
    "empty",
    "field",
    "thresholds",
    "trust",
    "answer",
    "panel",
    "banner",
    "people",
    "header",
    "board",
    "review",
    "wallplan",
    "wallmode",
    "cockpit",
)
"""In the order of their imports: what is used stands before its user."""
_STYLES = ("tokens", "board", "spark", "tile", "panel", "review", "chart", "wallmode")


@cache
def page_script() -> str:
    """The page's modules as one ES module."""
    texts = (f"// {name}.js\n{(_STATIC / f'{name}.js').read_text('utf-8')}" for name in _MODULES)
    joined = re.sub(r"^import .*\n", "", "\n".join(texts), flags=re.MULTILINE)
    return re.sub(r"^export (?!default)", "", joined, flags=re.MULTILINE)


@cache
def page_style() -> str:
    """The page's style sheets as one."""
    return "\n".join((_STATIC / f"{name}.css").read_text("utf-8") for name in _STYLES)


class Cockpit(anywidget.AnyWidget):
    """The page of one viewer. It reads nothing before it is on a screen."""

    _esm = page_script()
    _css = page_style()

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._session = Session(workbench, self.send, proved_identity(workbench.workspace.settings))
        self.on_msg(self._hear)

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        self._session.hear(content)

    def close(self) -> None:
        """Take the widget away, and end what stood behind it."""
        self._session.end()
        super().close()
