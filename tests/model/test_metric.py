"""Direction follows from two thresholds, and contradictions are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.model.metric import Direction, infer_direction

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3)


@given(norm=numbers, alert=numbers)
def test_two_different_thresholds_tell_the_direction(norm, alert):
    """alert beyond norm is where it gets worse."""
    if norm != alert:
        expected = Direction.HIGHER_IS_WORSE if alert > norm else Direction.LOWER_IS_WORSE
        assert infer_direction(norm, alert, None) == expected


@given(norm=numbers, alert=numbers, written=st.sampled_from(list(Direction)))
def test_a_written_direction_holds_or_is_refused(norm, alert, written):
    """A file cannot say higher is worse and put red below amber."""
    contradicts = norm != alert and infer_direction(norm, alert, None) != written
    if contradicts:
        with pytest.raises(ValueError, match="direction says"):
            infer_direction(norm, alert, written)
    else:
        assert infer_direction(norm, alert, written) == written


@pytest.mark.parametrize(("norm", "alert"), [(Decimal(1), None), (None, Decimal(1)), (Decimal(1), Decimal(1))])
def test_thresholds_that_do_not_tell_need_a_written_direction(norm, alert):
    """One threshold, or two equal ones, could mean either."""
    with pytest.raises(ValueError, match="write direction"):
        infer_direction(norm, alert, None)


def test_without_thresholds_there_is_no_direction():
    """A metric may live without thresholds."""
    assert infer_direction(None, None, None) is None
