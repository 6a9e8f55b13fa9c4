"""When what you see is not now: it is said loudly, nothing typed is lost, and the page comes back by itself."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from heartbeat_lib.store.embedded import EmbeddedServer
from tests.cockpit.browser.test_social_half import open_metric

pytestmark = pytest.mark.slow  # processes, kernels and browsers


def test_a_stopped_database_is_told_and_its_return_too(place, visit):
    """What is typed meanwhile stays, and is saved when it is back."""
    page = visit()
    panel = open_metric(page, "backlog")
    server = EmbeddedServer(place.workspace.state)
    server.stop()
    try:
        expect(page.get_by_text("The database does not answer.").first).to_be_visible()
        panel.get_by_label("Target").fill("30")
        panel.get_by_label("Target").press("Enter")
        expect(panel.get_by_text(re.compile("Not saved yet: no connection"))).to_be_visible()
        expect(panel.get_by_label("Target")).to_have_value("30")
    finally:
        server.ensure_running()
    expect(page.get_by_text("Connected again.").first).to_be_visible(timeout=30_000)
    expect(panel.locator(".changes")).to_contain_text("target", timeout=30_000)
    expect(page.get_by_text("The database does not answer.")).to_have_count(0)


@pytest.mark.slow
def test_a_killed_kernel_is_told_and_the_page_comes_back(place, visit):
    """With a kernel of its own again, and with what was typed."""
    page = visit()
    panel = open_metric(page, "rejects")
    panel.get_by_label("Where it comes from").fill("The clearing house asks from 200 on")
    for kernel in place.kernels():
        kernel.kill()
    expect(page.get_by_text("Not connected.").first).to_be_visible(timeout=30_000)
    expect(panel.get_by_label("Where it comes from")).to_have_value("The clearing house asks from 200 on", timeout=60_000)
    expect(page.get_by_text("Not connected.")).to_have_count(0, timeout=60_000)
    expect(panel.get_by_text("not saved yet")).to_be_visible(timeout=60_000)
    panel.get_by_role("button", name="Save thresholds").click()
    expect(panel.locator(".changes")).to_contain_text("The clearing house asks from 200 on")


def test_a_clock_that_stands_still_makes_the_screen_stale(place, visit, browser):
    """By the page's own clock: five hours later nothing has ticked."""
    page = browser.new_context().new_page()
    page.clock.install(time=time.time() + 5 * 3600)
    page.goto(place.address)
    page.wait_for_selector("[data-metric-id]")
    expect(page.get_by_text("This screen is stale.")).to_be_visible()
    expect(page.get_by_text("the clock should tick every hour")).to_be_visible()
    page.context.close()


def test_a_page_is_never_older_than_its_visit(place, visit):
    """The kernel behind it waited for somebody since before the change."""
    place.set_value("drop_outs", 4.4)
    place.tick()
    page = visit()
    expect(page.locator('a[data-metric-id="drop_outs"] .value')).to_contain_text("4.4")
