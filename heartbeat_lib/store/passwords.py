"""One random password per login of the embedded server, each in a file that only the workspace's owner can read.

Whoever runs as that operating-system user can read them all and become the server's superuser: they guard against accidents
and against other users of the machine. Production wants a server of its own.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


class Passwords:
    """The folder `.heartbeat/secrets` (0700), one file per login (0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, login: str) -> str | None:
        """The login's password, or None where there is none yet."""
        try:
            return (self.folder / login).read_text("ascii").strip() or None
        except FileNotFoundError:
            return None

    def make(self, login: str) -> str:
        """The login's password, made where there was none. Two processes at once get the same one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if (known := self.read(login)) is not None:
            (self.folder / login).chmod(0o600)
            return known
        draft = self.folder / f".{login}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
                file.flush()
                os.fsync(file.fileno())
            # A link never replaces: where another process was quicker, its password stands.
            with suppress(FileExistsError):
                os.link(draft, self.folder / login)
        finally:
            draft.unlink(missing_ok=True)
        password = self.read(login)
        if password is None:  # an empty file stood there
            (self.folder / login).unlink(missing_ok=True)
            return self.make(login)
        return password
