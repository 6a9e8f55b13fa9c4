"""The store as a process sees it: connections by role, and plain words when there is none to be had."""

from __future__ import annotations

import pytest

from heartbeat_lib.store import (
    DatabaseAddressError,
    DatabaseBehind,
    LoginRefused,
    Role,
    Store,
    StoreUnavailable,
    role_urls_from_environment,
)
from heartbeat_lib.store.address import as_url, conninfo, masked, parts

SECRET = "s3cr3t-w0rd"


def test_a_connection_is_in_utc_and_says_whose_it_is(store):
    """Instants are compared as text in the log, and an administrator wants to know who is connected."""
    with store.connect(Role.COMPUTE) as connection:
        assert connection.execute(
            "SELECT current_user::text, current_setting('TimeZone'), current_setting('application_name')"
        ).fetchall() == [("heartbeat_compute", "UTC", "heartbeat compute")]
        assert connection.autocommit is False


def test_a_login_that_gave_itself_defaults_does_not_get_them_here(fresh_store):
    """It may (PostgreSQL lets it), so every connection sets what it needs."""
    with fresh_store.connect(Role.READER, autocommit=True) as connection:
        connection.execute("ALTER ROLE heartbeat_reader SET timezone = 'Asia/Kolkata'")
        connection.execute("ALTER ROLE heartbeat_reader SET statement_timeout = 1")
        connection.execute("ALTER ROLE heartbeat_reader SET default_transaction_isolation = 'serializable'")
    try:
        with fresh_store.connect(Role.READER) as connection:
            names = ("TimeZone", "statement_timeout", "transaction_isolation")
            assert [connection.execute("SELECT current_setting(%s)", [name]).fetchall()[0][0] for name in names] == [
                "UTC", "0", "read committed",
            ]  # fmt: skip
    finally:
        with fresh_store.connect(Role.READER, autocommit=True) as connection:
            connection.execute("ALTER ROLE heartbeat_reader RESET ALL")


@pytest.fixture
def own(fresh_store):
    """The test's database as a server of one's own: the URL of its superuser."""
    return fresh_store.masked_url(show_secrets=True)


def test_one_login_for_all_plays_the_roles(own, tmp_path):
    """It guards against accidents; `doctor` says that it does no more."""
    store = Store.open(state_dir=tmp_path, database_url=own)
    assert (store.embedded, store.roles_without_login) == (False, tuple(Role))
    with store.connect(Role.READER) as connection:
        assert connection.execute("SELECT session_user::text, current_user::text").fetchall() == [
            ("postgres", "heartbeat_reader")
        ]
    assert {"postgres", "heartbeat_deploy"} <= store.door_logins
    assert not (tmp_path / "postgres").exists()


def test_a_process_may_be_given_one_login_alone(own, tmp_path, fresh_store, server):
    """The cockpit on its own machine holds the operator's and no other."""
    if not fresh_store.embedded:
        pytest.skip("the embedded server's passwords are used here")
    url = as_url({**parts(own), "user": "heartbeat_operator", "password": server.passwords.read("heartbeat_operator")})
    store = Store.open(state_dir=tmp_path, role_urls={Role.OPERATOR: url})
    assert store.embedded is False
    with pytest.raises(LoginRefused, match="HEARTBEAT_DATABASE_URL_READER"):
        store.connect(Role.READER)
    assert store.server_version
    assert store.tamperings() == ()


def test_a_database_that_is_behind_without_a_login_to_migrate_it_is_told(own, tmp_path, fresh_store, server):
    """Nothing is guessed."""
    if not fresh_store.embedded:
        pytest.skip("the embedded server's passwords are used here")
    with fresh_store.connect_migrating(autocommit=True) as admin:
        admin.execute("DELETE FROM heartbeat.schema_version WHERE number > 2")
    url = as_url({**parts(own), "user": "heartbeat_reader", "password": server.passwords.read("heartbeat_reader")})
    with pytest.raises(DatabaseBehind, match="HEARTBEAT_DATABASE_URL"):
        Store.open(state_dir=tmp_path, role_urls={Role.READER: url})


