"""The batch form: the same text, the same constants, and no name that the query could mean."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.value_sql import ClockKind, parse_value_sql

BERLIN = ZoneInfo("Europe/Berlin")
AS_OF = datetime(2026, 3, 29, 21, 59, 59, 999999, tzinfo=UTC)
INSTANTS = [AS_OF, AS_OF + timedelta(days=1)]
BOTH = pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES], ids=lambda dialect: dialect.name)


@BOTH
def test_each_clock_becomes_a_column_of_the_constants_that_pinning_uses(dialect):
    """Day, instant and wall clock, to the microsecond, in the zone."""
    parsed = parse_value_sql("SELECT 1 WHERE current_date > now() AND localtimestamp < now()", dialect)
    kinds = (ClockKind.DAY, ClockKind.INSTANT, ClockKind.LOCAL)
    rows = ["(" + ", ".join([str(n), *(dialect.clock_text(k, t, BERLIN) for k in kinds)]) + ")" for n, t in enumerate(INSTANTS)]
    name = "heartbeat_instants_0"
    assert parsed.pinned_to_each(INSTANTS, BERLIN) == (
        f"SELECT {name}.{name}_number, (\n"
        f"SELECT 1 WHERE {name}.{name}_day > {name}.{name}_instant AND {name}.{name}_local < {name}.{name}_instant\n"
        f")\nFROM (VALUES\n{rows[0]},\n{rows[1]}\n) AS {name}({name}_number, {name}_day, {name}_instant, {name}_local)"
    )


@BOTH
def test_texts_comments_and_layout_stay_as_they_are(dialect):
    """Only the `;` that ends a statement goes; one in a text or a comment is no end."""
    text = "/* now(); */ SELECT  max(';' || 'current_date')\n FROM shop.t -- now();\n WHERE current_date > $$;$$ ; -- done"
    batch = parse_value_sql(text, dialect).pinned_to_each(INSTANTS, BERLIN)
    expected = text.replace("$$ ;", "$$  ").replace("WHERE current_date", "WHERE heartbeat_instants_0.heartbeat_instants_0_day")
    assert f"(\n{expected}\n)" in batch


def test_no_name_is_one_that_the_query_has():
    """Else a column of the query would be taken for the clock, or the other way round."""
    text = "SELECT max(HEARTBEAT_instants_0.x) FROM shop.t AS heartbeat_instants_0 WHERE heartbeat_instants_1 = current_date"
    batch = parse_value_sql(text, DUCKDB).pinned_to_each(INSTANTS, BERLIN)
    assert "WHERE heartbeat_instants_1 = heartbeat_instants_2.heartbeat_instants_2_day" in batch


def test_an_instant_without_offset_is_refused():
    """As pinning does."""
    with pytest.raises(ValueError, match="no offset"):
        parse_value_sql("SELECT 1 WHERE now() > now()", DUCKDB).pinned_to_each([AS_OF.replace(tzinfo=None)], BERLIN)
