"""The embedded PostgreSQL of a workspace: one server in `.heartbeat/postgres`, shared by every process, alive until stopped.

Whoever needs it and finds none starts it; several at once start one. Each login has a password of its own, made when it is
first needed. Joining costs a look into `postmaster.pid` and a connection; whether the server lives is decided by connecting,
never by a process number. The surprise: `heartbeat_file`, which runs metric files, is a login of this server even when the
store is elsewhere.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from heartbeat_lib.store import address, cluster
from heartbeat_lib.store.errors import LoginRefused, StoreError, StoreUnavailable, first_line
from heartbeat_lib.store.passwords import Passwords
from heartbeat_lib.store.roles import FILE_LOGIN, MAINTENANCE_LOGIN

_WAIT_S = 120
_PASSING = ("starting up", "shutting down", "recovery", "not yet accepting", "refused", "No such file", "closed the connection")
"""What libpq says of a server that is on its way up or down: it is asked again."""


class NoSuchDatabase(StoreError):
    """The server answers and has no database of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server listens."""

    folder: Path
    port: int


class EmbeddedServer:
    """The server under `state_dir`. Making this object starts nothing."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = Path(state_dir).expanduser().resolve()
        self.data_dir = self.state_dir / "postgres"
        self.log = self.data_dir / "log"
        self.passwords = Passwords(self.state_dir / "secrets")

    def address(self) -> Address | None:
        """Where the server listens, or None when nobody answers there.

        Raises
        ------
        StoreUnavailable
            The server's folder belongs to another user.
        """
        try:
            found = cluster.PidFile.read(self.data_dir)
        except PermissionError:
            raise StoreUnavailable(
                f"{self.data_dir} belongs to another user of this machine. Work as that user, or in a workspace of your own."
            ) from None
        if found is None or found.socket_folder is None:
            return None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(found.socket_folder / f".s.PGSQL.{found.port}"))
            except (BlockingIOError, TimeoutError):
                pass  # it listens and is busy
            except OSError:
                return None
        return Address(folder=found.socket_folder, port=found.port)

    def ensure_running(self) -> Address:
        """Where the server listens; it is made and started when it does not.

        Raises
        ------
        StoreUnavailable
            It cannot be made or started; the message names its log.
        """
        if (found := self.address()) is not None:
            return found
        with self._alone():
            deadline = time.monotonic() + _WAIT_S
            while (found := self.address()) is None:
                if not self.data_dir.exists():
                    cluster.create(self.data_dir, self.passwords.make(MAINTENANCE_LOGIN))
                if not cluster.lives(self.data_dir):
                    cluster.start(self.data_dir)
                elif time.monotonic() > deadline:
                    raise StoreUnavailable(
                        f"The embedded PostgreSQL in {self.data_dir} has not taken connections for {_WAIT_S} s.", log=self.log
                    )
                else:  # its starter was killed before it was up
                    time.sleep(0.1)
            return found

    def stop(self) -> bool:
        """Stop the server; False where none was running. Connections are cut, open transactions rolled back.

        Raises
        ------
        StoreUnavailable
            It does not end within a minute.
        """
        if not self.data_dir.exists():
            return False
        with self._alone():
            if self.address() is None and not cluster.lives(self.data_dir):
                return False
            cluster.stop(self.data_dir)
            return True

    def connect(self, login: str, dbname: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection as `login`, in UTC; the server is started when needed.

        Raises
        ------
        StoreUnavailable
            No server answers and none can be started.
        LoginRefused
            The login has no password yet, or another one than its file says, or may not enter `dbname`.
        NoSuchDatabase
            There is no database of that name.
        """
        deadline = time.monotonic() + _WAIT_S
        while True:
            place = self.ensure_running()  # makes the superuser's password, where the server is new
            password = self.passwords.read(login)
            if password is None:
                raise LoginRefused(f"{login} has no password on this server yet: {self.passwords.folder / login} is missing.")
            try:
                # require_auth: whoever took the socket's place could otherwise ask for the password in clear.
                return psycopg.connect(
                    address.conninfo(login),
                    autocommit=autocommit,
                    host=str(place.folder),
                    port=place.port,
                    user=login,
                    password=password,
                    dbname=dbname,
                    require_auth="scram-sha-256",
                )
            except psycopg.OperationalError as error:
                said = str(error).replace(str(place.folder), "")
                if any(word in said for word in _PASSING) and time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                raise self._refused(login, dbname, error) from None

    def connect_admin(self, dbname: str = "postgres", *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """The superuser's connection: for migrations and scratch databases, never for work on metrics."""
        return self.connect(MAINTENANCE_LOGIN, dbname, autocommit=autocommit)

    def connect_file(self, dbname: str, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection as the login that runs metric files."""
        try:
            return self.connect(FILE_LOGIN, dbname, autocommit=autocommit)
        except LoginRefused:
            self.give_passwords([FILE_LOGIN])
            return self.connect(FILE_LOGIN, dbname, autocommit=autocommit)

    def give_passwords(self, logins: Iterable[str]) -> None:
        """Set each login's password to what its file says; a missing file is made."""
        with self.connect_admin() as admin, self._alone():
            for login in logins:
                # Sent as SCRAM's verifier, so that no log ever holds the password.
                verifier = admin.pgconn.encrypt_password(self.passwords.make(login).encode(), login.encode(), b"scram-sha-256")
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                admin.execute(statement.format(sql.Identifier(login), sql.Literal(verifier.decode())))

    def _refused(self, login: str, dbname: str, error: psycopg.OperationalError) -> StoreError:
        said = first_line(error)
        if f'database "{dbname}" does not exist' in said:
            return NoSuchDatabase(f"The embedded PostgreSQL has no database {dbname}.")
        if "password authentication failed" in said and login == MAINTENANCE_LOGIN:
            return LoginRefused(
                f"The embedded PostgreSQL does not take its superuser's password from {self.passwords.folder / login}. "
                f"Restore that file; without it the data in {self.data_dir} can only be moved aside."
            )
        if any(word in said for word in ("authentication", "permission denied", "does not exist")):
            return LoginRefused(f"The embedded PostgreSQL does not let {login} into {dbname}: {said}.")
        return StoreUnavailable(f"The embedded PostgreSQL does not answer {login}: {said}.", log=self.log)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes, starts or stops the server; the lock goes with its holder."""
        import fcntl

        folder = self.state_dir / "runtime"
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + _WAIT_S
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise StoreUnavailable(
                            f"Another process has been starting or stopping the embedded PostgreSQL for {_WAIT_S} s; see who "
                            f"holds {folder / 'server.lock'}."
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)
