"""SQL lies in `.sql` files beside the code and is read from there once."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import LiteralString, cast


@cache
def load_sql(package: str, name: str) -> LiteralString:
    """Text of `<package>/sql/<name>.sql`, shipped with the package and therefore trusted.

    Parameters
    ----------
    package
        Dotted name, such as `heartbeat_lib.compute`.
    name
        File name without `.sql`.

    Raises
    ------
    FileNotFoundError
        There is no such file: a defect of the program.
    """
    text = (resources.files(package) / "sql" / f"{name}.sql").read_text("utf-8")
    return cast(LiteralString, text)
