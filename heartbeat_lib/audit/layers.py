"""The five layers as an audit asks them: each by itself, so that one which breaks says so and takes no other with it.

What a layer raises, whatever it is, becomes its finding: not examined, and why. The surprise: nothing is raised from here, not
even by a defect of ours, because an audit that stops half-way would say nothing about the rest.
"""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from heartbeat_lib.audit.case import Case
from heartbeat_lib.audit.evidence import Layer, LayerName, broken_layer

if TYPE_CHECKING:
    from heartbeat_lib.audit.past import Recomputed


def methodology(case: Case) -> Layer:
    """What the texts claim beside what the SQL does."""
    return _looked(LayerName.METHODOLOGY, "methodology", case, story=case.story)


def source(case: Case) -> Layer:
    """How fresh and whole the live source is, asked of the marts."""
    return _looked(LayerName.SOURCE, "source", case)


def rebuild(case: Case, *, other: Decimal | float | None = None) -> Layer:
    """Our number beside every other road to it.

    Parameters
    ----------
    other
        What an analyst's own route in the notebook gave, in the metric's unit; None: there is none.
    """
    if other is None:
        return _looked(LayerName.REBUILD, "rebuild", case)
    from heartbeat_lib.audit.rebuild import Handed

    return _looked(LayerName.REBUILD, "rebuild", case, handed=Handed(value=_exact(other)))


def recompute(case: Case) -> Recomputed:
    """The settled past, computed again; `history` compares it and `conclude` keeps it."""
    from heartbeat_lib.audit import past

    try:
        return past.recompute(case)
    except Exception as error:
        return past.Recomputed(case=case, error=str(error) or type(error).__name__)


def history(case: Case, recomputed: Recomputed | None = None) -> Layer:
    """Stored settled periods beside what they say when computed again as of then; `recomputed` None: they are computed here."""
    return _looked(LayerName.HISTORY, "past", case, recomputed=recomputed or recompute(case))


def action(case: Case) -> Layer:
    """What red means, who acts on it, and how often it was red."""
    return _looked(LayerName.ACTION, "action", case)


def _looked(name: LayerName, module: str, case: Case, **more: Any) -> Layer:
    try:
        return import_module(f"heartbeat_lib.audit.{module}").examine(case, **more)
    except Exception as error:
        return broken_layer(name, str(error) or type(error).__name__)


def _exact(value: Decimal | float) -> Decimal:
    """Also of numpy's numbers, which are what a data frame gives."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def ready() -> None:
    """Import everything that an audit needs, so that a kernel started ahead has it when its turn comes."""
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    for module in ("methodology", "source", "rebuild", "past", "action", "asked", "write"):
        import_module(f"heartbeat_lib.audit.{module}")
