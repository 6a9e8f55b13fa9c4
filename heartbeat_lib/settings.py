"""What a workspace can be told: `heartbeat.toml`, and for every setting a variable that wins.

`[compute] timeout_s` in the file is `HEARTBEAT_COMPUTE__TIMEOUT_S` in the environment. An unknown key of the file is an
error; an unknown `HEARTBEAT_` variable is a warning, because an environment is shared with others. Both name the nearest
known one. Secrets never stand in the file: a database URL with a password is refused there.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from heartbeat_lib.model.errors import HeartbeatError

_PREFIX = "HEARTBEAT_"
_SPANS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Variables that steer Heartbeat without being settings of the file.
_OUTSIDE_THE_FILE = (
    "HEARTBEAT_WORKSPACE",
    "HEARTBEAT_DATABASE_URL_DEPLOY",
    "HEARTBEAT_DATABASE_URL_OPERATOR",
    "HEARTBEAT_DATABASE_URL_COMPUTE",
    "HEARTBEAT_DATABASE_URL_READER",
)


class SettingsError(HeartbeatError):
    """`heartbeat.toml` or a `HEARTBEAT_` variable says something that cannot be meant."""


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; write an IANA name such as 'Europe/Berlin'") from None


def span(value: object) -> timedelta:
    """A span as settings and options write it: `90m`, `26h`, `3d`, `2w`. Raises ValueError, with what to write."""
    if not isinstance(value, str):
        raise ValueError("write a span such as '90m', '26h', '3d' or '2w'")
    match = re.fullmatch(r"(\d+)\s*([mhdw])", value.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{value!r} is no span; write '90m', '26h', '3d' or '2w'")
    return timedelta(**{_SPANS[match[2]]: int(match[1])})


def _crontab(value: str) -> str:
    from heartbeat_lib.model.cron import Cron, CronError

    try:
        Cron(value, ZoneInfo("UTC")).check()
    except CronError as error:
        raise ValueError(str(error)) from None
    return value


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Span = Annotated[timedelta, BeforeValidator(span)]
Crontab = Annotated[str, AfterValidator(_crontab)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)


class Source(_Section):
    """One `[[source]]`: a folder of files, or a dlt pipeline file, that becomes a schema of the marts."""

    schema_name: str = Field(alias="schema", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    folder: Path | None = None
    pipeline: Path | None = None
    """A Python file that defines a dlt source named like the schema."""
    key: tuple[str, ...] = ()
    """Columns that identify a row; given, a load merges. Without them each load replaces the tables."""
    time_zone: Zone | None = None
    """Zone of the wall-clock times in the files; the workspace's zone when absent."""
    deadline: Span = timedelta(minutes=10)
    """How long one load may take before it is stopped, waiting for another loader included."""
    max_age: Span | None = None
    """How old the last load that brought rows may get: a person's promise, so there is no default."""
    fallback: bool = False
    """Not the source of truth: a metric reading it must say why in its `notes`."""

    @field_validator("key", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _folder_or_pipeline(self) -> Source:
        if (self.folder is None) == (self.pipeline is None):
            raise ValueError(f"the source {self.schema_name!r} needs either a folder or a pipeline, and not both")
        for name in ("key", "time_zone"):
            if self.pipeline is not None and getattr(self, name):
                raise ValueError(
                    f"the source {self.schema_name!r} is a pipeline, and {name} is for folders; a dlt resource says its own"
                )
        return self


class Compute(_Section):
    """Limits of one value_sql; the defaults suit a laptop."""

    timeout_s: float = Field(default=30.0, gt=0, le=3600)
    workers: int | None = Field(default=None, ge=1, le=64)


class ScheduledAudit(_Section):
    """One `[[schedule.audit]]`: when the clock audits, and which metrics; with several words the union of them."""

    cron: Crontab
    all_unverified: bool = False
    """Metrics that nobody signed."""
    older_than: Span | None = None
    """Metrics whose present meaning was not looked at for so long, or never."""
    ids: tuple[str, ...] = ()
    """Metrics by name; one that is not alive is passed over."""

    @model_validator(mode="after")
    def _says_which(self) -> ScheduledAudit:
        if not self.all_unverified and self.older_than is None and not self.ids:
            raise ValueError("an audit says which metrics: all_unverified = true, older_than = '90d', or ids = ['late_share']")
        return self


class Schedule(_Section):
    """When the clock calls, as crontab lines in the workspace's zone, and how long it keeps executed notebooks."""

    tick: Crontab = "17 * * * *"
    benchmarks: Crontab = "23 4 * * *"
    keep: Span = timedelta(days=30)
    audit: tuple[ScheduledAudit, ...] = ()


class Api(_Section):
    """The HTTP API."""

    port: int = Field(default=8717, ge=0, le=65535)
    """On 127.0.0.1; 0 takes a free one. Two workspaces of one machine need two."""


class Cockpit(_Section):
    """The page that `heartbeat cockpit` serves."""

    port: int = Field(default=8718, ge=0, le=65535)
    """0 takes a free one. Two workspaces of one machine need two."""
    title: str | None = None
    """What the page's header calls this workspace; the folder's name when absent."""
    identity_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """Header in which a reverse proxy says who is signed in. Trusted, so only behind a proxy that sets it on every request."""


class Audit(_Section):
    """How audits are kept up."""

    max_age: Span | None = None
    """How old the last audit of a metric may get before its owner is asked again: a person's choice, so there is no default."""


class Settings(BaseSettings):
    """Everything that `heartbeat.toml` may say, read once per process and never changed."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
    )

    time_zone: Zone
    operator: str = Field(min_length=1, max_length=254)
    database_url: SecretStr | None = None
    marts_url: str | None = None
    metrics: Path = Path("db/metrics")
    reports: Path = Path("reports")
    require_owner_signature: bool = False
    """Only the owner's own proved identity may verify."""
    source: tuple[Source, ...] = ()
    compute: Compute = Compute()
    schedule: Schedule = Schedule()
    api: Api = Api()
    cockpit: Cockpit = Cockpit()
    audit: Audit = Audit()

    @field_validator("source")
    @classmethod
    def _one_source_per_schema(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.schema_name for source in sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two [[source]] entries name the schema {name!r}; a schema has one source")
        return sources

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose content arrives as the arguments of the class."""
        return env_settings, init_settings


def read_settings(file: Path) -> Settings:
    """Settings of one workspace: the file, overruled by the environment.

    Raises
    ------
    SettingsError
        No such file, no TOML (line and column named), an unknown key (the nearest known one named), a value that does
        not fit, or a secret in the file. Every fault is named at once.
    """
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{file}: no such file. Make a workspace with `heartbeat init DIR`.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not readable as TOML: {error}") from None
    url = content.get("database_url")
    if isinstance(url, str) and urlsplit(url).password:
        raise SettingsError(
            f"{file}: database_url holds a password, and this file is shared. "
            "Put the URL into the variable HEARTBEAT_DATABASE_URL instead."
        )
    try:
        return Settings(**content)
    except ValidationError as error:
        raise SettingsError("\n".join(_in_words(file, fault) for fault in error.errors())) from None


def unknown_variables() -> dict[str, str | None]:
    """`HEARTBEAT_` variables that mean nothing, each with the nearest one that does (None: nothing is near)."""
    known = set(_known_variables())
    strangers = sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known)
    return {name: next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.6)), None) for name in strangers}


def _known_variables() -> list[str]:
    names: list[str] = list(_OUTSIDE_THE_FILE)
    for name, field in Settings.model_fields.items():
        names.append(_PREFIX + name.upper())
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section):
            names += [f"{_PREFIX}{name.upper()}__{inner.upper()}" for inner in field.annotation.model_fields]
    return names


def _in_words(file: Path, fault: Any) -> str:
    where = [str(part) for part in fault["loc"]]
    dotted = ".".join(where)
    # pydantic-settings hides which source spoke last; the variable is asked first because it wins.
    variable = _PREFIX + "__".join(part.upper() for part in where)
    origin = f"variable {variable}" if variable in os.environ else str(file)
    match fault["type"]:
        case "extra_forbidden":
            section: type[BaseModel] = Settings
            if where[0] == "source" and len(where) > 1:
                section = Source
            elif where[:2] == ["schedule", "audit"] and len(where) > 2:
                section = ScheduledAudit
            elif len(where) > 1:
                section = {
                    "compute": Compute,
                    "schedule": Schedule,
                    "api": Api,
                    "cockpit": Cockpit,
                    "audit": Audit,
                }[where[0]]
            known = [field.alias or name for name, field in section.model_fields.items()]
            near = difflib.get_close_matches(where[-1], known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(known))}."
            return f"{origin}: unknown setting {dotted!r}. {hint}"
        case "missing":
            return f"{origin}: the setting {dotted!r} is missing."
        case _:
            return f"{origin}: {dotted}: {str(fault['msg']).removeprefix('Value error, ')}."
