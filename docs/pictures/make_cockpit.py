"""Draws docs/pictures/cockpit-*.png: the demo bank in the cockpit, as a browser shows it. It takes a minute and a Chromium.

    .venv/bin/python docs/pictures/make_cockpit.py

Everything is made anew in a folder that is gone afterwards: the bank up to now, ninety days of history, a tick, and what people
decided. The browser's clock stands twelve minutes after the tick, so that ages are like those of a workspace in use.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from heartbeat_lib import compute, lifecycle, reading
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.verification import decide
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
OPENED = "chargeback_rate"

MARA, TOMAS, NOOR, IDA = (f"{name}@harbour.example" for name in ("mara.lindqvist", "tomas.kral", "noor.haddad", "ida.brandt"))
IN_FIVE_WEEKS = (datetime.now(UTC) + timedelta(days=36)).date().isoformat()
DECISIONS: list[tuple[str, str, str, dict[str, Any]]] = [
    # who, metric, why, what
    (MARA, OPENED, "The dispute desk is mine.", {"owner": MARA}),
    (MARA, OPENED, "Counted against the scheme's monthly statement: 0.2 % apart.", {"verification_state": "verified"}),
    (MARA, OPENED, "Agreed with the head of cards.", {"target_value": 0.5, "target_due_date": IN_FIVE_WEEKS}),
    (TOMAS, "collateral_calls_behind", "Treasury answers for it.", {"owner": TOMAS}),
    (NOOR, "aml_alerts_old", "My team works them.", {"owner": NOOR}),
    (NOOR, "aml_alerts_old", "Counted by hand in the case tool on Monday.", {"verification_state": "verified"}),
    (
        NOOR,
        "aml_alerts_old",
        "Two analysts left.",
        {"alert_value": 110, "threshold_basis": "Capacity: the team closes 35 old alerts a week; 110 is three weeks of it."},
    ),
    (IDA, "onboarding_days", "Onboarding is mine.", {"owner": IDA}),
    *(
        (who, metric, why, {"owner": who, "verification_state": "verified"})
        for who, metric, why in (
            (NOOR, "aml_alert_days", "Same as the team's own report, four weeks in a row."),
            (NOOR, "aml_cases_waiting", "Checked case by case."),
            (TOMAS, "payment_volume", "Adds up to the clearing account."),
            (TOMAS, "payments_rejected", "Same as the clearing house's daily file."),
            (MARA, "cards_activated", "Compared with the card maker's report of October."),
        )
    ),
    (IDA, "accounts_opened", "Onboarding is mine.", {"owner": IDA}),
    (TOMAS, "instant_unanswered", "Payments are mine.", {"owner": TOMAS}),
]


def fill(root: Path) -> Workspace:
    """The demo's workspace in `root`: metrics, history, bands, a tick, and decisions."""
    for folder in ("db/metrics", "pipelines"):
        shutil.copytree(ROOT / folder, root / folder)
    settings = (ROOT / "heartbeat.toml").read_text("utf-8")
    (root / "heartbeat.toml").write_text(f'{settings}\n[cockpit]\ntitle = "Harbour Bank"\n', "utf-8")
    workspace, now = Workspace.find(root), datetime.now(UTC)
    with Workbench(workspace) as bench:
        lifecycle.load_sources(bench)
        lifecycle.deploy(bench)
        compute.backfill(bench, first=now - timedelta(days=90), until=now, actor=workspace.settings.operator)
        lifecycle.benchmarks(bench)
        lifecycle.tick(bench)
        for who, metric_id, why, patch in DECISIONS:
            seen = reading.metric(bench, metric_id)["row_version"]
            done = decide(bench, metric_id, patch, row_version=seen, actor=who, proved=True, via="cockpit", reason=why)
            if not done.changed:
                sys.exit(f"{metric_id}: {done.refusals}")
    return workspace


@contextmanager
def served(workspace: Workspace) -> Iterator[str]:
    """The address of this workspace's cockpit, on a port that is free."""
    command = [sys.executable, "-m", "heartbeat_lib.cli", "--workspace", str(workspace.root), "cockpit"]
    process = subprocess.Popen([*command, "--no-browser", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(30)


def look(browser: Browser, address: str, *, width: int, height: int, scale: float = 1, **context: Any) -> Page:
    """A visit of somebody who has said who they are, once every tile is there."""
    visit = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale, **context)
    visit.add_init_script(f"localStorage.setItem('heartbeat-you', '{MARA}')")
    page = visit.new_page()
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=12))
    page.goto(address)
    return page


def draw(address: str) -> None:
    """The five pictures."""
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for name, options in {
            "desk": {"width": 1440, "height": 1060},
            "dark": {"width": 1440, "height": 1060, "color_scheme": "dark"},
            "phone": {"width": 360, "height": 780, "scale": 2, "has_touch": True, "is_mobile": True},
        }.items():
            page = look(browser, address, **options)
            page.wait_for_selector("[data-metric-id]")
            page.screenshot(path=HERE / f"cockpit-{name}.png")
        page = look(browser, f"{address}#metric={OPENED}", width=1440, height=900)
        page.wait_for_selector(".chart-plot")
        page.wait_for_selector(".rehearsal svg")
        page.screenshot(path=HERE / "cockpit-opened.png")
        page = look(browser, f"{address}#wall", width=1920, height=1080)
        page.wait_for_selector(".wall-red")
        page.screenshot(path=HERE / "cockpit-wall.png")
        browser.close()


with tempfile.TemporaryDirectory(prefix="heartbeat-pictures-") as folder:
    made = fill(Path(folder))
    try:
        with served(made) as at:
            draw(at)
    finally:
        EmbeddedServer(made.state).stop()
