"""The report of one audit: Markdown for an owner who knows no SQL, verdict on top, evidence below.

Front matter is for machines, all else for people. Every value that the template shows is escaped, whatever it is; only what is
`Raw` is Markdown already. Nothing is read or written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from heartbeat_lib.audit.evidence import HEADLINES, Layer, LayerName
from heartbeat_lib.model.figures import Figures, figures_of
from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.model.markdown import escaped, fenced
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.verdict import SIGNS, Verdict

if TYPE_CHECKING:
    import jinja2

    from heartbeat_lib.audit.case import Case

VERSION = 1
"""Of the front matter and of the order of sections; a reader that knows another one may be wrong."""
TITLES = {
    LayerName.METHODOLOGY: "Methodology",
    LayerName.SOURCE: "Live source",
    LayerName.REBUILD: "Independent rebuild",
    LayerName.HISTORY: "History",
    LayerName.ACTION: "Red and action",
}
QUESTIONS = {
    LayerName.METHODOLOGY: "Does the SQL do what its texts say?",
    LayerName.SOURCE: "Is the data behind it fresh and whole?",
    LayerName.REBUILD: "Does another road lead to the same number?",
    LayerName.HISTORY: "Do past periods still say what they said?",
    LayerName.ACTION: "Does red mean what the business thinks, and who acts?",
}
_UNSEEN = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON may hold as it is and some readers take for the end of a line, or for a change of direction."""
_OUTCOMES = ("agrees", "wrong-number", "wrong-thresholds", "not-worth-keeping")


class Raw(str):
    """Text that is Markdown already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture beside the report: its file's name, and what it shows for those who cannot see it."""

    file: str
    words: str


def figures(metric: Mapping[str, Any]) -> Figures:
    """How this metric's values are written, as the cockpit does."""
    return figures_of(
        metric["unit"],
        norm=metric["norm_value"],
        alert=metric["alert_value"],
        value=metric["value"],
        sd=metric.get("benchmark_stddev"),
    )


def text(
    case: Case, layers: Sequence[Layer], verdict: Verdict, *, pictures: Sequence[Picture] = (), notebook: str | None = None
) -> str:
    """The whole report.

    Parameters
    ----------
    layers
        In the order in which they are told.
    verdict
        Over all of them; never `NOT_EXAMINED`.
    notebook
        The executed notebook, relative to the workspace; None: there is none.
    """
    told = [
        {
            "title": TITLES[layer.name],
            "question": QUESTIONS[layer.name],
            "verdict": layer.verdict.value,
            "why": layer.why,
            "points": layer.points,
            "tables": layer.tables,
        }
        for layer in layers
    ]
    return _template().render(
        version=VERSION,
        metric=case.metric,
        audit_date=case.audit_date.isoformat(),
        as_of=case.as_of.isoformat(),
        as_of_words=f"{case.as_of.astimezone(case.workbench.workspace.zone):%Y-%m-%d %H:%M:%S %Z}",
        auditor=case.auditor,
        verdict=verdict.value,
        headline=HEADLINES[verdict],
        sign=SIGNS[verdict],
        summary=_summary(layers),
        layer_verdicts={layer.name.value: layer.verdict.value for layer in layers},
        layers=told,
        facts=list(_facts(case)),
        pictures=pictures,
        blocks=list(_blocks(case)),
        notebook=notebook,
        answers=Raw(
            fenced("\n".join(f'heartbeat review {case.metric_id} --outcome {outcome} --why "..."' for outcome in _OUTCOMES))
        ),
    )


def _summary(layers: Sequence[Layer]) -> str:
    """Which layers speak against the number, and which could not speak at all."""
    of = {verdict: ", ".join(TITLES[layer.name].lower() for layer in layers if layer.verdict is verdict) for verdict in Verdict}
    words = {Verdict.FAILS: "Found wrong", Verdict.DOUBTFUL: "To be looked at"}
    told = [f"{word}: {of[verdict]}." for verdict, word in words.items() if of[verdict]]
    if of[Verdict.NOT_EXAMINED]:
        told += [] if told else ["Nothing that was looked at speaks against it."]
        told.append(f"Not examined, which never counts as a pass: {of[Verdict.NOT_EXAMINED]}.")
    return " ".join(told) or "Every layer holds."


def _facts(case: Case) -> Iterator[tuple[str, str]]:
    metric, told = case.metric, figures(case.metric)
    zone = case.workbench.workspace.zone
    shown = "no value yet" if metric["value"] is None else told.with_unit(metric["value"])
    yield "On the tile", f"{shown}, {metric['status']}"
    if metric["period_start"] is not None:
        yield "Period", f"{metric['period']} {period_at(metric['period_start'], Grain(metric['period']), zone).label(zone)}"
    if metric["description"]:
        yield "What it counts", metric["description"]
    if metric["how_to_read"]:
        yield "How to read it", metric["how_to_read"]
    worse = {"higher_is_worse": "higher is worse", "lower_is_worse": "lower is worse"}.get(metric["direction"])
    for name, column in (("Amber from", "norm_value"), ("Red from", "alert_value")):
        words = "no threshold" if metric[column] is None else told.with_unit(metric[column])
        yield name, f"{words} ({worse})" if worse and metric[column] is not None else words
    yield "Where they come from", metric["threshold_basis"] or "nobody said"
    if metric["target_value"] is not None:
        due = f", by {metric['target_due_date']}" if metric["target_due_date"] else ""
        yield "Target", f"{told.with_unit(metric['target_value'])}{due}"
    normal = told.band(metric.get("benchmark_mean"), metric.get("benchmark_stddev"))
    if normal:
        yield "Normal looks like", f"{normal} (information only)"
    yield "Owner", metric["owner"] or "nobody"
    yield "Trust", metric["verification_state"]


def _blocks(case: Case) -> Iterator[tuple[str, Raw]]:
    for title, sql in (
        ("What computes the number", case.metric["value_sql"]),
        ("The second road in its file", case.metric.get("cross_check_sql")),
        ("The second road of this audit", case.rebuild_sql),
    ):
        if sql:
            yield title, Raw(fenced(cleandoc(sql), "sql"))


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("heartbeat_lib.audit"),
        finalize=_shown,
        autoescape=False,  # for HTML; Markdown is escaped by `finalize`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["json"] = lambda value: Raw(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text(value)))
    return environment.get_template("report.md.j2")


def _shown(value: object) -> str:
    return value if isinstance(value, Raw) else escaped(str(value))
