"""The demo bank as four sources, as it stands at this moment in the workspace's zone.

`heartbeat load`, and every tick, run this file as the [[source]]s of heartbeat.toml say. Nothing in it is Heartbeat's:
a dlt source named like its schema is all that a pipeline file needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from heartbeat_lib.demo.bank import bank
from heartbeat_lib.workspace import Workspace


def until() -> datetime:
    """The instant (aware) up to which the bank has run."""
    return datetime.now(UTC)


@cache
def schemas() -> Mapping[str, Mapping[str, pa.Table]]:
    """The whole bank, schema -> table -> rows; made once, so that all four sources tell of the same instant."""
    zone = Workspace.find(Path(__file__).parents[1]).zone
    now = until()
    return bank(ending=now.astimezone(zone).date(), until=now, zone=zone)


def tables(schema: str) -> Iterator[DltResource]:
    """A resource for each table of the schema; every run brings all rows."""
    for name, rows in schemas()[schema].items():
        yield dlt.resource([rows], name=name, write_disposition="replace")


@dlt.source
def webbank() -> Iterator[DltResource]:
    """Customers, accounts, payments, chargebacks."""
    return tables("webbank")


@dlt.source
def cards() -> Iterator[DltResource]:
    """Cards, collateral calls and their payments."""
    return tables("cards")


@dlt.source
def aml() -> Iterator[DltResource]:
    """Alerts and cases."""
    return tables("aml")


@dlt.source
def fx() -> Iterator[DltResource]:
    """Rates."""
    return tables("fx")
