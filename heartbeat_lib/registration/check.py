"""`heartbeat check`: every file judged, every fault at once, without store or marts.

Reading, shape, scratch database, rules: each step looks only at files that the one before let through. What is left over is
a list of definitions, one per file without errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartbeat_lib.marts import dialect_for
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import MetricDefinition
from heartbeat_lib.registration.findings import Finding, blocking
from heartbeat_lib.registration.metric_file import MetricFile, read_metric_file
from heartbeat_lib.registration.rules import Context, judge_row
from heartbeat_lib.registration.scratch import scratch
from heartbeat_lib.registration.statements import judge_statements
from heartbeat_lib.store import translated
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workspace import Workspace


class NoSuchMetricFileError(HeartbeatError):
    """A file that was named does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Files that were judged: what they define, and what is to be said about them.

    `definitions` has one entry per file without errors, by metric_id; `files` has every file that could be read.
    """

    definitions: dict[str, MetricDefinition]
    findings: tuple[Finding, ...]
    files: dict[str, MetricFile]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that block a deploy."""
        return blocking(self.findings)

    def path(self, metric_id: str) -> str | None:
        """The metric's file as people write it; None where it has none."""
        file = self.files.get(metric_id)
        return None if file is None else file.path

    def line_in_file(self, metric_id: str, line: int | None) -> int:
        """Line of the file on which line `line` of its value_sql stands."""
        file, definition = self.files[metric_id], self.definitions[metric_id]
        start = file.line_of(definition.value_sql if "\n" in definition.value_sql else "value_sql")
        return start + (line or 1) - 1


def metric_paths(workspace: Workspace) -> list[Path]:
    """Every `*.sql` of the workspace's metrics folder, by name."""
    return sorted(workspace.metrics.glob("*.sql"))


def check(workspace: Workspace, paths: Sequence[Path] | None = None) -> Checked:
    """Judge `paths`, or every file of `db/metrics/`.

    Raises
    ------
    NoSuchMetricFileError
        One of `paths` does not exist.
    """
    chosen = metric_paths(workspace) if paths is None else [Path(path).absolute() for path in paths]
    for path in chosen:
        if not path.exists() and not path.is_symlink():
            raise NoSuchMetricFileError(f"{workspace.relative(path)}: no such file.")
    findings: list[Finding] = []
    files: list[MetricFile] = []
    for path in chosen:
        folder = workspace.metrics if path.is_relative_to(workspace.metrics) else path.parent
        read = read_metric_file(path, shown=workspace.relative(path), folder=folder)
        if isinstance(read, Finding):
            findings.append(read)
            continue
        wrong = judge_statements(read)
        findings += wrong
        if not wrong:
            files.append(read)

    definitions: dict[str, MetricDefinition] = {}
    context = _context(workspace)
    if files:
        with translated("Evaluating the files"), scratch(EmbeddedServer(workspace.state)) as evaluator:
            for file in files:
                row = evaluator.evaluate(file)
                if isinstance(row, list):
                    findings += row
                    continue
                definition, remarks = judge_row(file, row, context)
                findings += remarks
                if definition is not None:
                    definitions[file.metric_id] = definition

    findings += _shared_codes(files, definitions.values())
    findings.sort(key=lambda finding: (finding.file, finding.line, finding.rule))
    return Checked(
        definitions=definitions,
        findings=tuple(findings),
        files={file.metric_id: file for file in files},
    )


def _context(workspace: Workspace) -> Context:
    fallbacks = (source.schema_name for source in workspace.settings.source if source.fallback)
    return Context(dialect=dialect_for(workspace.marts_url), fallback_schemas=frozenset(fallbacks))


def _shared_codes(files: Sequence[MetricFile], definitions: Iterable[MetricDefinition]) -> list[Finding]:
    by_id = {file.metric_id: file for file in files}
    first: dict[str, str] = {}
    findings: list[Finding] = []
    for definition in definitions:
        owner = first.setdefault(definition.code, definition.metric_id)
        if owner != definition.metric_id:
            file = by_id[definition.metric_id]
            message = f"code {definition.code!r} is taken by {by_id[owner].path}; choose another"
            findings.append(file.finding("code-taken", message, line=file.line_of(definition.code)))
    return findings
