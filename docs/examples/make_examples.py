"""Makes the reports of docs/examples/: a right metric, and four in which a fault was planted. Run it after bin/setup.

    .venv/bin/python docs/examples/make_examples.py

The demo bank ends on 24 November 2026, and the Czech bank with 1998; every number is as of a fixed instant, and the loads are
dated shortly before it, so the same code writes the same bytes. Without the Czech bank's data its reports stay as they are.
tests/audit/test_planted.py holds every fault of `PLANTED` to what it says here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from heartbeat_lib import compute, lifecycle
from heartbeat_lib.audit import layers
from heartbeat_lib.audit.case import open_case
from heartbeat_lib.audit.evidence import LayerName
from heartbeat_lib.audit.write import Audited, conclude
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace, create

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BERKA = ROOT.parent / "shared" / "data" / "berka"
METRICS = {"demo": ROOT / "db" / "metrics", "berka": ROOT / "tests" / "berka" / "metrics"}
ENDING = date(2026, 11, 24)
AS_OF = {"demo": datetime(2026, 11, 24, 11, tzinfo=UTC), "berka": datetime(1998, 12, 31, 11, tzinfo=UTC)}
AUDITOR = "demo@heartbeat.example"
_LOADED = timedelta(minutes=18)
"""Before the audited instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A metric of `bank` with a fault: `instead` stands in its value_sql where `right` stood; its texts stay.

    `layer` finds it and says every one of `words`. `codes` are the right one's and the twin's; `sources` likewise, where the
    fault reads more.
    """

    bank: str
    metric_id: str
    fault: str
    codes: tuple[str, str]
    right: str
    instead: str
    layer: LayerName
    words: tuple[str, ...]
    sources: tuple[str, str] = ("", "")

    @property
    def planted_id(self) -> str:
        """The id of the wrong twin."""
        return f"{self.metric_id}_{self.fault}"

    def text(self) -> str:
        """The wrong twin's file: another id, another code, the fault. The cross-check is the right one's, if there is any."""
        text = (METRICS[self.bank] / f"{self.metric_id}.sql").read_text("utf-8")
        start, end = text.index("$value$"), text.rindex("$value$")
        query = text[start:end]
        assert self.right in query, f"{self.metric_id} no longer says {self.right!r}"
        text = text[:start] + query.replace(self.right, self.instead, 1) + text[end:]
        text = text.replace(f"'{self.metric_id}'", f"'{self.planted_id}'")
        right, wrong = self.codes
        return text.replace(f"'{right}'", f"'{wrong}'").replace(*self.sources)


PLANTED = (
    Planted(
        bank="demo",
        metric_id="payment_volume",
        fault="wrong_join",
        codes=("PVOL", "PVOJ"),
        right="FROM webbank.payments",
        instead="FROM webbank.payments JOIN cards.cards USING (account_id)",
        layer=LayerName.METHODOLOGY,
        words=("repeats rows", "become"),
        sources=("['webbank.payments']", "['webbank.payments', 'cards.cards']"),
    ),
    Planted(
        bank="demo",
        metric_id="onboarding_days",
        fault="wrong_unit",
        codes=("ONBD", "ONBH"),
        right="86400.0",
        instead="3600.0",
        layer=LayerName.METHODOLOGY,
        words=("in hours", "unit is days"),
    ),
    Planted(
        bank="demo",
        metric_id="chargeback_rate",
        fault="missing_filter",
        codes=("CHGB", "CHGF"),
        right="scheme = 'card' AND ",
        instead="",
        layer=LayerName.METHODOLOGY,
        words=("scheme card", "filter is missing"),
    ),
    Planted(
        bank="demo",
        metric_id="card_fraud_month",
        fault="shifted_month",
        codes=("FRAU", "FRAS"),
        right="received_at >= date_trunc('month', current_date) THEN",
        instead="received_at >= date_trunc('month', current_date) + INTERVAL '1 day' THEN",
        layer=LayerName.METHODOLOGY,
        words=("1 day after the first of this month", "first of the month"),
    ),
    Planted(
        bank="berka",
        metric_id="loans_per_region_max",
        fault="wrong_join",
        codes=("LREG", "LREJ"),
        right="JOIN berka.account AS account USING (account_id)",
        instead="JOIN berka.account AS account USING (account_id) JOIN berka.disposition AS disposition USING (account_id)",
        layer=LayerName.METHODOLOGY,
        words=("682 rows become 827",),
        sources=("berka.account, berka.district'", "berka.account, berka.district, berka.disposition'"),
    ),
    Planted(
        bank="berka",
        metric_id="loans_bad_share",
        fault="wrong_unit",
        codes=("LBAD", "LBAU"),
        right="100.0 * ",
        instead="1.0 * ",
        layer=LayerName.METHODOLOGY,
        words=("does not multiply by 100",),
    ),
    Planted(
        bank="berka",
        metric_id="loans_good",
        fault="missing_filter",
        codes=("LGOD", "LGOF"),
        right="status IN ('A', 'C') AND ",
        instead="",
        layer=LayerName.METHODOLOGY,
        words=("status A", "filter is missing"),
    ),
    Planted(
        bank="berka",
        metric_id="accounts_opened",
        fault="shifted_month",
        codes=("AOPN", "AOPS"),
        right="date_trunc('month', current_date)",
        instead="date_trunc('month', current_date) - INTERVAL '1 day'",
        layer=LayerName.METHODOLOGY,
        words=("1 day before the first of this month", "month"),
    ),
)
SHOWN = (
    "chargeback_rate",
    "chargeback_rate_missing_filter",
    "onboarding_days_wrong_unit",
    "loans_per_region_max_wrong_join",
    "accounts_opened_shifted_month",
)
"""The metrics whose reports are kept here."""


def prepare(bench: Workbench, bank: str) -> None:
    """Into a workspace whose marts hold the bank: right metrics and their wrong twins, deployed, with their history."""
    of_bank = [one for one in PLANTED if one.bank == bank]
    for one in of_bank:
        shutil.copy(METRICS[bank] / f"{one.metric_id}.sql", bench.workspace.metrics)
        (bench.workspace.metrics / f"{one.planted_id}.sql").write_text(one.text(), "utf-8")
    _date_loads(bench.workspace, AS_OF[bank] - _LOADED)
    lifecycle.deploy(bench)
    ids = [name for one in of_bank for name in (one.metric_id, one.planted_id)]
    days = timedelta(91) if bank == "demo" else timedelta(6 * 365)
    compute.backfill(bench, ids, first=AS_OF[bank] - days, until=AS_OF[bank], actor=AUDITOR)
    compute.travel(bench, AS_OF[bank], ids, actor=AUDITOR)


def audit(bench: Workbench, metric_id: str, as_of: datetime) -> Audited:
    """As the notebook does it, in this process."""
    case = open_case(bench, metric_id, as_of=as_of, audit_date=as_of.date(), auditor=AUDITOR)
    recomputed = layers.recompute(case)
    found = [
        layers.methodology(case),
        layers.source(case),
        layers.rebuild(case),
        layers.history(case, recomputed),
        layers.action(case),
    ]
    return conclude(case, found, recomputed=recomputed)


def _date_loads(workspace: Workspace, ended: datetime) -> None:
    """Every schema's books say that its one load ended then; made beside the marts and put in their place, as a load does."""
    file = workspace.marts_file
    assert file is not None
    beside = file.with_suffix(".beside")
    shutil.copy(file, beside)
    with duckdb.connect(str(beside)) as connection:
        schemas = connection.execute(
            "SELECT DISTINCT table_schema FROM information_schema.tables WHERE NOT contains(table_schema, '_staging')"
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(f"DROP TABLE IF EXISTS {schema}._dlt_loads")
            connection.execute(
                f"CREATE TABLE {schema}._dlt_loads AS SELECT '1' AS load_id, '{schema}' AS schema_name, "
                "CAST(0 AS BIGINT) AS status, CAST($1 AS TIMESTAMPTZ) AS inserted_at, '' AS schema_version_hash",
                [ended],
            )
    beside.replace(file)


def _made(bank: str, folder: Path) -> None:
    """The reports of one bank, put in place of those that are here."""
    zone = {"demo": "Europe/Berlin", "berka": "Europe/Prague"}[bank]
    workspace = create(folder / bank, operator=AUDITOR, zone=zone)
    if bank == "demo":
        shutil.copy(ROOT / "heartbeat.toml", workspace.root)
        workspace = Workspace.find(workspace.root)
    with Workbench(workspace) as bench:
        try:
            if bank == "demo":
                lifecycle.load_demo(bench, ending=ENDING)
            else:
                lifecycle.load_folder(bench, "berka", BERKA)
            prepare(bench, bank)
            ids = [name for one in PLANTED if one.bank == bank for name in (one.metric_id, one.planted_id) if name in SHOWN]
            _kept([audit(bench, metric_id, AS_OF[bank]) for metric_id in ids], workspace)
        finally:
            EmbeddedServer(workspace.state).stop()


def _kept(done: Sequence[Audited], workspace: Workspace) -> None:
    for one in done:
        report = workspace.root / one.report
        for file in (report, *report.parent.glob(f"{report.stem}-*.svg")):
            if file.suffix == ".md" or file.stem in (f"{report.stem}-history", f"{report.stem}-rebuild"):
                shutil.copy(file, HERE)


def main() -> None:
    """Both banks, or the demo alone where the Czech bank's data are not there."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-examples-") as folder:
        for bank in ("demo", "berka") if BERKA.is_dir() else ("demo",):
            _made(bank, Path(folder))


if __name__ == "__main__":
    main()
