"""The demo bank: the same again, nothing from the future, and no loose ends between its tables."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from heartbeat_lib.demo import cards
from heartbeat_lib.demo.bank import UntilWithoutZoneError, bank
from heartbeat_lib.demo.span import Span

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 11, 24)
# On which day a row belongs, for every table.
OWN_DAY = {
    "webbank.customers": "joined_on",
    "webbank.accounts": "applied_at",
    "webbank.payments": "created_at",
    "webbank.chargebacks": "received_at",
    "cards.cards": "issued_at",
    "cards.collateral_calls": "called_on",
    "cards.collateral_payments": "paid_at",
    "aml.alerts": "raised_at",
    "aml.cases": "opened_at",
    "fx.rates": "rate_on",
}


def serialized(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return sink.getvalue().to_pybytes()


def test_same_ending_gives_the_same_bytes(bank_of):
    """Two people who compare their demo screens see the same numbers."""
    first, second = bank_of(TUESDAY), bank(ending=TUESDAY, zone=BERLIN)
    for schema, tables in first.items():
        for name, rows in tables.items():
            assert serialized(rows) == serialized(second[schema][name]), f"{schema}.{name}"


@pytest.mark.parametrize("table", OWN_DAY)
def test_rows_of_a_day_do_not_depend_on_the_ending(marts_of, table):
    """Tomorrow's load brings tomorrow's rows and leaves history alone, so that a history already seen stays true."""
    # A summer month that both banks have whole, before anything is planted and after which everything is answered; only
    # renewals of papers, blocked cards and the debtor's unpaid months reach further.
    further = {"webbank.customers": "EXCLUDE (identity_renewed_at)", "cards.cards": "EXCLUDE (blocked_at)"}.get(table, "")
    debtor = f"AND call_id % 100000 <> {cards.BEHIND}" if "collateral" in table else ""
    when = f"CAST({OWN_DAY[table]} AS DATE) BETWEEN '2026-06-20' AND '2026-07-25' {debtor}"
    query = f"FROM {table} SELECT * {further} WHERE {when} ORDER BY ALL"
    later, earlier = (marts_of(TUESDAY - timedelta(days=days)).sql(query).to_arrow_table() for days in (0, 11))
    assert later.num_rows > 10
    assert earlier.equals(later)


def test_nothing_from_after_until_is_in_any_table(bank_of):
    """A cockpit at 9:17 must not show what happens at noon, in rows or in columns filled later."""
    until = datetime(2026, 11, 24, 8, 17, tzinfo=UTC)
    for schema, tables in bank_of(TUESDAY, until).items():
        for name, rows in tables.items():
            for field in rows.schema:
                if pa.types.is_timestamp(field.type):
                    latest = max(value for value in rows.column(field.name).cast(pa.int64()).to_numpy() if value == value)
                    assert latest <= until.timestamp() * 1e6, f"{schema}.{name}.{field.name}"
    morning, whole_day = (tables["webbank"]["payments"].num_rows for tables in (bank_of(TUESDAY, until), bank_of(TUESDAY)))
    assert 3_000 < whole_day - morning < 6_500


def test_until_after_the_ending_changes_nothing(bank_of):
    """The last microsecond of `ending` is the latest that counts."""
    later = bank_of(TUESDAY, datetime(2027, 1, 1, tzinfo=UTC))
    assert later["aml"]["alerts"].equals(bank_of(TUESDAY)["aml"]["alerts"])


def test_until_without_zone_is_refused():
    """A time without offset names no instant, and guessing one moves rows over midnight."""
    with pytest.raises(UntilWithoutZoneError, match="no offset"):
        bank(ending=TUESDAY, until=datetime.fromisoformat("2026-11-24 09:17"), zone=BERLIN)


@pytest.mark.parametrize(
    ("child", "key", "parent"),
    [
        ("webbank.accounts", "customer_id", "webbank.customers"),
        ("webbank.payments", "account_id", "webbank.accounts"),
        ("webbank.chargebacks", "payment_id", "webbank.payments"),
        ("cards.cards", "account_id", "webbank.accounts"),
        ("cards.collateral_payments", "call_id", "cards.collateral_calls"),
        ("aml.alerts", "customer_id", "webbank.customers"),
        ("aml.cases", "alert_id", "aml.alerts"),
    ],
)
def test_tables_join_without_orphans(marts_of, child, key, parent):
    """An audit that joins must neither find holes that nobody meant nor rows twice."""
    marts = marts_of(TUESDAY)
    assert marts.execute(f"FROM {child} ANTI JOIN {parent} USING ({key}) SELECT count(*)").fetchall() == [(0,)]
    assert marts.execute(f"FROM {parent} SELECT count(*) - count(DISTINCT {key})").fetchall() == [(0,)]


def test_about_a_million_payments_are_made_from_open_accounts(marts_of):
    """The demo is large enough to be believed, and a payment before its account was open would be a fault of ours."""
    query = """
        SELECT count(*), count(*) FILTER (WHERE a.opened_at < p.created_at)
        FROM webbank.payments AS p JOIN webbank.accounts AS a USING (account_id)
    """
    ((payments, from_open_accounts),) = marts_of(TUESDAY).execute(query).fetchall()
    assert 900_000 < payments < 1_100_000
    assert from_open_accounts == payments


def test_every_payment_lies_on_the_local_day_of_its_id(marts_of):
    """Days of 23 and 25 hours keep their payments."""
    query = """
        SELECT count(*), count(*) FILTER (WHERE strftime(created_at, '%Y%m%d') <> CAST(payment_id // 100000 AS VARCHAR))
        FROM webbank.payments WHERE created_at BETWEEN '2026-03-27' AND '2026-04-02' OR created_at > '2026-10-20'
    """
    for ending in (date(2026, 3, 29), date(2026, 10, 25)):
        ((payments, strays),) = marts_of(ending).execute(query).fetchall()
        assert payments > 10_000
        assert strays == 0


@pytest.mark.parametrize(
    ("zone", "ending"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("America/Sao_Paulo", date(2018, 11, 4)),
        ("Africa/Cairo", date(2024, 4, 26)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        ("Asia/Kolkata", date(2026, 3, 1)),
    ],
)
def test_wall_times_stay_on_their_day_where_clocks_change(zone, ending):
    """Skipped midnights and half-hour shifts are where wall times slip into the day before."""
    span = Span.until(ending, None, ZoneInfo(zone))
    hours = np.arange(0.0, 24.0, 0.25)
    instants = span.instants(np.full(len(hours), ending.toordinal()), hours)
    local = [datetime.fromtimestamp(us / 1e6, ZoneInfo(zone)) for us in instants.tolist()]
    assert {moment.date() for moment in local} == {ending}
    assert all(moment.hour + moment.minute / 60 >= hour for moment, hour in zip(local, hours, strict=True))


def test_weekends_are_quiet(marts_of):
    """A metric that compares a Sunday with a Friday must be seen to be wrong."""
    query = "SELECT count(*) FROM webbank.payments WHERE CAST(created_at AS DATE) = $day"
    friday, sunday = (marts_of(TUESDAY).execute(query, {"day": f"2026-11-{d}"}).fetchall()[0][0] for d in (20, 22))
    assert sunday < 0.5 * friday


@pytest.mark.parametrize("ending", [TUESDAY, date(2026, 11, 16), date(2027, 2, 15), date(2024, 2, 29)])
def test_one_client_has_left_exactly_four_calls_unpaid(ending):
    """The planted debtor is four months behind on every day, just after a due date and just before one."""
    span = Span.until(ending, None, BERLIN)
    paid = set(cards.collateral_payments(span).column("call_id").to_pylist())
    calls = cards.collateral_calls(span).to_pylist()
    unpaid = [
        call["amount_eur"]
        for call in calls
        if call["client_name"] == "Nordlicht Pay" and call["due_on"] < ending and call["call_id"] not in paid
    ]
    assert len(unpaid) == 4
    assert float(unpaid[-1]) > 1.15 * float(unpaid[0])


def test_the_package_costs_nothing_until_the_bank_is_made():
    """`heartbeat --help` must not wait for numpy and pyarrow."""
    program = "import sys, heartbeat_lib.demo; print(sorted({'numpy', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
