"""The process that serves the page: Voila with one notebook, so set up that who looks can look and decide, and no more.

Every page has a kernel of its own, taken from a small pool of kernels that ran the notebook already. Viewers reach it only by
messages of the widget: code is refused, files are not served. Nothing of the user's Jupyter is read, no other host is asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import tornado.web
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets import default
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from heartbeat_lib import notebooks, processes
from heartbeat_lib.cockpit.identity import environment_name
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.store import Role
from heartbeat_lib.workspace import Workspace

_LOG = logging.getLogger("heartbeat.cockpit")
_POOL = 2
"""Kernels that wait for a page, 90 MB each: two, so that a wall and a person may come at once."""
_PATIENCE_S = 300
"""How long a kernel outlives its page: after a short loss of the network the same page goes on."""
_LOOK_S = 30
"""How often it is looked for kernels without a page."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_LOOPBACK_NAMES = r"(localhost|127(\.\d+){3}|\[::1\])"
# The page's own scripts: Lab's loader builds functions from text, and widgets arrive as blobs. Nothing comes from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' blob: 'unsafe-inline' 'unsafe-eval'; style-src 'self' blob: 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
# Without the third the page shows the widget's name as text, and no error anywhere.
_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "anywidget", "@voila-dashboards/widgets-manager8"]


class PortTakenError(HeartbeatError):
    """The address cannot be listened on."""


