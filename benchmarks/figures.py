"""What the benchmarks share: timing two ways in turn, printing a figure as it comes, and whether limits are kept.

A figure compares a bare way (what the engine alone needs) with Heartbeat's, measured in the same run on the same machine, so
that the ratio means something anywhere. Medians; the machine is noisy.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a table. Seconds are medians; `ratio` is the median of the pairs' ratios, ours to bare."""

    case: str
    bare_s: float
    ours_s: float
    ratio: float
    limit: float | None = None
    remark: str = ""

    @property
    def verdict(self) -> str:
        """The limit and whether the ratio keeps it."""
        if self.limit is None:
            return "none"
        return f"{self.limit:.2f} {'kept' if self.ratio <= self.limit else 'MISSED'}"


Measure = Callable[[bool], Iterator[Figure]]
"""All figures of one benchmark; the argument asks for a quick look."""


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def figure(case: str, pairs: Iterable[tuple[float, float]], *, limit: float | None = None, remark: str = "") -> Figure:
    """A figure from pairs of (bare, ours) seconds."""
    pairs = list(pairs)
    return Figure(
        case=case,
        bare_s=statistics.median(bare for bare, _ in pairs),
        ours_s=statistics.median(ours for _, ours in pairs),
        ratio=statistics.median(ours / bare for bare, ours in pairs),
        limit=limit,
        remark=remark,
    )


def shown(figures: Iterable[Figure]) -> Iterator[Figure]:
    """The figures, each printed as it comes."""
    print(f"{'':<38}{'bare s':>9} {'ours s':>9} {'ratio':>7}   {'limit':<12} remark", flush=True)
    for one in figures:
        print(
            f"{one.case:<38}{one.bare_s:>9.3f} {one.ours_s:>9.3f} {one.ratio:>7.2f}   {one.verdict:<12} {one.remark}", flush=True
        )
        yield one


def main(measure: Measure, doc: str | None) -> None:
    """The command line of one benchmark: exits 1 where a limit is missed."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="fewer rounds and the smaller cases: a look, not a measurement")
    kept = [one.limit is None or one.ratio <= one.limit for one in shown(measure(options.parse_args().quick))]
    sys.exit(0 if all(kept) else 1)
