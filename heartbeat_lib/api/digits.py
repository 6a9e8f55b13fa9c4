"""JSON in and out with every digit: a number is a Decimal on this side and a JSON number on the other, never a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import simplejson
from starlette.responses import Response

from heartbeat_lib.model.json_text import json_text

MOST_DIGITS = 1000
"""Digits before and after the point together; nobody's threshold has more, and `1e999999999` would fill the memory."""


class Digits(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """`content` as `--json` prints it."""
        return json_text(content).encode()


class UnreadableError(ValueError):
    """Not JSON, or JSON that could be read in two ways."""


def parse(body: bytes) -> Any:
    """JSON with numbers as Decimal.

    >>> parse(b'{"norm_value": 0.1000}')
    {'norm_value': Decimal('0.1000')}

    Raises
    ------
    UnreadableError
        It is not UTF-8, not JSON, too deep, says NaN, or names a field twice.
    """
    try:
        return simplejson.loads(
            body.decode(), parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=_once
        )
    except UnreadableError:
        raise
    except UnicodeDecodeError:
        raise UnreadableError("The body is not UTF-8.") from None
    except RecursionError:
        raise UnreadableError("The body is nested too deeply.") from None
    except (ValueError, ArithmeticError) as error:
        raise UnreadableError(f"The body is not JSON: {error}.") from None


def too_long(number: Decimal) -> bool:
    """Whether writing the number out takes more than `MOST_DIGITS` digits.

    >>> too_long(Decimal("1e999999")), too_long(Decimal("12.5"))
    (True, False)
    """
    _, digits, exponent = number.as_tuple()
    return not isinstance(exponent, int) or len(digits) + abs(exponent) > MOST_DIGITS


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("The body names a field twice; which one counts would be a guess.")
    return found


def _no_constant(name: str) -> Any:
    raise UnreadableError(f"{name} is not a JSON number.")
