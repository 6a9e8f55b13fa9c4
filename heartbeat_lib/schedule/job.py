"""One due notebook in a process of its own: `python -m heartbeat_lib.schedule.job NOTEBOOK RECORD DUE`.

The clock starts it, waits, and can kill it with everything below it. The executed notebook is the run's record; it is written
cell by cell, so a kill leaves what was done so far, and a failure keeps its cell. Exit 0: it ran. 1: it failed, the last line
of stderr says why. 3: another clock has this run, and there is no record.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

LEFT_TO_ANOTHER = 3
_NOT_OURS = ("TickRunningError", "DueAlreadyError")


def execute(notebook: Path, record: Path, *, workspace: Path, due: str) -> int:
    """Run `notebook` and keep the executed one as `record`; the exit code of this process.

    Parameters
    ----------
    due
        The due instant, ISO 8601 with offset.
    """
    relative = record.relative_to(workspace).as_posix() if record.is_relative_to(workspace) else str(record)
    with tempfile.TemporaryDirectory(prefix="heartbeat-") as sockets:
        # A path of a socket holds about a hundred characters, and a home may be longer, or read-only.
        os.environ["JUPYTER_RUNTIME_DIR"] = sockets
        import papermill

        from heartbeat_lib.schedule.kernel import SocketKernelManager

        try:
            papermill.execute_notebook(
                notebook,
                record,
                parameters={"workspace": str(workspace), "due": due, "notebook": relative},
                kernel_name="python3",
                language="python",
                progress_bar=False,
                cwd=workspace,
                kernel_manager_class=SocketKernelManager,
            )
        except papermill.PapermillExecutionError as error:
            if error.ename in _NOT_OURS:
                record.unlink(missing_ok=True)
                return LEFT_TO_ANOTHER
            print(f"{error.ename}: {' '.join(str(error.evalue).split())}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    from heartbeat_lib.workspace import Workspace

    sys.exit(execute(Path(sys.argv[1]), Path(sys.argv[2]), workspace=Workspace.find().root, due=sys.argv[3]))
