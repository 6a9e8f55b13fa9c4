"""A metric's last values as a small picture: where everything stands in a box, and that box as an SVG.

The box is 1000 wide and 100 high; x grows with time, the newest period is at the right edge, y grows downwards. Whoever draws
stretches it, so the cockpit and a notebook show the same picture. Values may be of any size; one that is not finite is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from math import frexp, inf, isfinite

WIDTH, HEIGHT = 1000, 100
COLOURS = {"red": "#e0364a", "amber": "#b97a0c", "grey": "#7d858f", "green": "#2f8f5b"}
"""One per status, each at least 3 to 1 against a white and against a dark page."""

_TOP, _BOTTOM = 4, 96  # a stroke on the edge would be cut in half
_STRETCH = 2.2
"""A threshold that would stretch the values' range further than this is left out: it would flatten the line."""

_Number = float | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """A drawing in the box; every coordinate is a whole number inside it.

    Attributes
    ----------
    line, older
        Paths of the values of the present meaning and of the one before, broken at gaps; a value between two gaps is a segment
        without length, which round caps make a dot. Empty where there is nothing to draw.
    cut
        x between the two; None where all values have one meaning.
    failed
        x of every failed period.
    norm, alert
        y of the threshold; None where there is none, or where it would stretch the values' range more than 2.2 times.
    band
        y of mean + sd and of mean - sd, clipped to the box; None where there is no band or all of it lies outside.
    last
        x and y of the newest value; None without values.
    """

    line: str
    older: str
    cut: int | None
    failed: tuple[int, ...]
    norm: int | None
    alert: int | None
    band: tuple[int, int] | None
    last: tuple[int, int] | None


def sparkline_of(
    values: Sequence[_Number | None],
    *,
    older: int = 0,
    failed: Sequence[int] = (),
    norm: _Number | None = None,
    alert: _Number | None = None,
    mean: _Number | None = None,
    sd: _Number | None = None,
) -> Sparkline:
    """The drawing of some periods, one place on the x axis for each.

    Parameters
    ----------
    values
        Oldest first, in the metric's unit; None: no value.
    older
        How many at the beginning have the meaning before; 0 to `len(values)`.
    failed
        Indices into `values`.
    norm, alert, mean, sd
        In the metric's unit; None: there is none.

    >>> drawing = sparkline_of([1, 3, None, 2], alert=4)
    >>> drawing.line, drawing.alert, drawing.last
    ('M0 96L333 35M1000 65h0', 4, (1000, 65))
    """
    points = [_finite(value) for value in values]
    thresholds = [_finite(threshold) for threshold in (norm, alert)]
    known = [point for point in points if point is not None]
    if known:
        place, drawn = _scale(known, thresholds)
    else:
        place, drawn = (lambda _: inf), [False, False]
    xs = [_x(at, len(points)) for at in range(len(points))]
    placed = [None if y is None else (x, round(place(y))) for x, y in zip(xs, points, strict=True)]
    norm_y, alert_y = (
        round(place(each)) if shown and each is not None else None for each, shown in zip(thresholds, drawn, strict=True)
    )
    return Sparkline(
        line=_path(placed[older:]),
        older=_path(placed[:older]),
        cut=_x(older - 0.5, len(points)) if older else None,
        failed=tuple(xs[at] for at in failed),
        norm=norm_y,
        alert=alert_y,
        band=_band(_finite(mean), _finite(sd), place),
        last=next((point for point in reversed(placed) if point is not None), None),
    )


def svg(drawing: Sparkline, *, status: str, width: int = 160, height: int = 32) -> str:
    """The drawing as one inline SVG of `width` by `height` pixels, for a light and a dark page.

    It needs no style sheet and holds no text, so readers of the screen are not told of it: the words stand beside it.

    Parameters
    ----------
    status
        A key of `COLOURS`: the colour of the newest value's dot.
    """
    return "".join(_svg_parts(drawing, COLOURS[status], width, height))


