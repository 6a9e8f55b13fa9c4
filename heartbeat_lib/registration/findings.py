"""What `check` and `deploy` have to say about a file: every fault at once, each with file, line, rule and remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from heartbeat_lib.model.errors import HeartbeatError

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark on one file. `line` is 1-based; `rule` is a stable word that docs and tests refer to."""

    file: str
    line: int
    rule: str
    severity: Severity = "error"
    message: str

    def json(self) -> dict[str, str | int]:
        """The finding under the keys that `--json` promises."""
        return asdict(self)


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a deploy: those of severity `error`."""
    return tuple(finding for finding in findings if finding.severity == "error")


class DeployRefused(HeartbeatError):
    """A deploy changed nothing because files or plan have faults; they are in `findings`."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        errors = len(blocking(findings))
        what = "1 finding" if errors == 1 else f"{errors} findings"
        super().__init__(f"Nothing was deployed: {what} to mend first. The registry is exactly as before.")
