"""ETag and If-Match: the version of a metric that somebody saw."""

from __future__ import annotations

import re

from heartbeat_lib.api.problems import Problem, fault

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*')
_VERSION = re.compile(r"[1-9]\d{0,17}")


def etag(row_version: int) -> str:
    """A strong tag. It names the version of what people and files say of a metric; values come and go under it."""
    return f'"{row_version}"'


def versions(if_match: list[str]) -> frozenset[int]:
    """The versions that the If-Match headers name; a tag that is weak or none of ours names none and so never matches.

    >>> sorted(versions(['"3", "x"', 'W/"4"']))
    [3]

    Raises
    ------
    Problem
        428 without the header, or with `*`, which would match whatever stands there; 400 where it is no list of tags.
    """
    said = ",".join(if_match).strip()
    if not said or said == "*":
        message = 'If-Match must name the version that you saw, such as If-Match: "3": the ETag of GET on the metric.'
        raise Problem(428, message, errors=[fault("If-Match", "version_needed", message)])
    found: set[int] = set()
    at = 0
    while at <= len(said):
        tag = _TAG.match(said, at)
        if tag is None or (tag.end() < len(said) and said[tag.end()] != ","):
            message = f'If-Match holds {said!r}, which is no entity tag in quotes such as "3".'
            raise Problem(400, message, errors=[fault("If-Match", "entity_tag", message)])
        if tag[1] is None and _VERSION.fullmatch(tag[2]):
            found.add(int(tag[2]))
        at = tag.end() + 1
    return frozenset(found)
