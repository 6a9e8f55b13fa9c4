"""The application: routes, walls and documents put together."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from heartbeat_lib.api import decisions, docs_page, documents, problems, reads
from heartbeat_lib.api.digits import Digits
from heartbeat_lib.api.walls import Walls
from heartbeat_lib.workbench import Workbench

_DESCRIPTION = (
    "Read metrics, and decide about them as `heartbeat set` does. From this machine no token is needed: the record names the "
    "operator of heartbeat.toml, self-declared. A token proves its name. A decision names the version that you saw (If-Match)."
)


def make_app(bench: Workbench) -> FastAPI:
    """The API of one workspace, as an ASGI application.

    Parameters
    ----------
    bench
        Stays open as long as the application serves; each request has its own connections, as reader or operator.
    """
    # FastAPI's own pages load scripts from elsewhere, and its own JSON turns Decimals into floats.
    app = FastAPI(title="Heartbeat API", version="1", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.bench = bench
    app.add_middleware(Walls)
    problems.add_to(app)
    for router in (reads.health, reads.router, decisions.router):
        app.include_router(router)
    described = _described(app)

    @app.get("/api/openapi.json", include_in_schema=False)
    def openapi() -> Digits:
        return Digits(described)

    docs_page.add_to(app, described)
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes)
    components = found.setdefault("components", {})
    components["schemas"] = dict(documents.SCHEMAS)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": "From `heartbeat token new`."}}
    found["security"] = [{"token": []}, {}]
    return found
