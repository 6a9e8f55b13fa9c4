"""A law of stage 2: after any sequence of edits and deploys, the registry is what the files say, and history never shrinks."""

from __future__ import annotations

import itertools
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from heartbeat_lib import lifecycle
from heartbeat_lib.registration import DeployRefused
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from tests.fixtures import metric_text

IDS = [f"metric_{letter}" for letter in "abcde"]
ids = st.sampled_from(IDS)
numbers = st.integers(1, 4)
_CODES = {metric_id: f"M{number:03d}" for number, metric_id in enumerate(IDS)}
_QUERY = "SELECT x FROM shop.numbers WHERE current_date IS NOT NULL AND x = {}"


class Files(RuleBasedStateMachine):
    """People edit `db/metrics/` and deploy; the model is a dictionary of what each file says."""

    workspace = make_store = None  # set by the test

    @initialize()
    def begin(self):
        """Each example has a database of its own, so that it can be run again alone."""
        self.opened = ExitStack()
        self.bench = self.opened.enter_context(Workbench(self.workspace))
        self.bench.__dict__["store"] = self.opened.enter_context(self.make_store())
        self.folder = self.workspace.metrics
        for path in self.folder.glob("*.sql"):
            path.unlink()
        self.says = {}
        self.rows = 0

    def teardown(self):
        """The log of the registry is a chain: each line begins where the last one ended."""
        query = "SELECT metric_id, before, after FROM heartbeat.registry_change ORDER BY metric_id, change_id"
        for _, changes in itertools.groupby(self._query(query), key=lambda change: change[0]):
            for (_, _, after), (_, before, _) in itertools.pairwise(changes):
                assert before == after
        self.opened.close()

    def _query(self, sql):
        with self.bench.store.connect(Role.READER) as connection:
            return connection.execute(sql).fetchall()

    def _write(self, metric_id, number, name):
        self.says[metric_id] = (number, name)
        text = metric_text(metric_id, _QUERY.format(number), name=name.replace("'", "''"), code=_CODES[metric_id])
        (self.folder / f"{metric_id}.sql").write_text(text, "utf-8")

    @rule(metric_id=ids, number=numbers)
    def add_or_edit(self, metric_id, number):
        """A new file, or a new meaning of one."""
        self._write(metric_id, number, self.says.get(metric_id, (0, "plain"))[1])

    @precondition(lambda self: self.says)
    @rule(data=st.data(), name=st.sampled_from(["one", "another", "O'Neill; DROP"]))
    def edit_cosmetically(self, data, name):
        """A name changes no trust."""
        metric_id = data.draw(st.sampled_from(sorted(self.says)))
        self._write(metric_id, self.says[metric_id][0], name)

    @precondition(lambda self: self.says)
    @rule(data=st.data())
    def delete(self, data):
        """The file goes."""
        metric_id = data.draw(st.sampled_from(sorted(self.says)))
        (self.folder / f"{metric_id}.sql").unlink()
        del self.says[metric_id]

    @precondition(lambda self: len(self.says) < len(IDS) and self.says)
    @rule(data=st.data())
    def rename(self, data):
        """One file becomes another id: a retirement and a new metric in one deploy."""
        metric_id = data.draw(st.sampled_from(sorted(self.says)))
        free = data.draw(st.sampled_from([other for other in IDS if other not in self.says]))
        number, name = self.says.pop(metric_id)
        (self.folder / f"{metric_id}.sql").unlink()
        self._write(free, number, name)

    @rule()
    def deploy(self):
        """All or nothing; a refusal is right exactly where a retired id would come back with another meaning."""
        before = self._registry()
        try:
            lifecycle.deploy(self.bench, allow_retirements=len(IDS))
        except DeployRefused as refused:
            rules_broken = {finding.rule for finding in refused.findings if finding.severity == "error"}
            assert rules_broken == {"retired-id"}
            assert self._registry() == before
            assert self._reused()
            return
        assert self._registry() == self.says

    def _registry(self):
        rows = self._query("SELECT metric_id, value_sql, name FROM heartbeat.metric_registry")
        return {metric_id: (int(sql.rpartition(" ")[2]), name) for metric_id, sql, name in rows}

    def _reused(self):
        """Ids that the files bring back with another meaning than they were last retired with."""
        gone = dict(
            self._query(
                "SELECT DISTINCT ON (metric_id) metric_id, last_row ->> 'value_sql' FROM heartbeat.metric_retirement "
                "ORDER BY metric_id, retired_at DESC"
            )
        )
        living = self._registry()
        return [
            metric_id
            for metric_id, (number, _) in self.says.items()
            if metric_id not in living and metric_id in gone and int(gone[metric_id].rpartition(" ")[2]) != number
        ]

    @invariant()
    def history_never_shrinks(self):
        """Whatever is retired or redefined."""
        ((rows,),) = self._query("SELECT count(*) FROM heartbeat.metric_history")
        assert rows >= self.rows
        self.rows = rows


@pytest.mark.parametrize("examples", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_the_registry_equals_the_files_after_any_sequence(workspace, make_store, marts, examples):
    """Add, edit, cosmetic edit, delete, restore, rename, deploy, in any order, on a real store and real marts."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.numbers AS SELECT unnest(range(1, 5)) AS x")
    machine = type("Here", (Files,), {"workspace": workspace, "make_store": staticmethod(make_store)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Shrinking repeats whole deploys for minutes; the failing sequence as found says enough.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )
