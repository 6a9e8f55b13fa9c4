"""Migrations: each once, in order, whole or not at all; what was applied is never edited; newer databases are left alone."""

from __future__ import annotations

import threading

import pytest

from heartbeat_lib.store import DatabaseNewer, MigrationChanged, MigrationFailed, Role, StoreBusy, WriteRefused
from heartbeat_lib.store.migrate import Migration, is_current, migrate, shipped


def migration(number, text):
    """A migration of these tests' own."""
    return Migration(number=number, name=f"{number:04d}_test.sql", text=text)


ONE = migration(1, "CREATE TABLE heartbeat.made (n integer); INSERT INTO heartbeat.made VALUES (1)")
TWO = migration(2, "INSERT INTO heartbeat.made SELECT max(n) + 1 FROM heartbeat.made")
THREE = migration(3, "INSERT INTO heartbeat.made SELECT max(n) + 1 FROM heartbeat.made")
BROKEN = migration(3, "INSERT INTO heartbeat.made VALUES (9);\n\nSELECT nonsense")


@pytest.fixture
def empty(databases):
    """A database with nothing in it; gives a function that connects to it as its owner."""
    with databases.admin("postgres") as admin:
        admin.execute("CREATE DATABASE empty")
        opened = []

        def connect():
            opened.append(databases.admin("empty"))
            opened[-1].autocommit = False
            return opened[-1]

        yield connect
        for connection in opened:
            connection.close()
        admin.execute("DROP DATABASE empty WITH (FORCE)")


def made(connection):
    """What the test's migrations left."""
    return [n for (n,) in connection.execute("SELECT n FROM heartbeat.made ORDER BY n").fetchall()]


def test_the_shipped_migrations_are_numbered_without_gaps():
    """A gap would be filled by somebody, after others had passed it."""
    assert [found.number for found in shipped()] == list(range(1, len(shipped()) + 1))


def test_each_is_applied_once_and_in_order(empty):
    """Whatever was there before."""
    connection = empty()
    assert not is_current(connection, (ONE,))
    assert migrate(connection, (ONE, TWO)) == 2
    assert migrate(connection, (ONE, TWO)) == 0
    assert not is_current(connection, (ONE, TWO, THREE))
    assert migrate(connection, (ONE, TWO, THREE)) == 1
    assert is_current(connection, (ONE, TWO, THREE))
    assert made(connection) == [1, 2, 3]


def test_one_that_fails_is_rolled_back_whole_and_named_with_its_line(empty):
    """Those before it stand; the mended file goes on from there."""
    connection = empty()
    with pytest.raises(MigrationFailed, match=r"0003_test\.sql \(line 3\) did not go through: .*nonsense"):
        migrate(connection, (ONE, TWO, BROKEN))
    assert made(connection) == [1, 2]
    connection.rollback()
    assert migrate(connection, (ONE, TWO, THREE)) == 1


def test_a_changed_migration_is_refused_by_name(empty):
    """Two databases of one version would differ, and nobody could tell."""
    connection = empty()
    migrate(connection, (ONE, TWO))
    changed = migration(1, ONE.text + " -- better")
    for act in (is_current, migrate):
        with pytest.raises(MigrationChanged, match=r"0001_test\.sql"):
            act(connection, (changed, TWO))
        connection.rollback()


def test_a_newer_database_is_refused(empty):
    """Older code does not know what it would break."""
    connection = empty()
    migrate(connection, (ONE, TWO, THREE))
    for act in (is_current, migrate):
        with pytest.raises(DatabaseNewer, match="at version 3 and this Heartbeat knows 2"):
            act(connection, (ONE, TWO))
        connection.rollback()


def test_several_processes_at_once_do_it_once(empty):
    """From an empty database, where not even the record table is there to lock."""
    done, failed = [], []

    def run(connection):
        try:
            done.append(migrate(connection, (ONE, TWO, THREE)))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=[empty()]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sum(done) == 3
    assert made(empty()) == [1, 2, 3]


def test_a_lock_that_is_held_is_told_and_not_waited_for_for_ever(empty):
    """Somebody else migrates, or has forgotten that he does."""
    migrate(empty(), (ONE,))
    holder = empty()
    holder.execute("LOCK TABLE heartbeat.schema_version IN SHARE ROW EXCLUSIVE MODE")
    with pytest.raises(StoreBusy, match="migrating the database for 1 s"):
        migrate(empty(), (ONE, TWO), lock_timeout_s=1)


def test_a_store_opened_on_a_newer_database_is_refused(fresh_store):
    """On every connection: a process may outlive a migration."""
    with fresh_store.connect_migrating(autocommit=True) as admin:
        admin.execute("INSERT INTO heartbeat.schema_version (number, name, sha256) VALUES (9999, '9999_future.sql', 'x')")
    with pytest.raises(DatabaseNewer, match="at version 9999"):
        fresh_store.connect(Role.READER)


def test_a_creator_who_is_no_superuser_is_not_left_as_a_member_of_the_guard(databases):
    """He stays its ADMIN on PostgreSQL 16 and up; SET and INHERIT are what would make him the guard."""
    with databases.admin("postgres") as admin:
        admin.execute("DROP ROLE IF EXISTS lesser")
        admin.execute("CREATE ROLE lesser NOSUPERUSER CREATEROLE")
        admin.execute("CREATE DATABASE lesser OWNER lesser")
        try:
            version = admin.info.server_version
            # The roles exist on this server already; a creator of his own would be their ADMIN.
            admin.execute(
                "GRANT heartbeat_guard TO lesser WITH ADMIN OPTION" + (", INHERIT FALSE, SET FALSE" if version >= 160000 else "")
            )
            with databases.admin("lesser") as connection:
                connection.execute("SET SESSION AUTHORIZATION lesser")
                connection.autocommit = False
                assert migrate(connection) == len(shipped())
                left = connection.execute("SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'apply_registry'")
                assert left.fetchall() == [("heartbeat_guard",)]
                if version >= 160000:
                    members = connection.execute(
                        "SELECT bool_or(set_option OR inherit_option) FROM pg_auth_members "
                        "WHERE roleid = 'heartbeat_guard'::regrole AND member = 'lesser'::regrole"
                    )
                    assert members.fetchall() == [(False,)]
        finally:
            admin.execute("DROP DATABASE lesser WITH (FORCE)")
            admin.execute("REVOKE heartbeat_guard FROM lesser")
            admin.execute("DROP ROLE lesser")


def test_who_may_not_migrate_is_told_so(store):
    """By the words of the database, as one of our errors."""
    with store.connect(Role.READER) as connection, pytest.raises((MigrationFailed, WriteRefused, StoreBusy)):
        migrate(connection, (*shipped(), migration(99, "SELECT 1")))
