"""HTML for the output of a notebook's cell: no script, no class, no address; what is not `Markup` becomes text.

Colours are inherited, or hold on a light and on a dark page, and none of them is the only signal.
"""

from __future__ import annotations

from html import escape

from heartbeat_lib.model.picture import COLOURS

SHAPES = {"red": "◆", "amber": "▲", "grey": "⊖", "green": "●"}
FAINT = "opacity:.75"
TABLE = "color:inherit;font-size:inherit;border-spacing:.8em 0"
"""Else a page without a doctype, such as a mail or an export, makes a table's text black."""


class Markup(str):
    """Text that is HTML already. Only `element`, `joined` and `model.picture` make it."""

    __slots__ = ()


def element(tag: str, *children: str, style: str = "") -> Markup:
    """One element; children that are plain text are escaped.

    >>> element("b", "a < b & ", element("i", "c"), style="color:red")
    '<b style="color:red">a &lt; b &amp; <i>c</i></b>'
    """
    look = f' style="{escape(style)}"' if style else ""
    return Markup(f"<{tag}{look}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Markup:
    """Children beside each other; plain text is escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def status_mark(status: str) -> Markup:
    """A status as shape and word, the shape in its colour.

    >>> status_mark("red")
    '<span style="white-space:nowrap"><span style="color:#e0364a">◆</span> Red</span>'
    """
    shape = element("span", SHAPES[status], style=f"color:{COLOURS[status]}")
    return element("span", shape, f" {status.capitalize()}", style="white-space:nowrap")


def pill(words: str) -> Markup:
    """A word in a dashed ring."""
    return element("span", words, style="border:1px dashed currentColor;border-radius:1em;padding:0 .6em;font-size:85%")