class TestErrors:
    """One line that says what and what to do, and never a password."""

    def test_nobody_there(self, tmp_path):
        """A dead or unreachable server."""
        with pytest.raises(StoreUnavailable) as refused:
            Store.open(state_dir=tmp_path, database_url=f"postgresql://ann:{SECRET}@127.0.0.1:1/heartbeat")
        assert "127.0.0.1:1" in str(refused.value)
        assert SECRET not in str(refused.value)

    def test_a_wrong_password(self, own, tmp_path):
        """The server answers and does not let this login in."""
        with pytest.raises(LoginRefused) as refused:
            Store.open(state_dir=tmp_path, database_url=as_url({**parts(own), "password": SECRET}))
        assert "does not let postgres in" in str(refused.value)
        assert SECRET not in str(refused.value)
        assert refused.value.__cause__ is None

    @pytest.mark.parametrize(
        "url",
        [
            f"postgresql://ann:p@{SECRET}@db/heartbeat",
            f"postgresql://ann:%zz{SECRET}@db/heartbeat",
            f"mysql://ann:{SECRET}@db/x",
            f"host=db password='{SECRET}",
        ],
    )
    def test_an_address_that_is_none(self, tmp_path, url):
        """It may hold a password in any place, so it is not repeated."""
        with pytest.raises(DatabaseAddressError) as refused:
            Store.open(state_dir=tmp_path, database_url=url)
        assert "HEARTBEAT_DATABASE_URL" in str(refused.value)
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://ann:{SECRET}@db.example:5433/heartbeat", "postgresql://ann:***@db.example:5433/heartbeat"),
        (f"postgresql://db.example/heartbeat?user=ann&password={SECRET}", "postgresql://ann:***@db.example/heartbeat"),
        (f"host=db.example dbname=heartbeat user=ann password={SECRET}", "postgresql://ann:***@db.example/heartbeat"),
        (f"postgresql://ann:{SECRET}@/heartbeat?host=/run/pg", "postgresql://ann:***@/heartbeat?host=%2Frun%2Fpg"),
        (f"postgresql://ann:{SECRET}@[::1]:5432/heartbeat", "postgresql://ann:***@[::1]:5432/heartbeat"),
        (f"postgresql://ann@db/heartbeat?sslpassword={SECRET}", "postgresql://ann@db/heartbeat?sslpassword=%2A%2A%2A"),
        ("postgresql://db/heartbeat", "postgresql://db/heartbeat"),
    ],
)
def test_an_address_is_shown_without_its_password(url, shown):
    """However it was written."""
    assert masked(url, show_secrets=False) == shown
    assert masked(url, show_secrets=True) == url


def test_a_shown_address_still_means_the_same():
    """It is copied into a variable by somebody."""
    given = {
        "host": "/a b/c",
        "port": "5432",
        "user": "o'l/ga",
        "password": "p@ss/%&?",
        "dbname": "heart beat",
        "sslmode": "require",
    }
    assert parts(as_url(given)) == given


def test_options_of_an_address_are_kept():
    """Ours are added to them."""
    found = parts(conninfo(Role.READER, "postgresql://ann@db/heartbeat?options=-c%20work_mem%3D64MB", role=Role.READER))
    assert found["options"].startswith("-c work_mem=64MB -c timezone=UTC")
    assert found["options"].endswith("-c role=heartbeat_reader")


def test_logins_of_roles_come_from_the_environment():
    """Empty counts as not given."""
    given = {
        "HEARTBEAT_DATABASE_URL_DEPLOY": "postgresql://d@db/x",
        "HEARTBEAT_DATABASE_URL_READER": "",
        "HEARTBEAT_DATABASE_URL": "no",
    }
    assert role_urls_from_environment(given) == {Role.DEPLOY: "postgresql://d@db/x"}
