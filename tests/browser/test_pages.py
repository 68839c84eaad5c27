"""Every page, light and dark, wide and narrow: no serious fault of accessibility, and a picture.

The pictures are kept where PILVI_SCREENSHOTS says, to be looked at.
"""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browser.conftest import WIDTHS, Filled, Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SERIOUS = {"serious", "critical"}
THEMES = ("light", "dark")
# Bytes of everything that a first visit loads, as they come over the wire.
FIRST_LOAD_MAX = 300_000


def check(page: Page, name: str, folder: Path) -> None:
    """No serious fault, nothing wider than the window, and a picture."""
    found = [
        f"{name}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in SERIOUS
    ]
    assert found == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{re.sub('[^a-z-]+', '_', name) or 'overview'}.png")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("user", ["demo", "admin"])
def test_every_page(
    filled: Filled, open_page: Open, folder: Path, user: str, width: str, theme: str
) -> None:
    page = open_page(user, width, color_scheme=theme)
    for path in filled.tenant if user == "demo" else filled.admin:
        page.goto(f"/dashboard/{path}".rstrip("/"))
        named = path
        for kind, id in filled.ids.items():
            named = named.replace(id, kind)
        check(page, re.sub("[0-9a-f-]{30,}", "one", named), folder / f"{user}-{width}-{theme}")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_door(open_page: Open, folder: Path, width: str, theme: str) -> None:
    page = open_page("", width, color_scheme=theme)
    page.goto("/")
    check(page, "sign-in", folder / f"door-{width}-{theme}")
    page.fill("#user", "demo")
    page.fill("#password", "wrong")
    page.click("text=Sign in >> nth=-1")
    page.wait_for_selector("[role=alert]")
    check(page, "sign-in-refused", folder / f"door-{width}-{theme}")


def test_a_chosen_theme_goes_before_the_systems(open_page: Open) -> None:
    page = open_page("demo", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.click("[aria-label='Dark colours']")
    page.wait_for_selector("[aria-label='Light colours']")
    assert page.evaluate(ground) != before
    page.click("[aria-label='Light colours']")
    page.wait_for_selector("[aria-label='Dark colours']")
    assert page.evaluate(ground) == before


def test_a_first_load_is_small(open_page: Open) -> None:
    page = open_page("")
    page.goto("/")
    total = page.evaluate(
        "[...performance.getEntriesByType('navigation'), "
        "...performance.getEntriesByType('resource')]"
        ".reduce((sum, one) => sum + one.encodedBodySize, 0)"
    )
    assert 5_000 < total < FIRST_LOAD_MAX / 10
