"""What owners come for: step up, tune, sign; and what takes the signature back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from heartbeat_lib import reading
from heartbeat_lib.workbench import Workbench
from tests.cockpit.browser.conftest import serve

MARA, TOM = "mara@x.example", "tom@x.example"


def tile(page: Page, metric_id: str):
    """A metric's tile."""
    return page.locator(f'a[data-metric-id="{metric_id}"]')


def open_metric(page: Page, metric_id: str):
    """Click on the tile; the opened panel."""
    tile(page, metric_id).click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_label("Owner")).to_be_visible()
    return panel


def test_from_nobody_to_a_signature_and_back(place, visit):
    """The whole road of one red metric, through the page alone until a deploy changes what it means."""
    page = visit()
    strip = page.get_by_role("region", name="Red and nobody owns it")
    expect(strip).to_contain_text("Phone wait, slowest tenth")
    expect(tile(page, "wait_minutes")).to_have_attribute("data-state", "unverified")

    # Nobody has said who they are: the operator takes it, and the page asks.
    page.locator('[data-take="wait_minutes"]').click()
    expect(page.get_by_text("Phone wait, slowest tenth is yours now.")).to_be_visible()
    page.get_by_label("Who are you?").fill(MARA)
    page.get_by_role("button", name="That’s me").click()
    expect(strip).not_to_contain_text("Phone wait, slowest tenth")

    panel = open_metric(page, "wait_minutes")
    expect(panel.get_by_label("Owner")).to_have_value("ann@x.example")
    panel.get_by_label("Owner").fill(MARA)
    panel.get_by_label("Owner").press("Enter")
    expect(panel.get_by_text("✓ saved")).to_be_visible()

    panel.get_by_label("Alert").fill("13")
    expect(panel.get_by_text("With these:")).to_contain_text("red on 0 of the 31 days kept")
    panel.get_by_role("button", name="Save thresholds").click()
    expect(panel.get_by_text("Say where they come from")).to_have_count(0)
    expect(tile(page, "wait_minutes")).to_have_attribute("data-status", "amber")

    panel.get_by_role("button", name="I stand behind this number…").click()
    panel.get_by_label("How do you know it is right?").fill("Agrees with the telephone company's monthly report.")
    panel.get_by_role("button", name="I stand behind it").click()
    expect(panel.get_by_text(f"Verified by {MARA}")).to_be_visible()
    page.keyboard.press("Escape")

    signed = tile(page, "wait_minutes")
    expect(signed).to_have_attribute("data-state", "verified")
    expect(signed.locator(".pill")).to_have_count(0)
    expect(signed).to_have_css("border-top-style", "solid")

    place.write("wait_minutes", lambda text: text.replace("max(value)", "min(value)"))
    place.deploy()
    expect(signed).to_have_attribute("data-state", "unverified")
    expect(signed.locator(".pill")).to_have_text("unverified")
    expect(signed).to_have_css("border-top-style", "dashed")
    expect(signed.locator(".owner")).to_have_text("mara")


def test_an_address_is_saved_on_leaving_the_field(visit):
    """No button: typing and going on is enough."""
    page = visit(who=MARA)
    panel = open_metric(page, "drop_outs")
    panel.get_by_label("Owner").fill(TOM)
    panel.get_by_label("Owner").press("Tab")
    expect(panel.get_by_text("✓ saved")).to_be_visible()
    expect(tile(page, "drop_outs").locator(".owner")).to_have_text("tom")
    expect(panel.locator(".changes")).to_contain_text("mara@x.example (cockpit")


def test_escape_brings_the_old_value_back(visit):
    """First the field, then the panel, then the tile has the focus again."""
    page = visit()
    panel = open_metric(page, "cost_share")
    panel.get_by_label("Norm").fill("61")
    expect(panel.get_by_text("not saved yet")).to_be_visible()
    panel.get_by_label("Norm").press("Escape")
    expect(panel.get_by_label("Norm")).to_have_value("60")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(tile(page, "cost_share")).to_be_focused()


def test_a_refusal_stands_beside_its_field_and_keeps_the_text(visit):
    """The page's own words first, then the database's."""
    panel = open_metric(visit(), "cost_share")
    owner = panel.get_by_label("Owner")
    owner.fill("mara@")
    owner.press("Enter")
    expect(panel.get_by_role("alert").filter(has_text="is not an e-mail address")).to_be_visible()
    expect(owner).to_have_value("mara@")
    owner.press("Escape")
    panel.get_by_label("Norm").fill("90")
    panel.get_by_label("Norm").press("Enter")
    expect(panel.get_by_role("alert").filter(has_text="For this metric higher is worse")).to_be_visible()
    expect(panel.get_by_label("Norm")).to_have_value("90")


