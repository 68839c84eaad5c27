"""What people do: launch, watch, open a console, send a file, by mouse and by keyboard."""

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import COUNT_COLOURS, PATIENCE_MS, Filled, Open
from image_files import make_qcow2

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE_MS)


def launch(page: Page, name: str) -> None:
    """From the overview to the page of a new instance."""
    page.goto("/dashboard")
    page.click("text=Launch an instance")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Next").click()
    page.locator("label.pick", has_text="pilvi-guest").first.click()
    page.get_by_role("button", name="Next").click()
    page.locator("label.pick", has_text="p1.nano").first.click()
    page.get_by_role("button", name="Launch an instance").click()
    page.wait_for_url("**/instances/*-*")


def test_an_instance_is_launched_and_watched(open_page: Open) -> None:
    """Its states come to the page by themselves."""
    page = open_page("demo")
    launch(page, "from-a-browser")
    expect(page.locator(".note")).to_contain_text("is being launched")
    expect(page.locator(".state").first).to_have_text("active")
    expect(page.locator("dd code").first).to_contain_text("10.0.0.")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".state").first).to_have_text("shutoff")
    page.get_by_role("link", name="Instances", exact=True).first.click()
    row = page.locator("tr", has_text="from-a-browser")
    row.locator("summary").click()
    row.get_by_role("button", name="Start").click()
    expect(page.locator(".state").first).to_have_text("active")


def test_a_launch_is_asked_step_by_step(open_page: Open) -> None:
    """By keyboard; each step tells what was chosen, and what is missing is led to."""
    page = open_page("demo")
    page.goto("/dashboard/instances/new")
    steps = page.locator(".step")
    here = page.locator(".step[aria-current]")
    expect(steps).to_have_count(5)
    expect(page.locator(".group:visible")).to_have_count(1)
    name = page.get_by_label("Name", exact=True)
    name.press("Enter")
    expect(here).to_contain_text("Details")
    steps.nth(2).click()
    page.locator("label.pick", has_text="p1.nano").first.click()
    expect(steps.nth(2)).to_contain_text("p1.nano")
    page.get_by_role("button", name="Launch an instance").click()
    expect(here).to_contain_text("Details")
    expect(name).to_be_focused()
    name.fill("step-by-step")
    page.get_by_label("How many").fill("2")
    expect(steps.first).to_contain_text("step-by-step, 2")
    name.press("Enter")
    expect(here).to_contain_text("Source")
    page.get_by_role("button", name="Previous").click()
    expect(name).to_have_value("step-by-step")
    page.get_by_label("How many").fill("1")
    page.get_by_role("button", name="Launch an instance").click()
    expect(page.get_by_role("heading", name="step-by-step")).to_be_visible()


def test_a_launch_without_a_script_is_one_page(open_page: Open) -> None:
    page = open_page("demo", java_script_enabled=False)
    page.goto("/dashboard/instances/new")
    expect(page.locator(".group")).to_have_count(5)
    expect(page.locator(".group:visible")).to_have_count(5)
    page.get_by_label("Name", exact=True).fill("all-at-once")
    page.get_by_role("button", name="Launch an instance").click()
    expect(page.get_by_role("heading", name="all-at-once")).to_be_visible()


def test_the_picture_lives(open_page: Open, filled: Filled) -> None:
    """What somebody else does is drawn by itself, and a link in it keeps the keyboard."""
    page = open_page("demo")
    page.goto("/dashboard/picture")
    drawn = page.locator("svg.picture")
    expect(drawn).to_contain_text("database · ACTIVE")
    cloud = filled.server.connect("demo")
    volume = cloud.block_storage.create_volume(name="drawn-alone", size=1)
    expect(drawn).to_contain_text("drawn-alone · 1 GiB · available")
    link = drawn.get_by_role("link", name="drawn-alone")
    link.focus()
    cloud.block_storage.delete_volume(volume)
    page.wait_for_timeout(7000)
    expect(link).to_be_focused()
    page.locator("h1").click()
    expect(drawn).not_to_contain_text("drawn-alone")
    drawn.get_by_role("link", name="database").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="database")).to_be_visible()


def test_a_hidden_window_listens_to_nothing(open_page: Open, filled: Filled) -> None:
    page = open_page("demo")
    streams = filled.server.cloud.plane.dashboard.streams
    page.goto("/dashboard/instances")
    before = streams.count
    hide = """(hidden) => {
        Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
        document.dispatchEvent(new Event('visibilitychange'));
    }"""

    def until(count: int) -> None:
        ends = time.monotonic() + 20
        while streams.count != count:
            assert time.monotonic() < ends, streams.count
            page.wait_for_timeout(50)

    until(max(before, 1))
    open_ones = streams.count
    page.evaluate(hide, True)
    until(open_ones - 1)
    page.evaluate(hide, False)
    until(open_ones)
    page.goto("/dashboard/flavors")
    until(open_ones - 1)


