"""An owner reads an audit's report and answers it; what waits for people is one view."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from heartbeat_lib import reading
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from tests.cockpit.browser.test_social_half import MARA, open_metric, tile

pytestmark = pytest.mark.slow  # processes, kernels and browsers

REPORT = """\
---
metric_id: "rejects"
---

# SEPA payments rejected: the number holds.

<script>alert(1)</script> is text.
"""
LAYERS = [
    {"name": name, "verdict": "holds", "why": "It holds."} for name in ("methodology", "source", "rebuild", "history", "action")
]


def audit(place, metric_id) -> None:
    """An audit of the present meaning, with its report."""
    report = f"reports/metric-audits/2026-11-23-{metric_id}.md"
    file = place.workspace.root / report
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(REPORT, "utf-8")
    with Workbench(place.workspace) as bench:
        meaning = reading.metric(bench, metric_id)["definition_hash"]
        with bench.store.connect(Role.COMPUTE) as connection:
            connection.execute(
                "INSERT INTO heartbeat.metric_audit "
                "(metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report) "
                "VALUES (%s, '2026-11-23', now(), 'ann@x.example', %s, 'holds', %s, %s)",
                [metric_id, meaning, json.dumps(LAYERS), report],
            )


def test_an_owner_reads_the_report_and_agrees(place, visit):
    """From the tile to a solid border, with the evidence in between."""
    audit(place, "rejects")
    page = visit(who=MARA)
    expect(tile(page, "rejects")).to_contain_text("audit 23 Nov: holds")
    panel = open_metric(page, "rejects")
    panel.get_by_label("Owner").fill(MARA)
    panel.get_by_label("Owner").press("Enter")
    expect(panel.get_by_text("✓ saved")).to_be_visible()

    panel.get_by_role("button", name="The number holds").click()
    report = page.frame_locator('iframe[title="Audit report"]')
    expect(report.get_by_role("heading", name="SEPA payments rejected: the number holds.")).to_be_visible()
    expect(report.get_by_text("<script>alert(1)</script> is text.")).to_be_visible()
    page.get_by_role("dialog", name="Audit report").get_by_role("button", name="Close").click()

    panel.get_by_role("button", name="Agrees…").click()
    panel.get_by_label("What convinced you?").fill("The clearing house counts the same.")
    panel.get_by_role("button", name="Answer", exact=True).click()
    expect(panel.get_by_text(f"Verified by {MARA}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tile(page, "rejects")).to_have_attribute("data-state", "verified")


def test_several_are_decided_at_once_each_with_its_own_result(place, visit):
    """One has an audit, the other has none: the first is done, the second says why not."""
    for metric_id, value in (("shared_one", 9), ("drop_outs", 9)):
        place.set_value(metric_id, value)
    place.tick()
    audit(place, "shared_one")
    page = visit("#review", who=MARA)
    expect(page.locator('[data-waiting="shared_one"]')).to_be_visible()
    for metric_id in ("shared_one", "drop_outs"):
        page.locator(f'[data-waiting="{metric_id}"] input').check()
    page.locator('[data-answer="wrong-number"]').click()
    page.get_by_label("What is wrong with it?").fill("It counts twice.")
    page.get_by_role("button", name="Decide").click()
    expect(page.locator('[data-waiting="shared_one"]')).to_contain_text("✓ unverified, listed to be fixed")
    expect(page.locator('[data-waiting="drop_outs"]')).to_contain_text("has none")
    expect(page.get_by_text("1 done, 1 not; each says why")).to_be_visible()


def test_the_queue_is_a_link_and_the_keyboard_gets_there(visit):
    """As every view."""
    page = visit()
    page.get_by_role("button", name="Review").click()
    assert page.url.endswith("#review")
    expect(page.get_by_role("heading", name="Waiting for a person")).to_be_visible()
    page.get_by_role("button", name="Cockpit").click()
    expect(tile(page, "backlog")).to_be_visible()
