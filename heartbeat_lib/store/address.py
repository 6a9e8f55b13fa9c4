"""Addresses of databases: read, completed with what every connection of ours sets, and shown without their secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from heartbeat_lib.store.errors import DatabaseAddressError
from heartbeat_lib.store.roles import Role

# Set by every connection itself, because a login may change its own defaults.
_SETTINGS = (
    "-c timezone=UTC -c datestyle=ISO -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=off "
    "-c default_transaction_isolation=read\\ committed -c statement_timeout=0 -c lock_timeout=0 "
    "-c idle_in_transaction_session_timeout=0"
)
_CONNECT_S = 10


def parts(url: str, *, variable: str = "HEARTBEAT_DATABASE_URL") -> dict[str, Any]:
    """The address's parameters by libpq's names.

    Raises
    ------
    DatabaseAddressError
        It is no address of a PostgreSQL database. The message does not repeat it: it may hold a password.
    """
    try:
        found = conninfo_to_dict(url)
    except psycopg.Error:
        found = {}
    # An unescaped @ in a password puts the password's rest into the host, and from there into every message.
    if not found or "@" in str(found.get("host", "")):
        raise DatabaseAddressError(
            f"{variable} is no PostgreSQL address. Write postgresql://login:password@host:5432/database, "
            "with %40 for an @, %2F for a / and %25 for a % inside the password."
        )
    return found


def conninfo(login: str, url: str = "", *, role: Role | None = None) -> str:
    """What to connect with: `url` completed by our settings, in UTC, named `heartbeat <login>`.

    Parameters
    ----------
    login
        Who it is for; goes into `application_name`, without `heartbeat_`.
    role
        Played by the connection, where one login serves for all.
    """
    given = parts(url) if url else {}
    played = f" -c role={role}" if role is not None else ""
    options = f"{given.pop('options', '') or ''} {_SETTINGS}{played}".strip()
    application = f"heartbeat {login.removeprefix('heartbeat_')}"
    given.setdefault("connect_timeout", _CONNECT_S)
    return make_conninfo(**{**given, "client_encoding": "UTF8", "application_name": application, "options": options})


def masked(url: str, *, show_secrets: bool) -> str:
    """The address as a URL; its password as `***` unless `show_secrets`.

    >>> masked("postgresql://ann:s3cret@db.example/heartbeat", show_secrets=False)
    'postgresql://ann:***@db.example/heartbeat'
    """
    if show_secrets:
        return url
    given = parts(url)
    for secret in ("password", "sslpassword", "oauth_client_secret"):
        if given.get(secret):
            given[secret] = "***"
    return as_url(given)


def as_url(given: dict[str, Any]) -> str:
    """libpq's parameters as one URL; a folder as host goes into the query, as libpq wants it."""
    rest = {name: str(value) for name, value in given.items() if value is not None}
    user, password, database = rest.pop("user", ""), rest.pop("password", None), rest.pop("dbname", "")
    login = quote(user, safe="") + (f":{quote(password, safe='*')}" if password is not None else "")
    place = ""
    if "/" not in rest.get("host", "/") and "," not in rest.get("host", ""):
        host = rest.pop("host")
        place = f"[{host}]" if ":" in host else host
        place += f":{rest.pop('port')}" if "port" in rest else ""
    query = f"?{urlencode(rest, quote_via=quote, safe='')}" if rest else ""
    return f"postgresql://{login}{'@' if login else ''}{place}/{quote(database, safe='')}{query}"
