"""What is wrong with a value_sql: every fault with its place, a stable rule name, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass

from heartbeat_lib.model.errors import HeartbeatError


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One remark on one place of a text. `line` and `column` count characters from 1; `rule` is a stable word."""

    line: int
    column: int
    rule: str
    message: str


class ValueSqlRefused(HeartbeatError):
    """A value_sql is no metric as it stands; all its faults are in `faults`, in the order of the text."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        many = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = [f"  line {f.line}, column {f.column} [{f.rule}]: {f.message}" for f in self.faults]
        super().__init__("\n".join([f"value_sql is refused, {many}:", *lines]))

    def __reduce__(self) -> tuple[type["ValueSqlRefused"], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)  # an exception is otherwise pickled by its message


class Places:
    """Offsets of a text as line and column."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fault(self, offset: int, rule: str, message: str) -> Fault:
        """A fault at `offset` characters from the start of the text."""
        line = self.text.count("\n", 0, offset) + 1
        return Fault(line=line, column=offset - self.text.rfind("\n", 0, offset), rule=rule, message=message)
