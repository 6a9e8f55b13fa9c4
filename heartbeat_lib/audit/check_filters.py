"""Filters: which rows count, by the texts and by the SQL; and columns and tables that only one side names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from heartbeat_lib.audit.check_windows import FIELDS
from heartbeat_lib.audit.claim_windows import N, U, amount_in_seconds
from heartbeat_lib.audit.claims import Claims, EventClaim
from heartbeat_lib.audit.evidence import Point
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Condition, Kind
from heartbeat_lib.model.verdict import Verdict

WHAT = "Filter"
_SAME = {"eur": ("euro", "euros", "€"), "czk": ("crown", "crowns"), "usd": ("dollar", "dollars", "$"), "gbp": ("pound", "£")}
_NUMBER_WORDS = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "10": "ten"}

HasValue = Callable[[str, str], bool | None]
"""Whether a column holds a value: (column, value) -> yes, no, or None where it cannot be asked."""
Nulls = Callable[[str], int | None]
"""How many rows have no value in a column; None where it cannot be asked."""


def filter_points(anatomy: Anatomy, claims: Claims, *, has_value: HasValue, nulls: Nulls) -> Iterator[Point]:
    """A point for each filter of the SQL, then for each that only a text has."""
    for condition in anatomy.conditions:
        point = _of_condition(condition, claims, anatomy, nulls)
        if point is not None:
            yield point
    yield from _unmet_events(anatomy, claims)
    yield from _unmet_values(anatomy, claims, has_value)


def name_points(anatomy: Anatomy, claims: Claims, known: frozenset[str]) -> Iterator[Point]:
    """Tables and columns that a text names and the SQL does not read, and tables that no text speaks of."""
    named = dict.fromkeys(word.stands_for for word in claims.tables)
    absent = [table for table in named if table not in anatomy.tables]
    for table in absent:
        found = f"A text names the table {table}, and the SQL does not read it: it reads {', '.join(anatomy.tables)}."
        yield Point(verdict=Verdict.DOUBTFUL, what="Tables", found=found)
    silent = [table for table in anatomy.tables if table not in named and not claims.names_column(table.partition(".")[2])]
    if silent and named:
        found = f"The SQL also reads {', '.join(silent)}, which no text speaks of."
        yield Point(verdict=Verdict.DOUBTFUL, what="Tables", found=found)
    elif named and not absent:
        yield Point(
            verdict=Verdict.HOLDS, what="Tables", found=f"The texts name what the SQL reads: {', '.join(anatomy.tables)}."
        )
    elif not named:
        yield Point(verdict=Verdict.NOT_EXAMINED, what="Tables", found="No text names a table as schema.table.")
    for name in dict.fromkeys(word.stands_for for word in claims.columns):
        if name not in anatomy.columns and (name in known or name.endswith(("_at", "_on", "_date"))):
            event = any(claim.column == name and claim.happened is None for claim in claims.events)
            if not event:
                where = "which the tables have" if name in known else "which no table read here has"
                found = f"A text names the column {name}, {where}, and the SQL does not use it."
                yield Point(verdict=Verdict.DOUBTFUL, what="Columns", found=found)


def _point(verdict: Verdict, found: str) -> Point:
    return Point(verdict=verdict, what=WHAT, found=found)


def _of_condition(condition: Condition, claims: Claims, anatomy: Anatomy, nulls: Nulls) -> Point | None:
    which = "counts only rows where" if condition.counted else "reads only rows where"
    match condition.kind:
        case Kind.WINDOW:
            return None
        case Kind.GUARD:
            return _guard(condition, claims, anatomy, nulls)
        case Kind.VALUE:
            return _value(condition, claims, which)
        case Kind.HAPPENED | Kind.NOT_HAPPENED:
            return _event(condition, claims, which)
        case Kind.DURATION:
            return _duration(condition, claims, which)
        case Kind.COMPARE:
            if any(claims.names_column(column) for column in condition.columns):
                found = f"The SQL {which} {condition.words}; whether the texts mean this comparison has to be read by a person."
                return _point(Verdict.NOT_EXAMINED, found)
            return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}, and no text names any of these columns.")
        case _:
            return _point(Verdict.NOT_EXAMINED, f"This condition of the SQL could not be put into words: {condition.words}")


def _guard(condition: Condition, claims: Claims, anatomy: Anatomy, nulls: Nulls) -> Point | None:
    (column,) = condition.columns
    if any(column in window.columns for window in anatomy.windows):
        return None
    if claims.names_column(column):
        return _point(Verdict.HOLDS, f"The SQL leaves out rows whose {column} lies after now; the texts speak of it.")
    empty = nulls(column)
    if empty is None:
        return _point(
            Verdict.NOT_EXAMINED, f"The SQL leaves out rows whose {column} is empty or lies after now; no text speaks of it."
        )
    if empty:
        return _point(Verdict.DOUBTFUL, f"The SQL leaves out {empty:,} rows without {column}, and no text says so.")
    return _point(Verdict.HOLDS, f"The SQL leaves out only rows whose {column} lies after now; every row has one.")


def _value(condition: Condition, claims: Claims, which: str) -> Point:
    missing = [value for value in condition.values if not _names_value(value, condition.columns[0], claims)]
    if missing:
        return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}, and no text says so.")
    if condition.negated != any(claims.excepts(condition.columns[0], value) for value in condition.values):
        side = "leaves out what the texts seem to take" if condition.negated else "takes what the texts seem to leave out"
        return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}: it {side}.")
    return _point(Verdict.HOLDS, f"The SQL {which} {condition.words}; the texts name this.")


def _names_value(value: str, column: str, claims: Claims) -> bool:
    if value in ("true", "false", ""):
        return claims.names_column(column)
    others = (*_SAME.get(value.lower(), ()), value.replace("_", " "), _NUMBER_WORDS.get(value, value))
    return any(claims.names(name) for name in (value, *others))


def _event(condition: Condition, claims: Claims, which: str) -> Point:
    (column,) = condition.columns
    wanted = condition.kind is Kind.HAPPENED
    about = [claim for claim in claims.events if claim.column == column]
    agreeing = [claim for claim in about if claim.happened is wanted]
    if any(claim.happened is None for claim in about) and not agreeing:
        return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}, but {_said(about[0])}.")
    if agreeing:
        return _point(Verdict.HOLDS, f"The SQL {which} {condition.words}; {_said(agreeing[0])}.")
    if about:
        return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}, but {_said(about[0])}.")
    if claims.names_column(column):
        return _point(
            Verdict.NOT_EXAMINED, f"The SQL {which} {condition.words}; the texts speak of {column}, but not in words known here."
        )
    return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}, and no text says so.")


def _duration(condition: Condition, claims: Claims, which: str) -> Point:
    said = [
        (match[0], amount_in_seconds(match[1], match[2]))
        for match in re.finditer(rf"\b{N} {U}\b", claims.everything, re.IGNORECASE)
    ]
    same = [words for words, seconds in said if seconds == condition.seconds]
    if same:
        return _point(Verdict.HOLDS, f"The SQL {which} {condition.words}; the texts say “{same[0]}”.")
    return _point(Verdict.DOUBTFUL, f"The SQL {which} {condition.words}, and no text names this length of time.")


def _said(claim: EventClaim) -> str:
    return f"{FIELDS[claim.field]} says “{claim.quoted}”"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _unmet_events(anatomy: Anatomy, claims: Claims) -> Iterator[Point]:
    seen: set[str] = set()
    for claim in claims.events:
        asked = [found for found in anatomy.conditions_on(claim.column) if found.kind is not Kind.COMPARE]
        if claim.column in seen:
            continue
        seen.add(claim.column)
        if claim.happened is None:
            if not asked:
                found = f"{_said(claim)}, and the SQL does not ask for {claim.column}."
                yield _point(Verdict.HOLDS, _sentence(found))
            elif all(found.kind in (Kind.GUARD, Kind.WINDOW) and not found.counted for found in asked):
                found = f"{_said(claim)}, but the SQL reads only rows where {asked[0].words}."
                yield _point(Verdict.DOUBTFUL, _sentence(found))
        elif not anatomy.conditions_on(claim.column) and claim.column not in anatomy.measured:
            found = f"{_said(claim)}, and the SQL does not ask for {claim.column}: this filter is missing."
            yield _point(Verdict.DOUBTFUL, _sentence(found))


def _unmet_values(anatomy: Anatomy, claims: Claims, has_value: HasValue) -> Iterator[Point]:
    for claim in claims.values:
        asked = [found for found in anatomy.conditions_on(claim.column) if found.kind is Kind.VALUE]
        taken = {value.lower() for found in asked for value in found.values}
        if any(candidate.lower() in taken for candidate in claim.candidates):
            continue  # told where the SQL's own filter is
        value = next((candidate for candidate in claim.candidates if has_value(claim.column, candidate)), None)
        if value is not None:
            told = f"the SQL takes {' and '.join(found.words for found in asked)}" if asked else ""
            told = told or f"the SQL does not ask for {claim.column}: this filter is missing"
            found = f"{FIELDS[claim.field]} asks for {claim.column} {value}, and {told}."
            yield _point(Verdict.DOUBTFUL, _sentence(found))
