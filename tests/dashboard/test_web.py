"""The files of the pages: nothing of others, nothing inline, and small."""

import gzip
import re

from dashboard.person import Person
from pilvi.dashboard.mount import FOLDER
from pilvi.dashboard.render import FOLDER as TEMPLATES

# Bytes of everything that a first visit loads.
FIRST_LOAD_MAX = 300_000


def test_our_files_load_nothing_from_elsewhere_and_have_nothing_inline() -> None:
    for path in [*TEMPLATES.glob("*.html"), *FOLDER.glob("*.js"), *FOLDER.glob("*.css")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "").replace("%3Csvg", "")
        assert "://" not in text, path.name
        assert not re.search(r"<script(?![^>]* src=)", text), path.name
        assert not re.search(r"""\s(on\w+|style)=["']|<style""", text), path.name
        assert "|safe" not in text, path.name


async def test_a_first_load_is_small(demo: Person) -> None:
    page = await demo.open("")
    total = len(page.encode())
    for path in re.findall(r'(?:src|href)="(/dashboard/files/[^"]+)"', page):
        reply = await demo.http.get(path, headers={"accept-encoding": "gzip"})
        assert reply.status_code == 200, path
        total += len(gzip.compress(reply.content))
    assert total < FIRST_LOAD_MAX / 5


async def test_nothing_but_the_files_is_served(demo: Person) -> None:
    for name in ("../render.py", "%2e%2e/render.py", "README.md", "layout.html", ""):
        reply = await demo.http.get(f"/dashboard/files/{name}")
        assert reply.status_code == 404, name