def test_a_page_goes_to_the_door_when_its_session_ends(open_page: Open) -> None:
    page = open_page("demo")
    page.goto("/dashboard/instances")
    other = page.context.new_page()
    other.goto("/dashboard")
    other.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in?next=*instances")


def test_the_serial_line_is_typed_at(open_page: Open, filled: Filled) -> None:
    page = open_page("demo")
    page.goto(f"/dashboard/instances/{filled.ids['instance']}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open serial console").click()
    console = opened.value
    expect(console.locator("#state")).to_contain_text("it may still boot")
    console.locator(".xterm-helper-textarea").focus()
    console.keyboard.type("hello")
    console.keyboard.press("Enter")
    expect(console.locator(".xterm-rows")).to_contain_text("fake guest heard: hello")
    expect(console.locator("#state")).to_have_text("connected")
    console.close()
    # The page behind the window has gone on by itself.
    expect(page.locator("pre")).to_contain_text("fake guest heard: hello")


def test_the_screen_shows_pixels(open_page: Open, filled: Filled) -> None:
    page = open_page("demo")
    page.goto(f"/dashboard/instances/{filled.ids['instance']}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open console").click()
    console = opened.value
    expect(console.locator("#state")).to_contain_text("connected")
    console.wait_for_function(f"({COUNT_COLOURS})() > 2")


def test_a_file_is_sent_with_its_progress(open_page: Open, tmp_path: Path) -> None:
    page, file = open_page("demo"), tmp_path / "disk.qcow2"
    file.write_bytes(make_qcow2())
    page.goto("/dashboard/images/new")
    page.get_by_label("Name", exact=True).fill("from-a-file")
    page.get_by_role("button", name="Add an image").click()
    page.get_by_role("button", name="Send its file").click()
    expect(page.locator(".upload-words")).to_have_text("Choose a file first.")
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Send its file").click()
    expect(page.locator(".note")).to_contain_text("can be booted")
    expect(page.locator(".state").first).to_have_text("active")


def test_a_file_that_is_refused_says_why(open_page: Open, tmp_path: Path) -> None:
    page, file = open_page("demo"), tmp_path / "disk.qcow2"
    file.write_bytes(b"no disk at all" * 5000)
    page.goto("/dashboard/images/new")
    page.get_by_label("Name", exact=True).fill("not-a-disk")
    page.get_by_role("button", name="Add an image").click()
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Send its file").click()
    expect(page.locator(".upload-words")).to_contain_text("cannot")
    expect(page.get_by_role("button", name="Send its file")).to_be_enabled()


def test_menus_are_used_by_keyboard(open_page: Open) -> None:
    page = open_page("demo")
    page.goto("/dashboard/instances")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    summary = page.locator("details.menu summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.menu[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    expect(summary).to_be_focused()


def test_a_phones_menu_opens_and_closes(open_page: Open) -> None:
    page = open_page("demo", "narrow")
    side, button = page.locator("#menu"), page.get_by_role("button", name="Menu")
    expect(side).to_be_hidden()
    button.click()
    expect(side).to_be_visible()
    side.get_by_role("link", name="Volumes").click()
    expect(page.get_by_role("heading", name="Volumes")).to_be_visible()
    expect(side).to_be_hidden()


def test_an_evil_name_runs_nothing(open_page: Open) -> None:
    page = open_page("demo")
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    launch(page, evil)
    expect(page.get_by_role("heading", name=evil)).to_be_visible()
    page.goto("/dashboard/instances")
    expect(page.get_by_role("link", name=evil, exact=True)).to_be_visible()
    assert said == []


@pytest.fixture
def other_site(filled: Filled, tmp_path: Path) -> Iterator[str]:
    """A page of somebody else that shows ours in a frame and sends forms to it."""
    target = f"{filled.server.url}/dashboard"
    page = f"""<iframe id=trap src="{target}"></iframe>
        <form method=post action="{target}/networks/new"><input name=name value=stolen>
        <button>win</button></form>"""
    (tmp_path / "index.html").write_text(page)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: object, **more: object) -> None:
            super().__init__(*words, directory=str(tmp_path), **more)  # type: ignore[arg-type]

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_another_site_can_neither_frame_nor_send(
    filled: Filled, chromium: object, other_site: str, open_page: Open
) -> None:
    page = open_page("demo")
    heard = page.context.new_page()
    heard.goto(other_site)
    frame = heard.query_selector("#trap")
    assert frame is not None
    inner = frame.content_frame()
    assert inner is not None
    assert "Overview" not in inner.content()
    heard.click("button")
    heard.wait_for_load_state()
    assert "stolen" not in [one.name for one in filled.server.connect().network.networks()]
