"""Where Heartbeat's notebooks lie: the workspace's own, else those that came with the package."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from heartbeat_lib.workspace import Workspace

_CLONE = Path(__file__).resolve().parent.parent
_HOME = _CLONE / "notebooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Notebooks that a workspace lacks, and where they would go."""

    source: Path
    target: Path

    def copy(self) -> list[Path]:
        """Copy them; what stands there already is left as it is."""
        copied: list[Path] = []
        for notebook in sorted(self.source.rglob("*.ipynb")):
            path = self.target / notebook.relative_to(self.source)
            if not path.exists() and ".ipynb_checkpoints" not in notebook.parts:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(notebook, path)
                copied.append(path)
        return copied


def find(workspace: Workspace, name: str) -> Path:
    """The notebook `name` (such as `operate/refresh.ipynb`): an edited copy wins over the package's own."""
    own = workspace.root / "notebooks" / name
    return own if own.is_file() else _HOME / name


def app_folders(workspace: Workspace) -> list[Path]:
    """Where Voila's notebooks and templates are looked for, in this order: the workspace's own, the package's."""
    return [place / "voila_apps" for place in (workspace.root, _CLONE)]


def find_app(workspace: Workspace, name: str) -> Path:
    """The notebook `name` that Voila shows, such as `cockpit.ipynb`: an edited copy wins over the package's own."""
    own, shipped = (folder / name for folder in app_folders(workspace))
    return own if own.is_file() else shipped


def offer_copy(workspace: Workspace) -> Copy | None:
    """What could be copied into a workspace that has no `notebooks/` yet; None where it has."""
    target = workspace.root / "notebooks"
    return None if target.exists() or not _HOME.is_dir() else Copy(source=_HOME, target=target)