def test_leaving_with_something_unsaved_asks(visit):
    """Closing the panel does; staying keeps what was typed."""
    page = visit()
    panel = open_metric(page, "cost_share")
    panel.get_by_label("Alert").fill("75")
    panel.get_by_role("button", name="Close", exact=False).first.click()
    expect(panel.get_by_text("What you typed is not saved.")).to_be_visible()
    panel.get_by_role("button", name="Stay").click()
    expect(panel.get_by_label("Alert")).to_have_value("75")
    panel.get_by_role("button", name="Close", exact=False).first.click()
    panel.get_by_role("button", name="Close without saving").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(open_metric(page, "cost_share").get_by_label("Alert")).to_have_value("70")


def test_two_people_on_one_metric_see_theirs_and_yours(visit):
    """The second one chooses; nothing is overwritten in silence."""
    hers, his = visit(who=MARA), visit(who=TOM)
    her_panel, his_panel = open_metric(hers, "shared_one"), open_metric(his, "shared_one")
    his_panel.get_by_label("Target").fill("2.5")
    her_panel.get_by_label("Target").fill("2")
    her_panel.get_by_label("Target").press("Enter")
    expect(her_panel.get_by_text("✓ saved")).to_be_visible()

    conflict = his_panel.locator(".conflict-box")
    expect(conflict).to_contain_text("while you were typing")
    expect(his_panel.get_by_label("Target")).to_have_value("2.5")
    conflict.get_by_role("button", name="Use mine").click()
    expect(her_panel.get_by_label("Target")).to_have_value("2.5")

    # Another field than the one she types in is no conflict.
    her_panel.get_by_label("Norm").fill("6")
    his_panel.get_by_label("Owner").fill(TOM)
    his_panel.get_by_label("Owner").press("Enter")
    expect(her_panel.get_by_label("Owner")).to_have_value(TOM)
    expect(her_panel.get_by_label("Norm")).to_have_value("6")
    her_panel.get_by_role("button", name="Save thresholds").click()
    expect(his_panel.get_by_label("Norm")).to_have_value("6")


def test_an_update_takes_neither_focus_nor_text(place, visit):
    """A tick lands while somebody types."""
    page = visit()
    panel = open_metric(page, "no_limits")
    basis = panel.get_by_label("Where it comes from")
    basis.fill("The law on")
    place.set_value("no_limits", 1300)
    place.tick()
    expect(panel.locator(".says .value")).to_contain_text("1,300")
    expect(basis).to_be_focused()
    expect(basis).to_have_value("The law on")


def test_only_the_tile_that_changed_is_built_again(place, visit):
    """A tick touches no other tile, whatever the reader was doing with it."""
    page = visit()
    page.locator("[data-metric-id]").evaluate_all("tiles => tiles.forEach(tile => (tile.kept = true))")
    place.set_value("cost_share", 57.5)
    place.tick()
    expect(tile(page, "cost_share").locator(".value")).to_contain_text("58")
    built_again = "tiles => tiles.filter(tile => !tile.kept).map(tile => tile.dataset.metricId)"
    assert page.locator("[data-metric-id]").evaluate_all(built_again) == ["cost_share"]


def test_going_elsewhere_with_something_unsaved_asks(place, browser):
    """The browser's own question, before the page and its kernel are gone."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type) or dialog.dismiss())
    page.goto(place.address)
    panel = open_metric(page, "cost_share")
    panel.get_by_label("Where it comes from").fill("")
    panel.get_by_label("Where it comes from").press_sequentially("a new budget")
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect(panel.get_by_label("Where it comes from")).to_have_value("a new budget")
    panel.get_by_role("button", name="Undo").click()
    page.close()


def test_behind_a_proxy_the_record_says_proved(place, browser):
    """Who the proxy signed in is not asked who they are, and cannot say to be somebody else."""
    address, process = serve(place.workspace, HEARTBEAT_COCKPIT__IDENTITY_HEADER="X-User")
    try:
        context = browser.new_context(extra_http_headers={"X-User": MARA})
        context.add_init_script(f"localStorage.setItem('heartbeat-you', '{TOM}')")
        page = context.new_page()
        page.goto(address)
        panel = open_metric(page, "backlog")
        expect(panel.get_by_text(f"you are {MARA}")).to_be_visible()
        panel.get_by_role("button", name="I’ll take it").click()
        expect(panel.get_by_text("✓ saved")).to_be_visible()
        expect(page.get_by_label("Who are you?")).to_be_hidden()
        context.close()
    finally:
        process.terminate()
        process.wait(30)
    with Workbench(place.workspace) as bench:
        change = next(change for change in reading.changes(bench, "backlog") if "owner" in change["fields"])
    assert (change["actor"], change["actor_proved"], change["via"]) == (MARA, True, "cockpit")
