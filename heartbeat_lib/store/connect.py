"""The store as a process sees it: one object that hands out connections by role.

Opening it finds the server (the workspace's embedded one, or the one that was named), migrates where the schema is behind,
and refuses a database that is newer than this code. Every connection is the lesser login itself. Only where a server was
named with a single login is a role played by `SET ROLE`; `roles_without_login` tells that, because it guards against
accidents and not against the holder of that login.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from heartbeat_lib.store import address, migrate, tamper
from heartbeat_lib.store.embedded import EmbeddedServer, NoSuchDatabase
from heartbeat_lib.store.errors import DatabaseBehind, LoginRefused, StoreError, StoreUnavailable, first_line, translated
from heartbeat_lib.store.roles import MAINTENANCE_LOGIN, Role

DATABASE = "heartbeat"
_MIGRATING = "migrating"


class Store:
    """A PostgreSQL database with schema `heartbeat`; see `Store.open`. Holds no connection of its own."""

    def __init__(
        self, *, state_dir: Path, database_url: str | None, role_urls: Mapping[Role, str], database: str = DATABASE
    ) -> None:
        self.server = EmbeddedServer(state_dir)
        """This workspace's embedded server: scratch databases are made there even when the store is elsewhere."""
        self.database = database
        self._url, self._role_urls = database_url, dict(role_urls)

    @classmethod
    def open(
        cls,
        *,
        state_dir: Path,
        database_url: str | None = None,
        role_urls: Mapping[Role, str] = {},
        database: str = DATABASE,
    ) -> Store:
        """The store, reachable and at this code's schema.

        Parameters
        ----------
        state_dir
            The workspace's `.heartbeat`. The embedded server lives in its `postgres/` and is started when needed.
        database_url
            A database on a server of one's own, with the login that migrates. None: the embedded server, unless `role_urls`
            name logins, which then have to be all that is needed.
        role_urls
            Logins for single roles on that server; a role without one is played by the migrating login.
        database
            Name of the database on the embedded server.

        Raises
        ------
        StoreUnavailable, LoginRefused, DatabaseAddressError
            It cannot be reached.
        DatabaseNewer, DatabaseBehind, MigrationChanged, MigrationFailed, StoreBusy
            Its schema is not this code's, and cannot be made so.
        """
        store = cls(state_dir=state_dir, database_url=database_url or None, role_urls=role_urls, database=database)
        store._any_login().close()
        return store

    @property
    def embedded(self) -> bool:
        """Whether the store is the workspace's own server."""
        return self._url is None and not self._role_urls

    def connect(self, role: Role, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A new connection as `role`, in UTC; rows are tuples. Close it, or use it as a context manager.

        Raises
        ------
        StoreError
            As for `open`, whose checks are repeated: a process may outlive a migration.
        """
        if self._can_migrate:
            try:
                connection = self._login(role, autocommit=autocommit)
                if self._is_current(connection):
                    return connection
                connection.close()
            except (LoginRefused, NoSuchDatabase):
                pass  # a new workspace, a lost password, a role that does not exist yet: migrating makes all of it
            self._migrate()
        connection = self._login(role, autocommit=autocommit)
        if self._is_current(connection):
            return connection
        connection.close()
        raise DatabaseBehind(known=migrate.shipped()[-1].number)

    @contextmanager
    def using(self, given: psycopg.Connection[Any] | None, role: Role) -> Iterator[psycopg.Connection[Any]]:
        """`given`, which stays open, or for the time of the block a connection of its own as `role`.

        Raises
        ------
        StoreError
            As for `connect`.
        """
        if given is not None:
            yield given
            return
        with self.connect(role) as own:
            yield own

    def connect_migrating(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection as the login that owns the schema: for migrations, and for what DESIGN gives to that login alone.

        Raises
        ------
        LoginRefused
            No such login was given.
        """
        if self.embedded:
            return self.server.connect(MAINTENANCE_LOGIN, self.database, autocommit=autocommit)
        if self._url is None:
            raise LoginRefused("HEARTBEAT_DATABASE_URL, the login that migrates, is not set.")
        return self._connect_url(address.conninfo(_MIGRATING, self._url), "HEARTBEAT_DATABASE_URL", autocommit=autocommit)

    def masked_url(self, *, show_secrets: bool = False) -> str:
        """The database's URL with the login that migrates (or the first that was given); its password is `***`."""
        if not self.embedded:
            url = self._url if self._url is not None else next(iter(self._role_urls.values()))
            return address.masked(url, show_secrets=show_secrets)
        place = self.server.ensure_running()
        password = self.server.passwords.read(MAINTENANCE_LOGIN) if show_secrets else "***"
        login = {"user": MAINTENANCE_LOGIN, "password": password, "dbname": self.database}
        return address.as_url({**login, "host": str(place.folder), "port": place.port})

    @cached_property
    def server_version(self) -> str:
        """PostgreSQL's version, such as `18.4`."""
        with self._any_login() as connection:
            return str(connection.info.parameter_status("server_version")).partition(" ")[0]

    @property
    def roles_without_login(self) -> tuple[Role, ...]:
        """Roles that the migrating login plays, or that cannot be had at all; empty on the embedded server."""
        return () if self.embedded else tuple(role for role in Role if role not in self._role_urls)

    def tamperings(self) -> tuple[tamper.Tampering, ...]:
        """What somebody changed past the doors; empty on a clean store."""
        with self._any_login() as connection, translated("Looking for tampering"):
            return tamper.findings(connection, door_logins=self.door_logins)

    @property
    def door_logins(self) -> frozenset[str]:
        """Logins under which the doors are used; a line of the registry's log with another one was not written through them."""
        doors = (Role.DEPLOY, Role.OPERATOR)
        named = {address.parts(url).get("user") for role, url in self._role_urls.items() if role in doors}
        if any(role in self.roles_without_login for role in doors) and self._url is not None:
            named.add(address.parts(self._url).get("user"))
        return frozenset({*map(str, doors), *(login for login in named if login)})

    def close(self) -> None:
        """Nothing to end: connections belong to those who asked for them, and the embedded server lives on."""

    def _any_login(self) -> psycopg.Connection[Any]:
        given = self.embedded or self._url is not None or Role.READER in self._role_urls
        return self.connect(Role.READER if given else next(iter(self._role_urls)))

    @property
    def _can_migrate(self) -> bool:
        return self.embedded or self._url is not None

    def _is_current(self, connection: psycopg.Connection[Any]) -> bool:
        try:
            with translated("Opening the store"):
                return migrate.is_current(connection)
        except StoreError:
            connection.close()
            raise

    def _login(self, role: Role, *, autocommit: bool) -> psycopg.Connection[Any]:
        if self.embedded:
            return self.server.connect(role, self.database, autocommit=autocommit)
        if (own := self._role_urls.get(role)) is not None:
            variable = f"HEARTBEAT_DATABASE_URL_{role.short}"
            return self._connect_url(address.conninfo(role, own), variable, autocommit=autocommit)
        if self._url is None:
            raise LoginRefused(f"There is no login for {role}: set HEARTBEAT_DATABASE_URL_{role.short}.")
        return self._connect_url(address.conninfo(role, self._url, role=role), "HEARTBEAT_DATABASE_URL", autocommit=autocommit)

    def _migrate(self) -> None:
        if self.embedded:
            self._make_database()
        with self.connect_migrating() as connection:
            migrate.migrate(connection)
            migrate.secure_database(connection)
        if self.embedded:
            self.server.give_passwords(Role)

    def _make_database(self) -> None:
        with self.server.connect_admin() as admin, translated(f"Making the database {self.database}"):
            known = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s)"
            if not admin.execute(known, [self.database]).fetchall()[0][0]:
                try:
                    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    return  # another process was quicker

    def _connect_url(self, conninfo: str, variable: str, *, autocommit: bool) -> psycopg.Connection[Any]:
        given = address.parts(conninfo, variable=variable)
        host, database = given.get("host") or "this machine", given.get("dbname") or given.get("user")
        where = f"{host}:{given.get('port', 5432)}, database {database}"
        try:
            return psycopg.connect(conninfo, autocommit=autocommit)
        except psycopg.OperationalError as error:
            said = first_line(error)
            if "FATAL" in str(error) and "starting up" not in said and "shutting down" not in said:
                raise LoginRefused(f"The database of {variable} ({where}) does not let {given.get('user')} in: {said}.") from None
            raise StoreUnavailable(f"The database of {variable} ({where}) does not answer: {said}.") from None
