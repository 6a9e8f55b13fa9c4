"""The real process: `heartbeat cockpit`, its kernels, what a viewer reaches and what not, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import InvalidStatus

from heartbeat_lib import notebooks, processes
from heartbeat_lib.cockpit.server import kernel_environment
from heartbeat_lib.workspace import Workspace
from tests.cockpit.server.conftest import PAGE, show, wait_for

pytestmark = pytest.mark.slow  # processes, kernels and browsers


def alive(process):
    """Dead but not yet fetched is dead."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def message(kind, content):
    """A message of a page to its kernel."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "", "version": "5.3", "date": ""}
    return {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_its_address_serves_and_ends_when_told_leaving_nothing_behind(start, place, number):
    """One line on stdout, no kernel, no socket, no announcement left; also with a page that is open."""
    with tempfile.TemporaryDirectory(prefix="hb-") as temporary:
        cockpit = start(TMPDIR=temporary)
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", cockpit.address), cockpit.said
        assert [found.name for found in processes.living(place)] == ["cockpit"]
        page = cockpit.open_page()
        with cockpit.channels(page.kernel):
            wait_for(lambda: len(cockpit.family) >= 4)  # itself, the page's kernel and two that wait
            family = cockpit.family
            cockpit.process.send_signal(number)
            assert cockpit.process.wait(15) == 0
        assert not [member for member in family if alive(member)]
        assert cockpit.process.stdout.read() == ""
        assert cockpit.said == ""
        assert processes.living(place) == []
        assert list(Path(temporary).iterdir()) == []


def test_the_wall_has_its_own_address(start):
    """The page reads the rest from the fragment."""
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#wall", start("--wall").address)


def test_only_this_machine_can_connect_and_kernels_have_no_ports(cockpit):
    """Kernels are reached over sockets in a private folder; the one port of each is ipykernel's own, for its children."""
    cockpit.open_page()
    wait_for(lambda: len(cockpit.family) >= 4)
    listening = [[found.laddr for found in one.net_connections() if found.status == "LISTEN"] for one in cockpit.family]
    assert [(found.ip, found.port) for found in listening[0]] == [("127.0.0.1", cockpit.port)]
    assert all(len(found) <= 1 for found in listening[1:])
    assert {address.ip for found in listening for address in found} == {"127.0.0.1"}


def test_a_port_that_is_taken_is_refused_with_what_to_do(cockpit, start, place):
    """In one line, and without a second announcement."""
    second = start("--port", str(cockpit.port))
    assert second.process.wait(30) == 1
    assert second.address == ""
    assert "--port" in second.said
    assert "Traceback" not in second.said
    assert [found.pid for found in processes.living(place)] == [cockpit.process.pid]


def test_the_page_is_the_widget_alone_and_names_no_other_host(cockpit):
    """No prose, no code; what it links lies here, and the browser is told to keep to that."""
    page = cockpit.open_page()
    assert "<title>Heartbeat</title>" in page.text
    assert '<html lang="en">' in page.text
    assert "application/vnd.jupyter.widget-view+json" in page.text
    assert "Prose" not in page.text
    assert "proved_identity" not in page.text
    assert set(re.findall(r"https?://[^\"'\s/]+", page.text)) <= {"http://www.w3.org"}  # the icon's namespace
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    linked = re.findall(r'<(?:link rel="stylesheet"[^>]*href|script src)="([^"]+)"', page.text)
    assert any("page.css" in link for link in linked)
    for link in linked:
        assert re.match(r"/(?!/)", link)
        file = cockpit.ask(link)
        assert file.status == 200
        if ".css" in link:
            assert "url(" not in file.text
            assert "@import" not in file.text


def test_a_viewer_cannot_run_code(cockpit, place):
    """The kernel answers who it is; what would run code never reaches it."""
    kernel = cockpit.open_page().kernel
    made = place.root / "made-by-a-viewer"
    code = f"open({str(made)!r}, 'w')"
    with cockpit.channels(kernel) as page:
        page.send(json.dumps(message("execute_request", {"code": code, "silent": False, "user_expressions": {}})))
        page.send(json.dumps(message("execute_request", {"code": "", "silent": True, "user_expressions": {"made": code}})))
        page.send(json.dumps(message("complete_request", {"code": code, "cursor_pos": 1})))
        asked = message("kernel_info_request", {})
        page.send(json.dumps(asked))
        kinds = []
        while "kernel_info_reply" not in kinds:
            answer = json.loads(page.recv(timeout=30))
            if answer["parent_header"].get("msg_id") == asked["header"]["msg_id"]:
                kinds.append(answer["msg_type"])
            assert answer["msg_type"] not in ("execute_reply", "complete_reply")
    assert not made.exists()


