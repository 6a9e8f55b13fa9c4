"""Audits as notebooks: one papermill for all of a batch, a fresh kernel for each metric, the next one started while one works.

Each metric is a run of kind `audit` with its executed notebook. Where the notebook stops before it has written its report,
through a cell that raises or a kernel that dies, the report is written here and says so; so every metric gets one unless it was
refused. `python -m heartbeat_lib.schedule.audits DUE WHICH` is how the clock calls a batch: WHICH is a `[[schedule.audit]]` as
JSON; what was looked at since DUE is left out, so a second clock finds the work done and a killed batch is taken up again.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from heartbeat_lib import notebooks
from heartbeat_lib.audit.asked import Asked
from heartbeat_lib.audit.chosen import Written, still_due, written
from heartbeat_lib.compute import open_run
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.schedule.ahead import KernelsAhead
from heartbeat_lib.settings import ScheduledAudit
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace

NOTEBOOK = "validate/metric_validate.ipynb"
_READY = "from heartbeat_lib.audit.layers import ready; ready()"


def run_audits(workbench: Workbench, asked: Sequence[Asked], *, due: datetime | None = None) -> Iterator[Written]:
    """Audit one metric after the other; each is given back when its report lies there.

    Parameters
    ----------
    asked
        All are as of this moment where they name no instant.
    due
        Aware: the instant that the clock called for. None: now.

    Raises
    ------
    AuditRefusedError
        One of `asked` cannot be audited; nothing was looked at.
    StoreError
        The store is gone.
    """
    now = datetime.now(UTC).isoformat()
    asked = [replace(one, as_of=one.as_of or now, auditor=one.auditor or workbench.workspace.settings.operator) for one in asked]
    if not asked:
        return
    with _runtime_folder(), KernelsAhead(workbench.workspace.root, len(asked), _READY) as kernels:
        kernels.start_next()  # it boots while the ids are looked up and papermill is imported
        for one in asked:
            one.open(workbench)
        for one in asked:
            yield _audit(workbench, one, kernels, due)


def _audit(workbench: Workbench, asked: Asked, kernels: KernelsAhead, due: datetime | None) -> Written:
    workspace = workbench.workspace
    record = _record_path(workspace, asked)
    shown = workspace.relative(record)
    moment = datetime.fromisoformat(asked.as_of)
    with open_run(workbench.store, "audit", actor=asked.auditor, as_of=moment, due=due, notebook=shown) as run:
        run.detail["metric_id"] = asked.metric_id
        why = _execute(workspace, asked, record, shown, run.run_id, kernels)
        found = written(workbench, run.run_id) or _unexamined(workbench, asked, shown, run.run_id, why)
        run.detail |= {"verdict": found.verdict, "report": found.report} | ({"error": why} if why else {})
        if found.broken:
            run.outcome = "failed"
    return found


def _execute(workspace: Workspace, asked: Asked, record: Path, shown: str, run_id: int, kernels: KernelsAhead) -> str:
    """Run the notebook and keep it; why it stopped, or empty."""
    import papermill

    words = {name: getattr(asked, name) for name in Asked.__dataclass_fields__}
    with kernels.next() as kernel:
        try:
            papermill.execute_notebook(
                notebooks.find(workspace, NOTEBOOK),
                record,
                parameters={**words, "workspace": str(workspace.root), "notebook": shown, "run_id": run_id},
                kernel_name="python3",
                language="python",
                progress_bar=False,
                cwd=workspace.root,
                km=kernel,
            )
        except papermill.PapermillExecutionError as error:
            return f"{error.ename}: {' '.join(str(error.evalue).split())}"
        except Exception as error:  # a kernel that died, a notebook that is none
            return f"the notebook could not be run: {' '.join(str(error).split()) or type(error).__name__}"
    return ""


def _unexamined(workbench: Workbench, asked: Asked, notebook: str, run_id: int, why: str) -> Written:
    from heartbeat_lib.audit.evidence import LayerName, broken_layer
    from heartbeat_lib.audit.write import conclude

    why = why or "the notebook ended without its verdict"
    kept = notebook if (workbench.workspace.root / notebook).is_file() else None
    conclude(asked.open(workbench), [broken_layer(name, why) for name in LayerName], notebook=kept, run_id=run_id)
    found = written(workbench, run_id)
    assert found is not None, "the row was committed by `conclude`"
    return found


def _record_path(workspace: Workspace, asked: Asked) -> Path:
    """A new name, taken at once: two audits of one metric may begin in the same second."""
    workspace.runs.mkdir(parents=True, exist_ok=True)
    stem = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}Z-audit-{asked.metric_id}"
    for again in range(1, 1000):
        path = workspace.runs / f"{stem}{f'-{again}' if again > 1 else ''}.ipynb"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path
    raise HeartbeatError(f"{workspace.relative(workspace.runs)} holds a thousand records named {stem}.")


@contextmanager
def _runtime_folder() -> Iterator[None]:
    """Sockets in a short path of their own; see `heartbeat_lib.schedule.job`."""
    before = os.environ.get("JUPYTER_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="heartbeat-") as sockets:
        os.environ["JUPYTER_RUNTIME_DIR"] = sockets
        try:
            yield
        finally:
            if before is None:
                del os.environ["JUPYTER_RUNTIME_DIR"]
            else:
                os.environ["JUPYTER_RUNTIME_DIR"] = before


def main(due: str, which: str) -> int:
    """One batch that the clock calls for; 0 where every metric has its report, whatever it says."""
    called = datetime.fromisoformat(due)
    with Workbench(Workspace.find()) as bench:
        ids = still_due(bench, ScheduledAudit.model_validate(json.loads(which)), called)
        for found in run_audits(bench, [Asked(metric_id=metric_id) for metric_id in ids], due=called):
            print(f"{found.metric_id} {found.verdict}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except HeartbeatError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(1)
