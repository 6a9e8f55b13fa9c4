"""`heartbeat new`: a metric file to fill in, story first and SQL last."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

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
    text = text.replace("{metric_id}", metric_id).replace("{code}", _free_code(workspace, metric_id))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CannotWriteTemplateError(f"{workspace.relative(path)} exists already and was left as it is.") from None
    return path


def _free_code(workspace: Workspace, metric_id: str) -> str:
    """Four letters out of the id that no file in the folder mentions."""
    mentioned = {
        code
        for path in workspace.metrics.glob("*.sql")
        if path.is_file()
        for code in re.findall(r"'([A-Z0-9]{4})'", path.read_text("utf-8", errors="replace"))
    }
    letters = metric_id.replace("_", "").upper()
    candidates = (f"{letters[:3]:X<3}{letters[at]}" for at in range(3, len(letters)))
    numbered = (f"{letters[:2]:X<2}{number:02d}" for number in range(100))
    for code in (*candidates, *numbered):
        if code not in mentioned:
            return code
    return "CODE"
