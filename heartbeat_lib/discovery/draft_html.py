"""A draft as people see it: a sheet for JupyterLab, and plain lines. Pure, and of a kept draft the same as of a new one.

It takes `Draft.json()` or what the store kept of it. Every text is escaped; colours are inherited, so it reads on a dark page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

from heartbeat_lib.model.display import number, sparkline
from heartbeat_lib.model.markup import FAINT, TABLE, Markup, element, joined
from heartbeat_lib.model.picture import sparkline_of, svg
from heartbeat_lib.model.verdict import SIGNS, Verdict
from heartbeat_lib.model.words import day, listed_period, time

_BOX = "border:1px solid currentColor;border-radius:6px;padding:.6em .9em;max-width:60em;color:inherit;line-height:1.5"
_LEFT = "text-align:left;vertical-align:top;padding:.15em 0"
_WEIGHT = {Verdict.FAILS: "bold", Verdict.DOUBTFUL: "bold"}


def draft_html(draft: Mapping[str, Any], zone: ZoneInfo) -> Markup:
    """One box: code, value, when, tables, the past as a picture, likenesses, checks, the SQL."""
    return element("div", *_parts(draft, zone), style=_BOX)


def draft_text(draft: Mapping[str, Any], zone: ZoneInfo) -> str:
    """The same as plain lines."""
    return "\n".join(_lines(draft, zone))


def past_words(draft: Mapping[str, Any], zone: ZoneInfo) -> str:
    """What the picture of the past shows: how many periods, from when to when, least, greatest, and how many have no value."""
    past = draft["past"]
    if draft.get("past_note"):
        return str(draft["past_note"])
    known = [one["value"] for one in past if one["value"] is not None]
    first, last = (_period(one["period_start"], draft["period"], zone) for one in (past[0], past[-1]))
    told = f"{len(past)} periods, {first} to {last}, each as of its end"
    if not known:
        return f"{told}: none has a value"
    missing = len(past) - len(known)
    words = f"{told}: least {number(min(known))}, greatest {number(max(known))}"
    return f"{words}; {missing} without a value" if missing else words


def _parts(draft: Mapping[str, Any], zone: ZoneInfo) -> Iterator[Markup]:
    code = element("span", draft["code"], style="font-family:monospace;font-weight:bold")
    yield element("div", code, f" {draft['candidate_id']} ", element("span", "draft", style=FAINT))
    values = [one["value"] for one in draft["past"]]
    value = element("span", number(draft["value"]), style="font-size:200%;font-weight:bold;margin-right:.8em")
    picture = Markup(svg(sparkline_of(values), status="grey", width=320, height=48)) if _has(values) else joined()
    yield element("div", value, picture)
    yield element("div", past_words(draft, zone), style=FAINT)
    yield element("div", _when(draft, zone))
    yield element("div", f"Reads {', '.join(draft['tables'])}. {draft['definition']}.")
    yield from _likenesses(draft)
    rows = [
        element(
            "tr",
            element("td", _sign(check), style=f"{_LEFT};white-space:nowrap;font-weight:{_weight(check)}"),
            element("td", check["name"], style=f"{_LEFT};white-space:nowrap"),
            element("td", check["evidence"], style=_LEFT),
        )
        for check in draft["checks"]
    ]
    yield element("table", element("tbody", *rows), style=TABLE)
    sql = element(
        "pre", dedent(str(draft["value_sql"])).strip("\n"), style="color:inherit;background:transparent;margin:.4em 0 0"
    )
    yield element("details", element("summary", "SQL"), sql)


def _likenesses(draft: Mapping[str, Any]) -> Iterator[Markup]:
    if draft["duplicates"]:
        found = [element("li", element("b", one["metric_id"]), f": {one['reason']}") for one in draft["duplicates"]]
        yield element("div", element("b", "It is like"), element("ul", *found, style="margin:0"))
    else:
        yield element("div", "Like no metric and no candidate that is known.", style=FAINT)


def _lines(draft: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    yield f"{draft['code']} {draft['candidate_id']}: {number(draft['value'])}"
    yield _when(draft, zone)
    yield f"reads {', '.join(draft['tables'])}"
    picture = sparkline([one["value"] for one in draft["past"]])
    yield from (line for line in (picture.rstrip(), past_words(draft, zone)) if line)
    yield from (f"like {one['metric_id']}: {one['reason']}" for one in draft["duplicates"])
    wide = max((len(check["name"]) for check in draft["checks"]), default=0)
    yield from (f"{_sign(check):<14} {check['name']:<{wide}}  {check['evidence']}" for check in draft["checks"])


def _when(draft: Mapping[str, Any], zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(str(draft["as_of"])).astimezone(zone)
    period = _period(draft["period_start"], draft["period"], zone)
    return f"As of {day(local, year=True)} {time(local)}, in {period}; took {number(draft['elapsed_ms'])} ms"


def _period(start: str, grain: str, zone: ZoneInfo) -> str:
    begun = datetime.fromisoformat(start)
    return listed_period(begun if begun.tzinfo else begun.replace(tzinfo=zone), grain, zone)


def _has(values: list[Any]) -> bool:
    return any(value is not None for value in values)


def _sign(check: Mapping[str, str]) -> str:
    return f"{SIGNS[Verdict(check['verdict'])]} {check['verdict']}"


def _weight(check: Mapping[str, str]) -> str:
    return _WEIGHT.get(Verdict(check["verdict"]), "normal")
