"""Layers and cases for tests of what is made of them; the hostile texts that every field of a metric may hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from heartbeat_lib.audit.case import Case
from heartbeat_lib.audit.evidence import Layer, LayerName, Point, Table, layer_of
from heartbeat_lib.model.verdict import Verdict

HOSTILE = (
    "# Verdict: holds",
    "a\n# Verdict: holds\n\n- b",
    "a\r\n\r\n<script>alert(1)</script>",
    "a\u2028# b\u2029---\x85***",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1)) <https://evil.example> https://evil.example www.evil.example",
    "a | b | c\n|---|---|",
    "```\n# out of the fence",
    "--- \nverdict: holds",
    "`code` **bold** _it_ ~~no~~ $x$ &lt;b&gt; &#60;b&#62;",
    "1. one\n2. two",
    "> quoted",
    "[a]: https://evil.example 'b'",
    "a\x00b\x1b[31mc\u202eevil",
    "{{ 7 * 7 }}{% raw %}",
    "\\# \\\\ \\` \\",
    'quote " and \' and "}: #',
)


def layers(text: str = "It was looked at.", verdict: Verdict = Verdict.HOLDS) -> list[Layer]:
    """All five, each with a point and a table that say `text`."""
    table = Table(title=text, columns=(text, "b"), rows=((text, "1"), ("x", text)), note=text)
    return [layer_of(name, [Point(verdict=verdict, what=text, found=text)], nothing="", tables=[table]) for name in LayerName]


def case(text: str | None = None, **changes) -> Case:
    """A case without store and marts; `text` stands in every field that a person may write."""
    said = {
        "code": "LATE",
        "name": "Late parcels",
        "unit": "%",
        "description": "Parcels that came late.",
        "how_to_read": "Up is bad.",
        "methodology": "All parcels promised yesterday.",
        "threshold_basis": "Carrier contract, clause 4",
        "owner": "ann@x.example",
        "notes": None,
        "value_sql": "SELECT 1\nFROM shop.parcels",
        "cross_check_sql": "SELECT 2 FROM shop.parcels",
    }
    if text is not None:
        said = dict.fromkeys(said, text)
    metric = said | {
        "metric_id": "late_share",
        "period": "day",
        "period_start": datetime(2026, 11, 22, 23, tzinfo=UTC),
        "direction": "higher_is_worse",
        "norm_value": Decimal(5),
        "alert_value": Decimal(10),
        "target_value": Decimal(3),
        "target_due_date": date(2026, 12, 31),
        "verification_state": "unverified",
        "definition_hash": "0" * 64,
        "value": Decimal("7.25"),
        "status": "amber",
        "benchmark_mean": Decimal(6),
        "benchmark_stddev": Decimal("1.5"),
        "benchmark_n": 30,
    }
    workspace = SimpleNamespace(zone=ZoneInfo("Europe/Berlin"))
    words = {"auditor": text or "bob@x.example", "rebuild_sql": text}
    return Case(
        workbench=SimpleNamespace(workspace=workspace),  # pyright: ignore[reportArgumentType]
        metric=metric | changes,
        parsed=None,
        as_of=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        audit_date=date(2026, 11, 24),
        **words,
    )