def serve(workspace: Workspace, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page until SIGTERM or Ctrl-C; then no kernel is left.

    Parameters
    ----------
    host
        Where to listen. Beyond loopback a token is asked for, made anew at each start.
    port
        0 takes a free one.
    ready
        Called with the page's address, such as http://127.0.0.1:8718/, once it answers. It carries the token where there is one.

    Raises
    ------
    PortTakenError
        Host and port cannot be had.
    """
    listening = _listen(host, port)
    port = listening[0].getsockname()[1]
    token = "" if _is_loopback(host) else secrets.token_urlsafe(24)
    _log_without(token)
    # A path of a socket holds about a hundred characters, and a workspace's may be longer.
    with tempfile.TemporaryDirectory(prefix="heartbeat-") as sockets:
        # Kernels inherit it.
        environment = kernel_environment(os.environ, workspace, runtime=sockets, host=host)
        os.environ.clear()
        os.environ.update(environment)
        config = _config(workspace, host, port, token)
        server = _Server(config=config, log=_LOG, connection_dir=sockets)
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(server.run(listening, ready))
        finally:
            # The loop does not run on to wind up: what waits for kernels would restart them, or never let go.
            logging.disable()
            processes.end(processes.tree(os.getpid())[1:])


class _Page(TornadoVoilaHandler):
    """The page. A GET takes a kernel, so it is refused to whom another site sent for an image or a script."""

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        if (
            self.request.headers.get("Sec-Fetch-Site") == "cross-site"
            and self.request.headers.get("Sec-Fetch-Mode") != "navigate"
        ):
            raise tornado.web.HTTPError(403)
        if path:
            raise tornado.web.HTTPError(404)
        if "token" in self.request.query_arguments:
            # Signed in by now, with a cookie: the token stays neither in the address nor in the kernel's environment.
            self.redirect(self.request.path)
            return
        _ = self.xsrf_token  # its cookie is what the page's goodbye needs
        await cast("Awaitable[None]", super().get(path))


class _Kernels(AsyncMappingKernelManager):
    """Ends a kernel some minutes after its page left. What it sends by itself is no sign of anybody."""

    def __init__(self, **names: Any) -> None:
        self._alone_since: dict[str, float] = {}
        super().__init__(**names)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Called every `_LOOK_S` seconds for every kernel that does not wait in the pool."""
        if self._kernel_connections.get(kernel_id, 0):
            self._alone_since.pop(kernel_id, None)
        elif time.monotonic() - self._alone_since.setdefault(kernel_id, time.monotonic()) > _PATIENCE_S:
            del self._alone_since[kernel_id]
            await cast("Awaitable[None]", self.shutdown_kernel(kernel_id))


class _OwnPython(KernelSpecManager):
    """Knows this very Python, whatever kernels the machine has under the same name."""

    @default("kernel_dirs")
    def _none(self) -> list[str]:
        return []


class _Server(Voila):
    async def run(self, listening: list[socket.socket], ready: Callable[[str], None]) -> None:
        self.initialize([])
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
        loopback = _is_loopback(self.ip)
        settings = cast("dict[str, Any]", self.init_settings())  # from here on the pool of kernels fills
        settings |= {"headers": {"Content-Security-Policy": _POLICY}, "log_function": lambda _: None}
        self.app = tornado.web.Application(**settings)
        # Under another name a foreign site would pass for this one: a browser follows its DNS to this machine.
        self.app.add_handlers(_LOOPBACK_NAMES if loopback else ".*", self._routes())
        HTTPServer(self.app).add_sockets(listening)
        await AsyncHTTPClient().fetch(f"http://{_reached_at(self.ip)}:{self.port}/voila/static/voila.js")
        shown = socket.gethostname() if self.ip in _EVERYWHERE else _reached_at(self.ip)
        ready(f"http://{shown}:{self.port}/{f'?token={self.token}' if self.token else ''}")
        await stopping.wait()

    def _routes(self) -> list[Any]:
        routes: Any = self.init_handlers()
        return [(path, _Page if handler is TornadoVoilaHandler else handler, *rest) for path, handler, *rest in routes]


def _config(workspace: Workspace, host: str, port: int, token: str) -> Config:
    notebook = notebooks.find_app(workspace, "cockpit.ipynb")
    header = workspace.settings.cockpit.identity_header
    return Config(
        {
            "Voila": {
                "notebook_path": str(notebook),
                "root_dir": str(notebook.parent),
                "config_file_paths": [],
                "ip": host,
                "port": port,
                "token": token,
            },
            "VoilaConfiguration": {
                "template": "heartbeat",
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "preheat_kernel": True,
                "default_pool_size": _POOL,
                "multi_kernel_manager_class": _Kernels,
                "kernel_spec_manager_class": _OwnPython,
                "extension_allowlist": _EXTENSIONS,
                "file_allowlist": [],
                "strip_sources": True,
                "show_tracebacks": False,
                "http_header_envs": [header] if header else [],
            },
            "MappingKernelManager": {"cull_idle_timeout": _PATIENCE_S, "cull_interval": _LOOK_S},
            # Reached over sockets in a private folder: no open port, nothing for another user to connect to.
            "ConnectionFileMixin": {"transport": "ipc"},
        }
    )


def kernel_environment(given: Mapping[str, str], workspace: Workspace, *, runtime: str, host: str) -> dict[str, str]:
    """What Jupyter and the kernels find in their environment: `given`, without what they must not find.

    Parameters
    ----------
    runtime
        Folder for the kernels' sockets.
    host
        Where the server listens.
    """
    header = workspace.settings.cockpit.identity_header
    unwanted = {"JUPYTER_CONFIG_PATH", *([environment_name(header)] if header else [])}
    if given.get(_url_of(Role.OPERATOR)):
        # A page decides as the operator's login: it is handed that one alone.
        unwanted |= {"HEARTBEAT_DATABASE_URL", *(_url_of(role) for role in Role if role is not Role.OPERATOR)}
    jupyter = workspace.state / "jupyter"
    return {name: value for name, value in given.items() if name not in unwanted} | {
        "HEARTBEAT_WORKSPACE": str(workspace.root),
        "JUPYTER_CONFIG_DIR": str(jupyter),
        "JUPYTER_PATH": os.pathsep.join(str(folder) for folder in notebooks.app_folders(workspace)),
        "JUPYTER_DATA_DIR": str(jupyter),
        "JUPYTER_RUNTIME_DIR": runtime,
        "IPYTHONDIR": str(jupyter / "ipython"),
        "VOILA_APP_IP": _reached_at(host),
    }


def _url_of(role: Role) -> str:
    return f"HEARTBEAT_DATABASE_URL_{role.short}"


def _listen(host: str, port: int) -> list[socket.socket]:
    try:
        return bind_sockets(port, host)
    except OSError as error:
        raise PortTakenError(
            f"Port {port} of {host} cannot be had ({error.strerror}). Another workspace's cockpit, perhaps: give another "
            "one with --port, or with port under [cockpit] in heartbeat.toml."
        ) from None


def _reached_at(host: str) -> str:
    """How this machine itself writes `host` into an address."""
    host = _EVERYWHERE.get(host, host)
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _log_without(token: str) -> None:
    """Warnings and errors on stderr. Requests are not logged; a fault's description of one loses the token."""

    def hide(record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().replace(token, "..."), None
        return True

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    if token:
        handler.addFilter(hide)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # Their warnings are about Jupyter's and Tornado's affairs, such as that the notebook is not signed.
    for name in (_LOG.name, "tornado.general"):
        logging.getLogger(name).setLevel(logging.ERROR)
