"""Values as they are shown."""

import subprocess
import sys

import pytest

from pilvi.dashboard.describe import Cell, CellKind, Shown
from pilvi.dashboard.render import Renderer, do, link, list_cells, print_moment, size, tone_of


def test_everything_is_escaped() -> None:
    page = Renderer().render("live.html", inner="<b>", path="/x", query={"a": "<&"}, is_live=True)
    assert "&lt;b&gt;" in page
    assert "a=%3C%26" in page


_OUT_OF_REACH = """
import sys
from pilvi.commands.api import PACKAGES
from pilvi.commands.privileges import import_everything
from pilvi.dashboard.render import FOLDER, open_renderer
import_everything(*PACKAGES)
renderer = open_renderer()
sys.meta_path.clear()
for path in FOLDER.glob("*.html"):
    print(renderer._environment.get_template(path.name).name)
"""


def test_templates_compile_when_no_module_can_be_read_any_more() -> None:
    """As in an API whose user cannot enter the folder that Python is in."""
    command = [sys.executable, "-c", _OUT_OF_REACH]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "parts.html" in done.stdout.split()


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        ("ACTIVE", "good"),
        ("in-use", "good"),
        ("ERROR", "bad"),
        ("error_deleting", "bad"),
        ("BUILD", "busy"),
        ("creating", "busy"),
        ("SHUTOFF", "quiet"),
    ],
)
def test_a_state_has_a_colour(state: str, tone: str) -> None:
    assert tone_of(state) == tone


@pytest.mark.parametrize(
    ("shown", "texts"),
    [
        (None, ["–"]),
        ("", ["–"]),
        (0, ["0"]),
        (False, ["no"]),
        (["a", Cell("b")], ["a", "b"]),
        ([], ["–"]),
    ],
)
def test_what_is_shown_becomes_cells(shown: Shown, texts: list[str]) -> None:
    assert [cell.text for cell in list_cells(shown)] == texts


def test_no_name_makes_another_path() -> None:
    assert link("x", "key-pairs", "../a b").href == "/dashboard/key-pairs/..%2Fa%20b"
    cell = do("x", "routers", "r", "part", port="a&b")
    assert (cell.kind, cell.href) == (CellKind.DO, "/dashboard/routers/r/part?port=a%26b")


def test_amounts_and_times() -> None:
    assert [size(n) for n in (None, 0, 262144, 5 * 2**40)] == ["", "0 B", "256 KiB", "5 TiB"]
    assert print_moment("2026-01-02T03:04:05Z") == "2 Jan 2026, 03:04 UTC"
    assert print_moment("soon") == "soon"
