"""Completeness: every route has a rule, every rule a use, every module a docstring and a test."""

import ast
from pathlib import Path

import pytest

from pages import list_pages
from pages.staging import FROM_ROOT
from pilvi.bootstrap import ControlPlane
from pilvi.core.db import open_database
from pilvi.core.http import Service
from pilvi.settings import Settings

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "pilvi"


@pytest.fixture
def services(tmp_path: Path) -> list[Service]:
    """Every service of a control plane."""
    settings = Settings(state_dir=str(tmp_path))
    settings.api_dir.mkdir()
    plane = ControlPlane(settings, open_database(settings.database))
    return list(plane.list_services())


def test_every_route_has_a_rule_and_every_rule_a_route(services: list[Service]) -> None:
    for service in services:
        rules = {rule.name for rule in service.rules}
        used = {route.policy for route in [*service.routes, *service.discovery]}
        assert used == rules, service.name


def test_every_handler_says_what_it_does(services: list[Service]) -> None:
    silent = [
        f"{service.name}: {route.name}"
        for service in services
        for route in service.routes
        if not (route.handler.__doc__ or "").strip()
    ]
    assert silent == []


def test_no_two_rows_serve_the_same(services: list[Service]) -> None:
    for service in services:
        seen = set()
        for route in service.routes:
            key = (route.method, route.path, route.action, route.since, route.until)
            assert key not in seen, f"{service.name}: {key}"
            seen.add(key)


def test_every_version_has_a_sentence_and_they_ascend(services: list[Service]) -> None:
    for service in services:
        rows = service.versions.rows if service.versions else ()
        numbers = [row.number for row in rows]
        assert numbers == sorted(set(numbers)), service.name
        assert all(row.sentence.endswith(".") for row in rows), service.name


# Versions whose rows change nothing: what they are about is not served, is so at every version, or
# (2.18, 2.27, 2.46) is what every request has. The list may only shrink.
CHANGES_NOTHING = {
    "placement": {23},
    "volume": {2, 5, 6, 16, 17, 29, 30, 35, 37, 46, 50, 59, 64, 67, 69, 70},
    "compute": {
        *(4, 8, 12, 17, 18, 25, 27, 30, 34, 46, 60),
        *(65, 69, 72, 76, 82),
    },
}


def test_every_version_has_a_test_that_holds_its_edge(services: list[Service]) -> None:
    """Rows and fields are held by `test_every_version.py`, the rest by tests with the mark edge."""
    marked = _list_edges()
    for service in services:
        if service.versions is None:
            continue
        name, rows = service.versions.service, service.versions.rows
        begins = {route.since for route in service.routes}
        ends = {(route.until[0], route.until[1] + 1) for route in service.routes if route.until}
        by_hand, silent = set(), set()
        for row in rows:
            if row.flags or row.upgrade or row.downgrade:
                by_hand.add(row.number)
            elif not row.request_fields and not row.reply_fields:
                silent |= {row.number} - begins - ends
        numbers = {tuple(map(int, text.split("."))) for text in marked.get(name, set())}
        assert by_hand - numbers == set(), f"{name}: no test holds the edge"
        assert numbers <= {row.number for row in rows}, name
        assert {minor for _, minor in silent} == CHANGES_NOTHING[name], name


def _list_edges() -> dict[str, set[str]]:
    """Versions that tests hold by hand, by service, from their marks `edge`."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").glob("*/api/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.edge":
                service, *numbers = (ast.literal_eval(value) for value in node.args)
                found.setdefault(service, set()).update(numbers)
    return found


def test_every_module_says_what_it_owns() -> None:
    silent = []
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        if text.strip() and not ast.get_docstring(ast.parse(text)):
            silent.append(str(path.relative_to(SOURCE)))
    assert silent == []


def test_apis_only_read_from_the_store() -> None:
    reads = ("get_", "find_", "list_", "count_", "sum_")
    others = []
    for path in SOURCE.glob("*/api/*.py"):
        tree = ast.parse(path.read_text())
        modules, used = set(), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and ".store" in (node.module or ""):
                if (node.module or "").endswith(".store"):
                    modules |= {name.asname or name.name for name in node.names}
                else:
                    used |= {name.name for name in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used |= {node.attr} if node.value.id in modules else set()
        # Types and constants begin with a capital.
        names = sorted(name for name in used if name[0].islower() and not name.startswith(reads))
        others += [f"{path.relative_to(SOURCE)}: {name}" for name in names]
    assert others == []


def test_every_setting_has_a_sentence() -> None:
    tree = ast.parse((SOURCE / "settings.py").read_text())
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings")
    for field, after in zip(body, body[1:], strict=False):
        if isinstance(field, ast.AnnAssign):
            assert isinstance(after, ast.Expr), ast.unparse(field)


def test_documents_name_files_that_exist() -> None:
    made = {ROOT / "docs" / path for path in [*list_pages(), *FROM_ROOT.values()]}
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for part in document.read_text().split("](")[1:]:
            target = part.split(")")[0].partition("#")[0]
            if target and "://" not in target:
                path = (document.parent / target).resolve()
                assert path.exists() or path in made, f"{document.name}: {target}"