@pytest.mark.parametrize(
    "path",
    ["api", "api/contents", "api/kernels", "api/kernelspecs", "api/sessions", "api/terminals", "api/shutdown", "lab", "tree",
     "voila/api/contents", "voila/tree", "voila/render/cockpit.ipynb", "voila/files/cockpit.ipynb", "files/heartbeat.toml"],
)  # fmt: skip
def test_the_rest_of_jupyter_is_not_there(cockpit, path):
    """No files, no kernels of one's own, no terminals; asking starts no kernel."""
    cookies = cockpit.open_page().cookies
    wait_for(lambda: len(cockpit.family) >= 4)
    token = re.search(r"_xsrf=([^;]+)", cookies)[1]
    assert cockpit.ask(f"/{path}").status in (403, 404)
    assert cockpit.ask(f"/{path}", "POST", "{}", Cookie=cookies, X_XSRFToken=token).status in (403, 404, 405)


def test_a_kernel_cannot_be_restarted_or_reached_by_a_guess(cockpit):
    """Its number is the page's own secret, and only ending it is offered."""
    page = cockpit.open_page()
    token = re.search(r"_xsrf=([^;]+)", page.cookies)[1]
    assert cockpit.ask(f"/api/kernels/{page.kernel}/restart", "POST", Cookie=page.cookies, X_XSRFToken=token).status != 200
    with pytest.raises(InvalidStatus) as refused, cockpit.channels(str(uuid.uuid4())):
        pass
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("path", ["/", "/voila/static/voila.js", "/voila/templates/heartbeat/static/page.js"])
def test_only_its_own_names_are_answered_on_loopback(cockpit, path):
    """A foreign name that leads to this machine (DNS rebinding) finds nothing, kernels included."""
    assert cockpit.ask(path, Host=f"evil.example:{cockpit.port}").status == 404
    assert cockpit.ask(path, Host=f"127.0.0.1.evil.example:{cockpit.port}").status == 404
    assert cockpit.ask(path, Host=f"localhost:{cockpit.port}").status == 200


