"""The page as everybody meets it: order, words, keys, width, and that it asks nobody else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.cockpit.browser.conftest import HOSTILE
from tests.cockpit.browser.test_social_half import open_metric, tile

pytestmark = pytest.mark.slow  # processes, kernels and browsers


def statuses(page) -> list[str]:
    """Of all tiles, in the order of the page."""
    return page.locator("[data-metric-id]").evaluate_all("tiles => tiles.map(tile => tile.dataset.status)")


def test_red_comes_first_and_green_last(visit):
    """The order in which they need somebody."""
    rank = ["red", "amber", "grey", "green"]
    shown = statuses(visit())
    assert len(shown) == 8
    assert shown == sorted(shown, key=rank.index)


def test_the_page_asks_no_other_host(place, visit, browser):
    """Whoever looks at a bank's numbers is nobody's business."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.goto(place.address)
    page.wait_for_selector("[data-metric-id]")
    context.close()
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(place.address).netloc}


def serious_faults(page) -> list[tuple[str, str]]:
    """What axe-core calls serious or critical: rule, and the first element."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_serious(visit, scheme, width):
    """On the wall of tiles and in an opened metric."""
    page = visit(scheme=scheme, width=width)
    assert serious_faults(page) == []
    open_metric(page, "backlog")
    assert serious_faults(page) == []


def test_axe_finds_nothing_serious_on_the_wall(visit):
    """Not everybody who looks at it has good eyes."""
    assert serious_faults(visit("#wall", width=1920, height=1080)) == []


def test_a_hostile_name_is_text(visit):
    """On the tile and in the panel."""
    page = visit()
    expect(tile(page, "hostile").locator(".name")).to_have_text(HOSTILE)
    expect(open_metric(page, "hostile").get_by_role("heading", level=2)).to_have_text(HOSTILE)
    assert page.locator("img").count() == 0


def test_search_and_filters_live_in_the_address(place, visit):
    """Every view is a link."""
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("aml")
    expect(page.locator("[data-metric-id]:visible")).to_have_count(1)
    assert page.url.endswith("#q=aml")
    page.keyboard.press("Escape")
    page.locator('[data-filter="green"]').click()
    expect(page.locator('[data-metric-id]:visible[data-status="red"]')).to_have_count(0)
    again = visit(re.sub("^[^#]*", "", page.url))
    expect(again.locator('[data-filter="green"]')).to_have_attribute("aria-pressed", "true")
    expect(again.locator('[data-metric-id]:visible:not([data-status="green"])')).to_have_count(0)


def test_a_search_without_a_hit_says_so(visit):
    """And how to get out."""
    page = visit("#q=zzz")
    expect(page.get_by_text("No metric matches “zzz”. Escape clears the search.")).to_be_visible()


def test_an_opened_metric_is_a_link(visit):
    """Whoever gets it sees the panel."""
    page = visit("#metric=backlog")
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text("AML alerts older than 30 days")
    page.keyboard.press("Escape")
    assert "metric" not in page.url


def test_the_keyboard_goes_everywhere(visit):
    """The tiles are one tab stop; arrows walk, Enter opens, Escape comes back."""
    page = visit()
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    ids = page.locator("[data-metric-id]").evaluate_all("tiles => tiles.map(tile => tile.dataset.metricId)")
    expect(tile(page, ids[0])).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tile(page, ids[1])).to_be_focused()
    page.keyboard.press("End")
    expect(tile(page, ids[-1])).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(tile(page, ids[-1])).not_to_be_focused()
    page.keyboard.press("Home")
    assert page.locator('[data-metric-id][tabindex="0"]').count() == 1
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Owner")).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("dialog").locator(".chip").first).not_to_have_text(tile(page, ids[0]).locator(".chip").inner_text())
    page.keyboard.press("Escape")
    expect(tile(page, ids[1])).to_be_focused()


def test_a_tile_explains_itself_on_focus(place, visit):
    """After a moment; Escape hides it."""
    place.write(
        "cost_share",
        lambda text: (
            text + "UPDATE heartbeat.metric_registry SET how_to_read = 'Higher is worse.', methodology = 'Cost by income.';\n"
        ),
    )
    place.deploy()
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("CIRX")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tooltip")).to_contain_text("Higher is worse.")
    expect(page.get_by_role("tooltip")).to_contain_text("Cost by income.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 768, 1440, 3840])
def test_nothing_is_wider_than_the_screen(visit, width):
    """From a phone to a wall of four thousand pixels, the opened metric too."""
    page = visit(width=width)
    across = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert page.evaluate(across) <= 0
    open_metric(page, "rejects")
    inside = page.locator(".panel-body").evaluate("body => body.scrollWidth - body.clientWidth")
    assert inside <= 0


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (3840, 2160), (1080, 1920)])
def test_the_wall_fits_on_one_screen_and_has_no_controls(visit, width, height):
    """Nobody stands there to scroll or to click."""
    page = visit("#wall", width=width, height=height)
    page.wait_for_timeout(300)
    over = "[document.scrollingElement.scrollHeight - innerHeight, document.scrollingElement.scrollWidth - innerWidth]"
    assert max(page.evaluate(over)) <= 0
    assert page.locator("button:visible, input:visible, a[href]:visible").count() == 0
    assert page.locator('[data-metric-id="rejects"][data-status="red"]').count() == 1
