"""The store: PostgreSQL, embedded or one's own, with the schema `heartbeat`.

`Store.open` finds or makes it; `Store.connect` hands out connections by role; rules that bind everyone are in `migrations/`.
"""

from heartbeat_lib.store.connect import Store
from heartbeat_lib.store.errors import (
    DatabaseAddressError,
    DatabaseBehind,
    DatabaseNewer,
    LoginRefused,
    MigrationChanged,
    MigrationFailed,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    WriteRefused,
    translated,
)
from heartbeat_lib.store.roles import Role, role_urls_from_environment
from heartbeat_lib.store.sql_files import load_sql
from heartbeat_lib.store.tamper import Tampering

__all__ = [
    "DatabaseAddressError",
    "DatabaseBehind",
    "DatabaseNewer",
    "LoginRefused",
    "MigrationChanged",
    "MigrationFailed",
    "Role",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "Tampering",
    "WriteRefused",
    "load_sql",
    "role_urls_from_environment",
    "translated",
]
