"""Codes of four signs: out of the id, and free."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.model.code import codes_mentioned, free_code
from heartbeat_lib.model.metric import CODE, METRIC_ID


def test_a_code_is_read_out_of_the_id():
    assert free_code("payments_today", set()) == "PAYM"


def test_a_taken_code_is_passed_over_for_the_next_letter():
    assert free_code("payments_today", {"PAYM"}) == "PAYE"


def test_an_id_of_three_letters_gets_a_number():
    assert free_code("gmv", {"GM00"}) == "GM01"


def test_an_id_whose_letters_and_numbers_are_all_taken_gets_some_code_that_is_free():
    taken = {f"GM{number:02d}" for number in range(100)}
    code = free_code("gmv", taken)
    assert CODE.fullmatch(code)
    assert code not in taken


@given(st.from_regex(METRIC_ID, fullmatch=True), st.sets(st.from_regex(CODE, fullmatch=True), max_size=20))
def test_a_code_has_the_form_of_one_and_is_not_taken(metric_id, taken):
    code = free_code(metric_id, taken)
    assert CODE.fullmatch(code)
    assert code not in taken


@pytest.mark.parametrize(("text", "codes"), [("VALUES ('PAYD', 'day')", {"PAYD"}), ("-- PAYD 'payd' 'PAYDS'", set())])
def test_a_file_mentions_its_code_in_quotes(text, codes):
    assert codes_mentioned(text) == codes
