"""`heartbeat new`: a metric file to fill in, story first and SQL last."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from heartbeat_lib.model.code import codes_mentioned, free_code
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import METRIC_ID
from heartbeat_lib.workspace import Workspace


class CannotWriteTemplateError(HeartbeatError):
    """The id is no metric id, or its file exists already."""


def write_new(workspace: Workspace, metric_id: str) -> Path:
    """Write `db/metrics/<metric_id>.sql`.

    Raises
    ------
    CannotWriteTemplateError
        The id does not fit, or the file exists; it is left as it is.
    """
    if METRIC_ID.fullmatch(metric_id) is None:
        raise CannotWriteTemplateError(
            f"{metric_id!r} is no metric id: a lower-case letter, then 2 to 62 of a-z, 0-9 and underscore."
        )
    path = workspace.metrics / f"{metric_id}.sql"
    text = (resources.files(__package__ or "") / "template.sql").read_text("utf-8")
    text = text.replace("{metric_id}", metric_id).replace("{code}", free_code(metric_id, _codes_in(workspace.metrics)))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CannotWriteTemplateError(f"{workspace.relative(path)} exists already and was left as it is.") from None
    return path


def _codes_in(folder: Path) -> set[str]:
    """Every code that a file in the folder mentions."""
    files = (path for path in folder.glob("*.sql") if path.is_file())
    return {code for path in files for code in codes_mentioned(path.read_text("utf-8", errors="replace"))}