def _scale(known: Sequence[float], thresholds: Sequence[float | None]) -> tuple[Callable[[float], float], list[bool]]:
    """Where a number stands (y, not clipped, never NaN), and which thresholds are in the picture."""
    # Brought to a half at most by powers of two, the difference of any two of these is a double again.
    exponent = -frexp(max(map(abs, known)))[1] - 1
    first, second = 2.0 ** (exponent // 2), 2.0 ** (exponent - exponent // 2)

    def sized(number: float) -> float:
        return number * first * second

    low, high = sized(min(known)), sized(max(known))
    limits = [None if threshold is None else sized(threshold) for threshold in thresholds]
    drawn = [each is not None and max(high, each) - min(low, each) <= _STRETCH * (high - low) for each in limits]
    shown = [each for each, is_drawn in zip(limits, drawn, strict=True) if is_drawn and each is not None]
    low, high = min([low, *shown]), max([high, *shown])

    def place(number: float) -> float:
        at = sized(number)
        if low == high:
            return (_TOP + _BOTTOM) / 2 if at == high else -inf if at > high else inf
        return _TOP + (high - at) / (high - low) * (_BOTTOM - _TOP)

    return place, drawn


def _band(mean: float | None, sd: float | None, place: Callable[[float], float]) -> tuple[int, int] | None:
    if mean is None or sd is None:
        return None
    upper, lower = place(mean + sd), place(mean - sd)
    if lower < 0 or upper > HEIGHT:
        return None
    return round(max(upper, 0)), round(min(lower, HEIGHT))


def _finite(value: _Number | None) -> float | None:
    number = None if value is None else float(value)
    return number if number is not None and isfinite(number) else None


def _x(at: float, periods: int) -> int:
    return min(WIDTH, round(WIDTH * at / (periods - 1))) if periods > 1 else WIDTH


def _path(placed: Sequence[tuple[int, int] | None]) -> str:
    return "".join(_strokes(placed))


def _strokes(placed: Sequence[tuple[int, int] | None]) -> Iterator[str]:
    for is_gap, run in groupby(placed, lambda point: point is None):
        if is_gap:
            continue
        first, *others = (f"{point[0]} {point[1]}" for point in run if point is not None)
        yield f"M{first}L{' '.join(others)}" if others else f"M{first}h0"


def _svg_parts(drawing: Sparkline, colour: str, width: int, height: int) -> Iterator[str]:
    margin_x, margin_y = round(4 * WIDTH / width), round(4 * HEIGHT / height)  # room for half of the dot
    yield (
        f'<svg aria-hidden="true" width="{width}" height="{height}" preserveAspectRatio="none" '
        f'viewBox="{-margin_x} {-margin_y} {WIDTH + 2 * margin_x} {HEIGHT + 2 * margin_y}">'
    )
    if drawing.band is not None:
        upper, lower = drawing.band
        yield f'<rect x="0" y="{upper}" width="{WIDTH}" height="{lower - upper}" fill="currentColor" opacity="0.12"/>'
    if drawing.norm is not None:
        yield _stroke(f"M0 {drawing.norm}H{WIDTH}", COLOURS["amber"], 1, 'stroke-dasharray="4 3"')
    if drawing.alert is not None:
        yield _stroke(f"M0 {drawing.alert}H{WIDTH}", COLOURS["red"], 1)
    if drawing.cut is not None:
        yield _stroke(f"M{drawing.cut} 0V{HEIGHT}", "currentColor", 1, 'stroke-dasharray="1 3"')
    if drawing.failed:
        yield _stroke("".join(f"M{x} {HEIGHT}v-16" for x in drawing.failed), "currentColor", 1)
    if drawing.older:
        yield _stroke(drawing.older, "currentColor", 1.25, 'opacity="0.45"')
    if drawing.line:
        yield _stroke(drawing.line, "currentColor", 1.25)
    if drawing.last is not None:
        x, y = drawing.last
        yield _stroke(f"M{x} {y}h0", colour, 6)
    yield "</svg>"


def _stroke(path: str, colour: str, thickness: float, more: str = "") -> str:
    look = 'fill="none" stroke-linecap="round" stroke-linejoin="round" vector-effect="non-scaling-stroke"'
    return f'<path d="{path}" stroke="{colour}" stroke-width="{thickness}" {look}{" " if more else ""}{more}/>'
