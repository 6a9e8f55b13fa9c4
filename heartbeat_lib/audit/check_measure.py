"""What is worked out of the rows: aggregate, numerator and denominator, unit; by the texts and by the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from heartbeat_lib.audit.check_windows import FIELDS
from heartbeat_lib.audit.claims import Claims, stems
from heartbeat_lib.audit.evidence import Point
from heartbeat_lib.model.anatomy.anatomy import Anatomy
from heartbeat_lib.model.verdict import Verdict

_CURRENCIES = ("EUR", "CZK", "USD", "GBP", "CHF", "JPY")
_TIMES = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_PERCENT = ("%", "percent", "per cent", "pct")

Values = Callable[[], Sequence[float]]
"""The values of some recent instants, without those that are none; empty where they cannot be had."""


def measure_points(anatomy: Anatomy, claims: Claims, unit: str | None, recent: Values) -> Iterator[Point]:
    """Points on aggregate, quotient and unit."""
    yield from _aggregate(anatomy, claims)
    yield from _quotient(anatomy, claims)
    yield _unit(anatomy, claims, unit, recent)


def _aggregate(anatomy: Anatomy, claims: Claims) -> Iterator[Point]:
    has = set(anatomy.aggregates)
    if anatomy.ratio is not None or anatomy.divisors:
        has.add("average")
    if has & {"distinct", "sum"} and anatomy.factors | {1.0}:
        has |= {"count"} if "distinct" in has else set()
    held = []
    for name in dict.fromkeys(word.stands_for for word in claims.aggregates):
        word = next(word for word in claims.aggregates if word.stands_for == name)
        if name in has:
            held.append(f"“{word.quoted}”")
        else:
            does = ", ".join(anatomy.aggregates) or "no aggregate"
            found = f"{FIELDS[word.field]} says “{word.quoted}”, and the SQL does not take the {name}; it takes: {does}."
            yield Point(verdict=Verdict.DOUBTFUL, what="Aggregate", found=found[0].upper() + found[1:])
    if "median" in anatomy.aggregates and not any(word.stands_for == "median" for word in claims.aggregates):
        found = "The SQL takes a median, and no text says so."
        yield Point(verdict=Verdict.DOUBTFUL, what="Aggregate", found=found)
    elif held:
        found = f"The SQL works out {', '.join(anatomy.aggregates)}; the texts say {' and '.join(held)}."
        yield Point(verdict=Verdict.HOLDS, what="Aggregate", found=found)


def _quotient(anatomy: Anatomy, claims: Claims) -> Iterator[Point]:
    what = "Numerator and denominator"
    if anatomy.ratio is None:
        if claims.shares and "average" not in anatomy.aggregates:
            word = claims.shares[0]
            found = f"{FIELDS[word.field]} says “{word.quoted}”, and the SQL divides nothing by a number of rows or a sum."
            yield Point(verdict=Verdict.DOUBTFUL, what=what, found=found[0].upper() + found[1:])
        return
    above, below = anatomy.ratio
    if claims.shares:
        said = ", ".join(dict.fromkeys(f"“{word.quoted}”" for word in claims.shares))
        yield Point(verdict=Verdict.HOLDS, what=what, found=f"The SQL divides {above} by {below}; the texts say {said}.")
    else:
        yield Point(
            verdict=Verdict.DOUBTFUL, what=what, found=f"The SQL divides {above} by {below}, and no text speaks of a share."
        )


def _unit(anatomy: Anatomy, claims: Claims, unit: str | None, recent: Values) -> Point:
    def point(verdict: Verdict, found: str) -> Point:
        return Point(verdict=verdict, what="Unit", found=found)

    if not unit or not unit.strip():
        return point(Verdict.NOT_EXAMINED, "The metric names no unit.")
    if unit.lower() in _PERCENT:
        return _percent(anatomy, unit, recent, point)
    said = {float(word.stands_for): word for word in claims.factors}
    for factor, name in ((1000.0, "per thousand"), (100.0, "per hundred")):
        if factor in anatomy.factors and factor not in said:
            return point(
                Verdict.DOUBTFUL, f"The SQL multiplies by {factor:g}, and neither the unit “{unit}” nor a text says {name}."
            )
        if factor == 1000.0 and factor in said and anatomy.ratio is not None and factor not in anatomy.factors:
            return point(Verdict.DOUBTFUL, f"The texts say “{said[factor].quoted}”, and the SQL does not multiply by {factor:g}.")
    if unit.lower() in _TIMES and not {"count", "distinct"} & set(anatomy.aggregates):
        return _time(anatomy, unit, point)
    if unit.upper() in _CURRENCIES:
        return _money(anatomy, unit, point)
    counted = {"count", "distinct"} & set(anatomy.aggregates)
    stem = stems(unit.lower())[0]
    if counted and (claims.names(unit) or any(stem in table.lower() for table in anatomy.tables)):
        per = [word.quoted for factor, word in said.items() if factor in anatomy.factors]
        return point(Verdict.HOLDS, f"The SQL counts{f' ({per[0]})' if per else ''}, and the unit is {unit}.")
    return point(Verdict.NOT_EXAMINED, f"Whether the value is in “{unit}” cannot be read out of the SQL.")


def _percent(anatomy: Anatomy, unit: str, recent: Values, point: Callable[[Verdict, str], Point]) -> Point:
    if 100.0 in anatomy.factors:
        return point(Verdict.HOLDS, f"The unit is {unit}, and the SQL multiplies by 100.")
    other = next((factor for factor in sorted(anatomy.factors) if factor >= 10), None)
    values = recent()
    small = bool(values) and all(0 <= value <= 1 for value in values) and any(values)
    seen = f" Its recent values lie between {min(values):.4g} and {max(values):.4g}." if values else ""
    if other is not None:
        return point(Verdict.DOUBTFUL, f"The unit is {unit}, and the SQL multiplies by {other:g}, not by 100.{seen}")
    if anatomy.ratio is not None or small:
        return point(
            Verdict.DOUBTFUL, f"The unit is {unit}, and the SQL gives a share between 0 and 1: it does not multiply by 100.{seen}"
        )
    return point(Verdict.NOT_EXAMINED, f"The unit is {unit}, and the SQL neither divides nor multiplies.{seen}")


def _time(anatomy: Anatomy, unit: str, point: Callable[[Verdict, str], Point]) -> Point:
    size = _TIMES[unit.lower()]
    if "seconds" in anatomy.elapsed:
        divisor = next((number for number in anatomy.divisors if number in _TIMES.values()), 1)
        name = next(name for name, seconds in _TIMES.items() if seconds == divisor)
        verdict = Verdict.HOLDS if divisor == size else Verdict.DOUBTFUL
        return point(verdict, f"The SQL takes a time between two instants in {name}, and the unit is {unit}.")
    if anatomy.elapsed:
        (name, *others) = sorted(anatomy.elapsed)
        if not others and not anatomy.divisors and not anatomy.factors:
            verdict = Verdict.HOLDS if name == unit.lower() else Verdict.DOUBTFUL
            return point(verdict, f"The SQL takes a time between two dates in {name}, and the unit is {unit}.")
    return point(Verdict.NOT_EXAMINED, f"Whether the value is in {unit} cannot be read out of the SQL.")


def _money(anatomy: Anatomy, unit: str, point: Callable[[Verdict, str], Point]) -> Point:
    named = {column: end for column in anatomy.measured if (end := column.rpartition("_")[2].upper()) in _CURRENCIES}
    wrong = [column for column, currency in named.items() if currency != unit.upper()]
    if wrong:
        return point(Verdict.DOUBTFUL, f"The unit is {unit}, and the SQL works with {', '.join(wrong)}.")
    if not anatomy.measured:
        return point(
            Verdict.DOUBTFUL, f"The unit is {unit}, and the SQL adds up no amount: it takes {', '.join(anatomy.aggregates)}."
        )
    taken = {value.upper() for found in anatomy.conditions for value in found.values if not found.negated}
    if named:
        return point(Verdict.HOLDS, f"The unit is {unit}, and the SQL works with {', '.join(named)}.")
    if unit.upper() in taken:
        return point(Verdict.HOLDS, f"The unit is {unit}, and the SQL takes only rows in {unit}.")
    if other := taken & set(_CURRENCIES):
        return point(Verdict.DOUBTFUL, f"The unit is {unit}, and the SQL takes only rows in {', '.join(sorted(other))}.")
    return point(Verdict.NOT_EXAMINED, f"In which currency {', '.join(anatomy.measured)} is cannot be read out of the SQL.")
