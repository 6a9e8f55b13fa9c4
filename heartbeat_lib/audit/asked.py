"""What somebody asked for in words, as a case: the parameters of the notebook and of the command line, where all is text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from heartbeat_lib.audit.case import AuditRefusedError, Case, open_case
from heartbeat_lib.workbench import Workbench


class AskedWrongError(AuditRefusedError):
    """A parameter of the audit says nothing that can be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One audit in words; an empty text is what was not said.

    `audit_date` is a day (else today in the workspace's zone), `as_of` an instant with offset (else now), `auditor` whoever looks
    (else the workspace's operator).
    """

    metric_id: str
    audit_date: str = ""
    as_of: str = ""
    hand_count: str = ""
    rebuild_sql: str = ""
    auditor: str = ""

    def open(self, workbench: Workbench) -> Case:
        """The case.

        Raises
        ------
        AuditRefusedError
            There is no such metric to audit, or a word of this cannot be meant.
        """
        return open_case(
            workbench,
            self.metric_id,
            as_of=_instant(self.as_of) if self.as_of else None,
            audit_date=_day(self.audit_date) if self.audit_date else None,
            auditor=self.auditor or workbench.workspace.settings.operator,
            hand_count=_number(self.hand_count) if self.hand_count else None,
            rebuild_sql=self.rebuild_sql or None,
        )


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise AskedWrongError(f"as_of {text!r} is no instant with its offset; write 2026-11-24T09:30:00+01:00.")
    return moment


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AskedWrongError(f"audit_date {text!r} is no day; write 2026-11-24.") from None


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise AskedWrongError(f"hand_count {text!r} is no number; write 12.5 or -3.")
    return number
