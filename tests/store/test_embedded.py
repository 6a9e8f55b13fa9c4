"""The embedded server: one per workspace whoever starts it, private, back after a crash, gone when told.

These tests make servers of their own; each is stopped and removed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from heartbeat_lib.store import LoginRefused, Role, Store, StoreUnavailable
from heartbeat_lib.store.cluster import PidFile, lives
from heartbeat_lib.store.embedded import EmbeddedServer

OPEN = """
import sys, pathlib
from heartbeat_lib.store import Role, Store
with Store.open(state_dir=pathlib.Path(sys.argv[1])).connect(Role.READER) as connection:
    sys.stdout.write(str(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0]))
"""


@pytest.fixture(scope="module")
def new_server(scratch_folder) -> Iterator[Callable[..., EmbeddedServer]]:
    """`new_server(folder)`: a server in a workspace of its own, not started; `folder` is the workspace's name."""
    made: list[tuple[EmbeddedServer, Path]] = []

    def make(folder="shop"):
        parent = Path(tempfile.mkdtemp(prefix="heartbeat-test-", dir=scratch_folder))
        made.append((EmbeddedServer(parent / folder / ".heartbeat"), parent))
        return made[-1][0]

    yield make
    for server, parent in made:
        server.stop()
        shutil.rmtree(parent)


@pytest.fixture(scope="module")
def running(new_server) -> EmbeddedServer:
    """One that runs, for all tests that do not mind the others; its path is one that a shell would take apart."""
    server = new_server("it's $HOME, my shop; (new)")
    Store.open(state_dir=server.state_dir)
    return server


def mode(path):
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def kill(server):
    """The postmaster, the hard way."""
    found = PidFile.read(server.data_dir)
    os.kill(found.pid, signal.SIGKILL)
    while server.address() is not None or lives(server.data_dir):
        time.sleep(0.01)
    return found.pid


def test_several_processes_on_a_new_folder_get_one_server_and_say_nothing(new_server):
    """The first initialises and migrates; the others wait for it. Nothing of that is anybody's output.

    A first start that was broken off before lies there too: the cluster is renamed into place when it is whole.
    """
    server = new_server()
    draft = server.state_dir / "postgres.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    environment = {**os.environ, "LC_ALL": "C"}
    environment.pop("XDG_RUNTIME_DIR", None)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(server.state_dir)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(4)
    ]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], said
    assert len({out for out, _ in said}) == 1
    assert {err for _, err in said} == {""}
    assert not draft.exists()


def test_nobody_comes_in_without_a_password(running):
    """`trust` would make whoever reaches the socket the superuser."""
    place = running.address()
    assert place is not None
    for password in ("", "guess"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host=str(place.folder), port=place.port, user="postgres", dbname="postgres", password=password)
    rules = (running.data_dir / "pg_hba.conf").read_text()
    methods = {line.split()[-1] for line in rules.splitlines() if line.strip() and not line.startswith("#")}
    assert methods == {"scram-sha-256", "reject"}


def test_secrets_and_folders_are_the_owners_alone(running):
    """As root the server's user may walk through `.heartbeat` and reads nothing there but its own data."""
    state, root = running.state_dir, os.geteuid() == 0
    assert mode(state) == (0o710 if root else 0o700)
    assert [mode(state / name) for name in ("secrets", "runtime", "postgres")] == [0o700, 0o700, 0o700]
    files = sorted((state / "secrets").iterdir())
    assert {path.name for path in files} >= {"postgres", *Role}
    assert {mode(path) for path in files} == {0o600}
    assert len({path.read_text() for path in files}) == len(files)
    assert not [path for path in state.iterdir() if path.name.startswith(".initdb-") or path.name.endswith(".new")]


def test_no_password_stands_in_the_servers_log(running):
    """They are sent as SCRAM's verifiers."""
    with running.connect_admin() as admin:
        admin.execute("ALTER SYSTEM SET log_statement = 'all'")
        admin.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)
        running.give_passwords([*Role, "heartbeat_file"])
        admin.execute("ALTER SYSTEM RESET log_statement")
        admin.execute("SELECT pg_reload_conf()")
    log = running.log.read_text()
    assert "ALTER ROLE" in log
    assert not [path.name for path in (running.state_dir / "secrets").iterdir() if path.read_text() in log]


def test_the_file_login_sees_no_database_but_those_it_is_let_into(running):
    """It runs what strangers write."""
    for name in ("postgres", "template1", "heartbeat"):
        with pytest.raises(LoginRefused):
            running.connect_file(name)
    with running.connect_admin() as admin:
        admin.execute("CREATE DATABASE scratch")
        admin.execute("GRANT CONNECT ON DATABASE scratch TO heartbeat_file")
    with running.connect_file("scratch") as connection:
        assert connection.execute("SELECT session_user::text").fetchall() == [("heartbeat_file",)]
    with running.connect_admin() as admin:
        admin.execute("DROP DATABASE scratch WITH (FORCE)")


@pytest.mark.parametrize("lost", ["changed", "removed"])
def test_a_lost_password_of_a_lesser_login_is_set_again(running, lost):
    """A login may change its own password, and a file may go; neither locks the workspace out."""
    with Store.open(state_dir=running.state_dir).connect(Role.READER, autocommit=True) as connection:
        connection.execute("ALTER ROLE heartbeat_reader PASSWORD 'mine'")
    if lost == "removed":
        (running.state_dir / "secrets" / "heartbeat_reader").unlink()
    Store.open(state_dir=running.state_dir).connect(Role.READER).close()


