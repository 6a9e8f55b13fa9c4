"""The shape of a metric file: only INSERT and UPDATE on `heartbeat.metric_registry`.

This is courtesy, not the wall: it gives good messages with file and line before anything runs. The wall is the scratch
database, where the login has no other right. Statements are therefore allowed by class and never refused by class: what
the parser does not know counts as not allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from heartbeat_lib.registration.findings import Finding
from heartbeat_lib.registration.metric_file import MetricFile

REGISTRY = "heartbeat.metric_registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a file and the line it begins on."""

    line: int
    text: str


def split(file: MetricFile) -> tuple[Statement, ...]:
    """The file's statements in order.

    Raises
    ------
    sqlglot.errors.SqlglotError
        The text cannot be cut into tokens (an open string, say).
    """
    parts: list[list[Token]] = [[]]
    for token in sqlglot.tokenize(file.text, read="postgres"):
        if token.token_type == TokenType.SEMICOLON:
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(
        Statement(line=file.text.count("\n", 0, part[0].start) + 1, text=file.text[part[0].start : part[-1].end + 1])
        for part in parts
        if part
    )


def statement_lines(file: MetricFile) -> dict[int, int]:
    """Line on which each statement begins, by its number from 0; empty where the text cannot be cut."""
    try:
        return {number: statement.line for number, statement in enumerate(split(file))}
    except SqlglotError:
        return {}


def judge_statements(file: MetricFile) -> list[Finding]:
    """A finding for every statement that is not an INSERT or UPDATE on the registry."""
    try:
        statements = split(file)
    except SqlglotError:
        # PostgreSQL says it better, with its own position; evaluation follows and cannot succeed on an open string.
        return []
    if not statements:
        return [file.finding("no-statement", "only comments here; write the INSERT that defines the metric")]
    findings: list[Finding] = []
    for statement in statements:
        message = _not_allowed(statement.text)
        if message:
            findings.append(file.finding("statement", message, line=statement.line))
    return findings


def _not_allowed(text: str) -> str | None:
    allowed = f"a metric file holds only INSERT and UPDATE on {REGISTRY}"
    try:
        trees = sqlglot.parse(text, read="postgres")
    except SqlglotError:
        word = text.split(None, 1)[0].upper()
        return None if word in ("INSERT", "UPDATE", "WITH") else f"{word} is not allowed: {allowed}"
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Insert | exp.Update):
        return f"{text.split(None, 1)[0].upper()} is not allowed: {allowed}"
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    name = f"{target.db}.{target.name}" if isinstance(target, exp.Table) else ""
    if name.lower() != REGISTRY:
        return f"this writes to {name.strip('.') or 'something else'}: {allowed}"
    return None
