"""`/api/docs`: the OpenAPI document as one page that needs no script and no other host."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from string import Template
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from heartbeat_lib.api import documents
from heartbeat_lib.api.problems import TITLES
from heartbeat_lib.model.json_text import json_text


def add_to(app: FastAPI, described: dict[str, Any]) -> None:
    """Serve the page and its style sheet; `described` is the OpenAPI document."""
    page = _page(described)
    style = (documents.STATIC / "docs.css").read_text("utf-8")

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page)

    @app.get("/api/docs.css", include_in_schema=False)
    def css() -> Response:
        return Response(style, media_type="text/css")


def _page(described: dict[str, Any]) -> str:
    operations = "\n".join(
        _operation(f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    statuses = "\n".join(
        f'<tr id="status-{status}"><td>{status}</td><td>{escape(title)}</td></tr>' for status, title in TITLES.items()
    )
    return Template((documents.STATIC / "docs.html").read_text("utf-8")).substitute(
        description=escape(described["info"]["description"]),
        operations=operations,
        problem=_json(documents.EXAMPLES["problem"]),
        statuses=statuses,
    )


def _operation(title: str, operation: dict[str, Any]) -> str:
    parts = [f"<h2><code>{escape(title)}</code></h2>", f"<p>{escape(operation.get('description', ''))}</p>"]
    if parameters := operation.get("parameters", []):
        parts.append(
            _table((f"<code>{escape(given['name'])}</code>", escape(given.get("description", ""))) for given in parameters)
        )
    if "requestBody" in operation:
        parts += ["<p>Body:</p>", f"<pre>{_example(operation['requestBody'])}</pre>"]
    parts += ["<p>Answer:</p>", f"<pre>{_example(operation['responses']['200'])}</pre>"]
    refusals = ((status, said["description"]) for status, said in operation["responses"].items() if status != "200")
    parts.append(_table((f'<a href="#status-{status}">{status}</a>', escape(said)) for status, said in refusals))
    return "\n".join(parts)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><td>{left}</td><td>{right}</td></tr>" for left, right in rows)
    return f"<table><tbody>{lines}</tbody></table>"


def _example(holder: dict[str, Any]) -> str:
    (example,) = holder["content"]["application/json"]["examples"].values()
    return _json(example["value"])


def _json(value: Any) -> str:
    return escape(json_text(value, indent=2))