def test_a_foreign_page_gets_no_kernel(cockpit):
    """Neither by a socket, nor by asking for the page as an image; a link from elsewhere is followed."""
    kernel = cockpit.open_page().kernel
    with pytest.raises(InvalidStatus) as refused, cockpit.channels(kernel, Origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    assert cockpit.ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403
    assert cockpit.ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200


def test_a_page_that_leaves_ends_its_kernel(cockpit):
    """Its goodbye needs the cookie that the page was given."""
    page = cockpit.open_page()
    process = psutil.Process(cockpit.known(page.kernel)["pid"])
    token = re.search(r"_xsrf=([^;]+)", page.cookies)[1]
    goodbye = f"/voila/api/shutdown/{page.kernel}"
    form = {"Cookie": page.cookies, "Content_Type": "application/x-www-form-urlencoded"}
    assert cockpit.ask(goodbye, "POST", "", Cookie=page.cookies).status == 403
    assert alive(process)
    assert cockpit.ask(goodbye, "POST", f"_xsrf={token.replace('|', '%7C')}", **form).status == 204
    wait_for(lambda: not alive(process))


def test_a_kernel_whose_page_is_gone_is_ended_and_one_with_a_page_is_not(start):
    """A wall that nobody touches stays; what was asked for and dropped does not."""
    cockpit = start(patience_s=1)
    kept, dropped = cockpit.open_page().kernel, cockpit.open_page().kernel
    with cockpit.channels(kept):
        gone = psutil.Process(cockpit.known(dropped)["pid"])
        wait_for(lambda: not alive(gone))
        time.sleep(3)
        assert alive(psutil.Process(cockpit.known(kept)["pid"]))
        assert len(cockpit.family) == 1 + 1 + 2  # the two that wait for pages live on as well


def test_beyond_loopback_a_token_is_asked_for(start):
    """Without it neither page nor kernel; with it a cookie; and it is nowhere but in the address."""
    cockpit = start("--host", "0.0.0.0")
    base, _, token = cockpit.address.partition("?token=")
    assert base == f"http://{socket.gethostname()}:{cockpit.port}/"
    assert len(token) >= 32
    for path in ("/", "/?token=wrong"):
        refused = cockpit.ask(path)
        assert (refused.status, refused.headers["Location"].partition("?")[0].rpartition("/")[2]) == (302, "login")
    assert cockpit.ask("/login").status == 200
    signed_in = cockpit.ask(f"/?token={token}")
    assert (signed_in.status, signed_in.headers["Location"]) == (302, "/")
    page = cockpit.open_page(Cookie=signed_in.cookies)
    with pytest.raises(InvalidStatus) as refused, cockpit.channels(page.kernel):
        pass
    assert refused.value.response.status_code == 403
    with cockpit.channels(page.kernel, Cookie=signed_in.cookies) as channels:
        channels.send(json.dumps(message("kernel_info_request", {})))
        assert channels.recv(timeout=30)
    for _ in range(3):
        page = cockpit.open_page(Cookie=signed_in.cookies)
        assert token not in json.dumps(cockpit.known(page.kernel)["environment"])
    assert token not in cockpit.said
    assert token not in "".join(file.read_text() for file in (cockpit.workspace.state / "processes").iterdir())


def test_a_page_that_fails_says_where_to_look_and_the_log_says_why(start, place):
    """The viewer sees no trace of the code."""
    show(place, "raise RuntimeError('the reason ' + 'why')")
    try:
        cockpit = start()
        page = cockpit.open_page()
    finally:
        show(place, PAGE)
    assert "The cockpit cannot be shown" in page.text
    assert "RuntimeError" not in page.text
    assert "the reason why" not in page.text
    assert "RuntimeError: the reason why" in re.sub(r"\x1b\[[\d;]*m", "", cockpit.said)


def test_nothing_of_the_users_jupyter_is_read(start, tmp_path):
    """Settings, kernels of the same name, start-up files: none of them has a say here."""
    for name, content in {
        ".jupyter/voila.json": '{"VoilaConfiguration": {"template": "lab", "strip_sources": false}, "Voila": {"token": "t"}}',
        ".local/share/jupyter/kernels/python3/kernel.json": '{"argv": ["/bin/false"], "display_name": "x", "language": "python"}',
        ".ipython/profile_default/startup/0.py": "import os; os.environ['STARTED_BY'] = 'the user'",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(content)
    cockpit = start(HOME=str(tmp_path))
    page = cockpit.open_page()
    assert "<title>Heartbeat</title>" in page.text
    assert "STARTED_BY" not in cockpit.known(page.kernel)["environment"]
    assert cockpit.said == ""


def test_without_a_header_configured_nobody_is_proved_and_nobody_waits(cockpit):
    """Whatever a request says."""
    page = cockpit.open_page(X_Forwarded_Email="eve@x.example")
    known = cockpit.known(page.kernel)
    assert known["who"] is None
    assert "identity" not in known["threads"]


def test_each_page_learns_its_own_viewer_from_the_proxy(start, place):
    """Kernels that waited and one that was started for its page; no header, or two, prove nobody."""
    toml = place.root / "heartbeat.toml"
    before = toml.read_text("utf-8")
    toml.write_text(before + '\n[cockpit]\nidentity_header = "X-Forwarded-Email"\n', "utf-8")
    try:
        cockpit = start(HTTP_X_FORWARDED_EMAIL="left@x.example")
        wait_for(lambda: len(cockpit.family) >= 3)
        time.sleep(2)
        named = ["ann@x.example", "bob@x.example", "cy@x.example", None, "ann@x.example,eve@x.example"]
        with ThreadPoolExecutor(len(named)) as viewers:
            pages = list(viewers.map(lambda name: cockpit.open_page(**({"X_Forwarded_Email": name} if name else {})), named))
        known = [cockpit.known(page.kernel) for page in pages]
        assert [one["who"] for one in known] == ["ann@x.example", "bob@x.example", "cy@x.example", None, None]
        assert {one["environment"]["VOILA_PREHEAT"] for one in known} == {"True", "False"}
    finally:
        toml.write_text(before, "utf-8")


def test_a_kernel_is_handed_the_operators_login_alone(place):
    """Where one is named; else the one login that there is."""
    urls = {f"HEARTBEAT_DATABASE_URL{role}": "postgresql://x" for role in ("", "_DEPLOY", "_OPERATOR", "_COMPUTE", "_READER")}

    def handed(given):
        made = kernel_environment(given, place, runtime="/r", host="127.0.0.1")
        return {name for name in made if name.startswith("HEARTBEAT_DATABASE_URL")}

    assert handed(urls) == {"HEARTBEAT_DATABASE_URL_OPERATOR"}
    del urls["HEARTBEAT_DATABASE_URL_OPERATOR"]
    assert handed(urls) == set(urls)


def test_a_workspace_without_a_page_of_its_own_gets_the_packages(workspace):
    """Which shows the workbench's cockpit."""
    shipped = notebooks.find_app(workspace, "cockpit.ipynb")
    assert shipped == Path(__file__).parents[3] / "voila_apps" / "cockpit.ipynb"
    show(workspace, "1")
    assert notebooks.find_app(Workspace.find(workspace.root), "cockpit.ipynb") == workspace.root / "voila_apps" / "cockpit.ipynb"
