"""What a notebook shows of a plan."""

from __future__ import annotations

from heartbeat_lib import lifecycle
from heartbeat_lib.registration import Finding, Plan


def test_a_plan_shows_each_group_with_its_count_and_ids(bench, write, marts, good):
    """What is new, what means something else, what only reads otherwise, what goes."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels (promised_on date, delivered_on date)")
    for number in range(4):
        write(good.replace("late_share", f"m_{number}").replace("'LATE'", f"'M{number:03d}'"), f"m_{number}")
    lifecycle.deploy(bench)
    again = good.replace("late_share", "m_0").replace("'LATE'", "'M000'")
    write(again.replace("current_date - 1", "current_date - 2"), "m_0")
    write(good.replace("late_share", "m_1").replace("'LATE'", "'M001'").replace("Up is bad.", "Up hurts."), "m_1")
    (bench.workspace.metrics / "m_2.sql").unlink()
    write(good)
    html = bench.plan()._repr_html_()
    for words, ids in (("+ new", "late_share"), ("~ new meaning", "m_0"), ("~ cosmetic", "m_1"), ("− retired", "m_2")):
        row = next(row for row in html.split("<tr>") if f">{words}<" in row)
        assert ">1<" in row
        assert f">{ids}<" in row
    assert ">= unchanged<" in html


def test_files_with_faults_show_the_faults_and_no_plan(bench, write, good):
    """Empty groups would say that nothing happens."""
    write(good.replace("FROM shop.parcels", "FROM shop.parcels; DROP TABLE shop.parcels; --<script>"))
    html = bench.plan()._repr_html_()
    assert "to mend before a deploy" in html
    assert "late_share.sql" in html
    assert "<table" not in html
    assert "<script" not in html


def test_messages_and_ids_are_text():
    """A finding quotes what stands in a file."""
    finding = Finding(file="<i>.sql", line=1, rule="not-one-select", message="<script>alert(1)</script>")
    plan = Plan(version=1, new=tuple(f"m_{number}" for number in range(45)), kept_people=("<b>",), refusals=(finding,))
    html = plan._repr_html_()
    assert "&lt;i&gt;.sql:1: error: &lt;script&gt;alert(1)&lt;/script&gt; [not-one-select]" in html
    assert "m_39 and 5 more" in html
    assert "&lt;b&gt;" in html


def test_a_workspace_without_metrics_says_so(bench):
    """Nothing to do is an answer."""
    assert "nothing to deploy" in bench.plan()._repr_html_()