def test_joining_a_running_server_is_quick(running):
    """Every command pays it. The best of a few, because the machine has other things to do."""
    times = []
    for _ in range(15):
        begun = time.perf_counter()
        Store.open(state_dir=running.state_dir)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.030


def test_joining_imports_nothing_of_the_servers_package(running):
    """It costs more than the joining."""
    program = OPEN + "\nassert not [name for name in sys.modules if name.startswith(('pixeltable', 'psutil'))]"
    subprocess.run([sys.executable, "-c", program, str(running.state_dir)], check=True, capture_output=True, timeout=30)


class TestCrash:
    """The server was killed; the next who needs it starts it."""

    def test_the_next_process_starts_it_and_what_was_acknowledged_is_there(self, running):
        """With the pid file of the dead one still lying there."""
        with running.connect_admin() as admin:
            admin.execute("CREATE TABLE IF NOT EXISTS public.kept (n integer)")
            admin.execute("INSERT INTO public.kept VALUES (1)")
        kill(running)
        assert (running.data_dir / "postmaster.pid").exists()
        with running.connect_admin() as admin:
            assert admin.execute("SELECT count(*) FROM public.kept").fetchall()[0][0] >= 1

    def test_a_query_of_the_killed_server_that_still_runs_is_waited_for(self, running):
        """Two servers on one folder would ruin it; the memory that the orphan holds tells."""
        busy = running.connect_admin()
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 10000000)")
        time.sleep(0.2)
        kill(running)
        running.connect_admin().close()
        busy.close()

    def test_a_pid_that_belongs_to_another_process_by_now_is_not_taken_for_the_server(self, running):
        """Usual in containers, where numbers begin anew. Both files that a killed server leaves name it."""
        kill(running)
        files = [running.data_dir / "postmaster.pid", *running.data_dir.glob(".s.PGSQL.*.lock")]
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        try:
            for file in files:
                file.write_text("\n".join([str(other.pid), *file.read_text().splitlines()[1:]]) + "\n")
            running.connect_admin().close()
        finally:
            other.kill()
            other.wait()

    def test_several_processes_after_a_crash_get_one_server(self, running):
        """The race of the first start, once more."""
        kill(running)
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN, str(running.state_dir)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(4)
        ]
        said = [process.communicate(timeout=60) for process in processes]
        assert {err for _, err in said} == {""}
        assert len({out for out, _ in said}) == 1

    def test_a_server_that_cannot_start_gives_one_line_and_its_log(self, new_server):
        """What PostgreSQL said, and where more stands."""
        server = new_server()
        server.ensure_running()
        server.stop()
        (server.data_dir / "global" / "pg_control").unlink()
        with pytest.raises(StoreUnavailable) as refused:
            server.ensure_running()
        assert "\n" not in str(refused.value)
        assert str(server.log) in str(refused.value)
        assert "does not start" in str(refused.value)
        assert refused.value.log == server.log


def test_a_path_too_long_for_a_socket_works_and_stays_private(new_server):
    """The socket moves to a folder of random name that only its owner may enter, and goes with the server."""
    server = new_server("a-rather-deep-folder/" * 6 + "shop")
    store = Store.open(state_dir=server.state_dir)
    place = server.address()
    assert place is not None
    assert server.data_dir not in (place.folder, *place.folder.parents)
    assert mode(place.folder) == 0o700
    assert mode(place.folder / ".s.PGSQL.5432") == 0o700
    assert place.folder.owner() == server.data_dir.owner()
    store.connect(Role.READER).close()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        program = f"import socket; socket.socket(socket.AF_UNIX).connect({str(place.folder / '.s.PGSQL.5432')!r})"
        answer = subprocess.run(
            ["/usr/bin/python3", "-c", program],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert "PermissionError" in answer.stderr
    kill(server)
    store.connect(Role.READER).close()
    assert not place.folder.exists()
    again = server.address()
    assert again is not None
    assert server.stop() is True
    assert not again.folder.exists()


def test_stopping_tells_whether_there_was_something_to_stop(new_server):
    """And a connection after it starts the server again."""
    server = new_server()
    assert server.stop() is False
    connection = server.connect_admin()
    assert server.stop() is True
    assert server.stop() is False
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    server.connect_admin().close()


def test_a_socket_that_nobody_listens_on_is_no_server(new_server):
    """Whether it lives is decided by connecting."""
    server = new_server()
    server.data_dir.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(server.data_dir / ".s.PGSQL.5432"))
    (server.data_dir / "postmaster.pid").write_text(
        f"{os.getpid()}\n{server.data_dir}\n1\n5432\n{server.data_dir}\n\n1 1\nready\n"
    )
    assert server.address() is None


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_runs_as_an_ordinary_user(scratch_folder):
    """Nobody should have to be root."""
    python = "/usr/bin/python3"  # the tests' own may lie in a folder that other users cannot enter
    version = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    if version.stdout.strip() != str(sys.version_info[:2]):
        pytest.skip(f"{python} is not the Python that the packages were installed for")
    folder = Path(tempfile.mkdtemp(prefix="heartbeat-test-", dir=scratch_folder))
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    program = OPEN + "\nfrom heartbeat_lib.store.embedded import EmbeddedServer; EmbeddedServer(pathlib.Path(sys.argv[1])).stop()"
    packages = [str(Path(psycopg.__file__).parents[1]), str(Path(__file__).parents[2])]
    try:
        answer = subprocess.run(
            [python, "-c", program, str(folder / ".heartbeat")],
            user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": ":".join(packages)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (answer.returncode, answer.stderr) == (0, "")
        assert mode(folder / ".heartbeat") == 0o700
        assert (folder / ".heartbeat" / "postgres").owner() == "nobody"
    finally:
        shutil.rmtree(folder)
