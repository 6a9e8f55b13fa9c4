"""The batch form of a query: many instants in one statement, the query as a scalar subquery beside each.

Each clock becomes a column of a list of instants, and the list holds the very constants that pinning would put in the
clock's place; all else of the text stays byte for byte. The surprise: no name of the list may be one that the query could
mean, because inside a subquery a column that no table has is looked for outside. So its names are made of a word that the
text does not contain.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from heartbeat_lib.model.dialect import ClockKind, Dialect, lower_ascii

_WORD = "heartbeat_instants"


def one_row_per_instant(
    pieces: Sequence[str], kinds: Sequence[ClockKind], dialect: Dialect, instants: Sequence[datetime], zone: ZoneInfo
) -> str:
    """A SELECT of two columns: the number of the instant, from 0, and what the query says as of it.

    No row of the query gives NULL, more than one is the engine's error. A query that the engine cannot read as a subquery
    fails as a whole: whoever asks must be ready to ask one by one.

    Parameters
    ----------
    pieces, kinds
        The query around its clocks, without a `;` at the end, and the kind of each clock.
    instants
        Aware; at least one.
    """
    alias = _free_name("".join(pieces))
    distinct = list(dict.fromkeys(kinds))
    columns = {kind: f"{alias}_{kind}" for kind in distinct}
    query = "".join(_between(pieces, [f"{alias}.{columns[kind]}" for kind in kinds]))
    rows = ",\n".join(
        f"({', '.join([str(number), *(dialect.clock_text(kind, instant, zone) for kind in distinct)])})"
        for number, instant in enumerate(instants)
    )
    names = ", ".join([f"{alias}_number", *columns.values()])
    # The line breaks end a comment that may stand at the query's end.
    return f"SELECT {alias}.{alias}_number, (\n{query}\n)\nFROM (VALUES\n{rows}\n) AS {alias}({names})"


def _free_name(text: str) -> str:
    taken = lower_ascii(text)
    return next(name for number in count() if (name := f"{_WORD}_{number}") not in taken)


def _between(pieces: Sequence[str], stand_ins: Sequence[str]) -> Iterator[str]:
    yield pieces[0]
    for stand_in, piece in zip(stand_ins, pieces[1:], strict=True):
        yield stand_in
        yield piece
