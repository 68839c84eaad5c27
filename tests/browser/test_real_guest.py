"""The way that a newcomer goes, on a real cloud: launch, watch it boot, type at it, see its screen.

The pictures are kept where PILVI_SCREENSHOTS says, to be looked at.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import COUNT_COLOURS, PATIENCE_MS, Open, opened_pages
from e2e.real_cloud import FLAVOR, RealCloud, real_cloud, until

pytestmark = [
    pytest.mark.root,
    pytest.mark.guest,
    pytest.mark.browser,
    pytest.mark.timeout(900),
]
expect.set_options(timeout=PATIENCE_MS)
# Milliseconds for what an emulated guest does.
GUEST_MS = 240_000


@pytest.fixture(scope="module")
def real() -> Iterator[RealCloud]:
    """A running cloud on real parts; in a thread, since the browser's loop runs in this one."""
    cloud = real_cloud()
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(cloud.__enter__).result()
        thread.submit(cloud.__exit__, None, None, None).result()


@pytest.fixture
def open_page(real: RealCloud, chromium: Browser) -> Iterator[Open]:
    """Opens a browser's page at the real cloud."""
    passwords = {"demo": real.demo.config.auth["password"]}
    with opened_pages(chromium, real.settings.base_url, passwords) as open_one:
        yield open_one


def ask_for_instance(page: Page, image: str) -> None:
    """From the overview to the page of a new instance."""
    page.click("text=Launch an instance")
    page.get_by_label("Name", exact=True).fill("first")
    page.get_by_role("button", name="Next").click()
    page.locator("label.pick", has_text=image).first.click()
    page.get_by_role("button", name="Next").click()
    page.locator("label.pick", has_text=FLAVOR).first.click()
    page.get_by_role("button", name="Launch an instance").click()
    page.wait_for_url("**/instances/*-*")


def open_console(page: Page, button: str) -> Page:
    """The window that a button of the instance's page opens, once it is connected."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name=button).click()
    expect(opened.value.locator("#state")).to_contain_text("connected")
    return opened.value


def wait_prompt(terminal: Page) -> None:
    """Enter, again and again as people do, until the guest's shell answers."""
    rows = terminal.locator(".xterm-rows")

    def ask() -> bool:
        terminal.keyboard.press("Enter")
        return "guest#" in rows.inner_text()

    until(ask, GUEST_MS / 1000, pause_s=1.0)


def started_line(real: RealCloud, pid: int | None) -> str:
    """What the host's log says of the start of a guest's process."""
    lines = (real.settings.run_dir / "agent.log").read_text().splitlines()
    return next(one for one in lines if "guest started" in one and f"pid={pid}" in one.split())


def test_from_launch_to_typing_and_to_the_screen(
    real: RealCloud, open_page: Open, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, pictures = open_page("demo"), folder / "real-guest"
    began = time.monotonic()
    ask_for_instance(page, "guest")
    page.screenshot(path=pictures / "built.png", full_page=True)
    expect(page.locator(".state").first).to_have_text("active", timeout=GUEST_MS)
    active_s = time.monotonic() - began

    # At once, as who cannot wait: it boots.
    terminal = open_console(page, "Open serial console")
    terminal.screenshot(path=pictures / "booting.png")
    wait_prompt(terminal)
    terminal.keyboard.type("echo $((6*7))-$(uname -s)")
    terminal.keyboard.press("Enter")
    expect(terminal.locator(".xterm-rows")).to_contain_text("42-Linux")
    typed_s = time.monotonic() - began
    terminal.screenshot(path=pictures / "typed.png")
    terminal.close()
    # The page behind it went on by itself.
    expect(page.locator("pre")).to_contain_text("42-Linux")
    page.screenshot(path=pictures / "watched.png", full_page=True)

    screen = open_console(page, "Open console")
    screen.wait_for_function(f"({COUNT_COLOURS})() > 1")
    screen.screenshot(path=pictures / "screen.png")

    # From the event on the page to the process on the host.
    [server] = real.demo.compute.servers(name="first")
    request = page.locator("code", has_text="req-").first.inner_text()
    assert f"request_id={request}" in started_line(real, real.guest_pid(server.id)).split()
    with capsys.disabled():
        print(f"\nlaunch to ACTIVE {active_s:.1f} s, to an answer of the guest {typed_s:.1f} s")
