"""The generated pages: each has everything that it is about, and new things cannot be missed."""

import re
from argparse import SUPPRESS
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pages import commands, host_contract, list_pages, messages, metrics, unserved, user_commands
from pages.api import operation
from pages.markdown import plain
from pages.sources import API_PAGES, ROOT, SOURCE, Sources, open_sources
from pages.staging import gather, gather_pictures, move_links, name_files, write_tree
from pages.wire import describe
from pilvi.core.http.versions import print_version
from pilvi.errors import KINDS
from pilvi.settings import Settings

# Last words of the names of metrics.
UNITS = {"seconds", "bytes", "objects", "attempts", "failures", "info", "guests", "claimed"}


@pytest.fixture(scope="module")
def sources() -> Iterator[Sources]:
    """What the pages are made from."""
    with open_sources() as opened:
        yield opened


@pytest.fixture(scope="module")
def tree(sources: Sources) -> dict[str, str]:
    """Every page of the site."""
    return gather(ROOT, sources)


def _rows(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("| ")]


def test_every_route_is_on_its_page_with_its_rule(sources: Sources, tree: dict[str, str]) -> None:
    for service in sources.public_services:
        rows = _rows(tree[API_PAGES[service.name]])
        missing = [
            operation(route)
            for route in [*service.routes, *service.discovery]
            if not any(f"| `{operation(route)}` |" in r and f"`{route.policy}`" in r for r in rows)
        ]
        assert missing == [], service.name
        served = len(service.routes) + len(service.discovery)
        assert sum(row.startswith("| `") for row in rows) == served


def test_every_body_is_written_out(sources: Sources, tree: dict[str, str]) -> None:
    for service in sources.public_services:
        page = tree[API_PAGES[service.name]]
        for route in service.routes:
            if route.body is not None:
                assert re.search(rf"`{re.escape(operation(route))}`.* takes?$", page, re.M)


def test_every_rule_is_on_the_page_of_the_policy(sources: Sources, tree: dict[str, str]) -> None:
    page = tree["reference/policy.md"]
    for service in sources.public_services:
        for rule in service.rules:
            assert f"| `{rule.name}` | `{rule.default}` | {rule.sentence} |" in page


def test_every_microversion_has_a_row(sources: Sources, tree: dict[str, str]) -> None:
    page = tree["reference/microversions.md"]
    for service in sources.services:
        for row in service.versions.rows if service.versions else ():
            assert f"| {print_version(row.number)} | {row.sentence} |" in page


def test_every_setting_has_its_sentence(tree: dict[str, str]) -> None:
    rows = [row for row in _rows(tree["reference/settings.md"]) if row.startswith("| `")]
    names = [field.name for field in msgspec.structs.fields(Settings)]
    assert [row.split("`")[1] for row in rows] == names
    assert [row for row in rows if not row.rstrip(" |").endswith(".")] == []


def test_every_kind_of_error_has_a_status_for_every_service(
    sources: Sources, tree: dict[str, str]
) -> None:
    rows = {row.split("`")[1]: row for row in _rows(tree["reference/errors.md"]) if "`" in row}
    assert set(rows) == set(KINDS)
    for row in rows.values():
        assert len(re.findall(r"\| \d{3} (?=\|)", row)) == len(sources.public_services)


def test_messages_of_the_code_are_found_in_every_way_they_are_written(
    tree: dict[str, str],
) -> None:
    page = tree["reference/messages.md"]
    found = {message.text for message in messages.list_messages()}
    assert "cannot find the flavor '…'" in found
    assert "cannot do '…': this cloud does not support it yet; …" in found
    assert all(text.startswith("cannot") for text in found)
    for message in messages.list_messages():
        assert f"| `{message.kind}` | {plain(message.text)} |" in page


def test_every_command_and_option_is_on_the_page(tree: dict[str, str]) -> None:
    page = tree["reference/commands.md"]
    names = [name for name, _ in commands.list_commands()]
    assert {"pilvi up", "pilvi db copy"} <= set(names)
    for name, command in commands.list_commands():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert command.help in section, name
        for param in command.params:
            shown = param.opts[0] if param.param_type_name == "option" else param.name.upper()
            assert shown in section and (param.help or "") in section, name
    for path in (ROOT / "bin").iterdir():
        if path.name not in commands.UNNAMED:
            assert re.search(rf"\| `bin/{path.name}` \| [A-Z].+ \|", page), path.name


def test_every_command_of_users_and_what_it_takes_is_on_its_page(tree: dict[str, str]) -> None:
    page = tree["reference/user-commands.md"]
    words = [command.words for command in user_commands.list_commands()]
    assert len(words) == len(set(words)) and {"server create", "volume list"} <= set(words)
    for command in user_commands.list_commands():
        section = page.partition(f"\n### pilvi {command.words}\n")[2].partition("\n##")[0]
        assert plain(command.sentence) in section, command.words
        assert f"pilvi {command.words}" in section.partition("```text")[2], command.words
        for argument in command.arguments:
            told = argument.words.get("help")
            assert told == SUPPRESS or plain(told or "") in section, command.words
            assert argument.names[0] in section or argument.words["metavar"] in section


def test_every_metric_is_on_the_page(tree: dict[str, str]) -> None:
    names = {metrics.name_of(family) for family in metrics.list_families()}
    assert {"pilvi_http_request_duration_seconds", "pilvi_reconcile_attempts_total"} <= names
    written = re.findall(
        r"\"(pilvi_[a-z_]+)\"", "".join(p.read_text() for p in SOURCE.rglob("*.py"))
    )
    assert {name.removesuffix("_total") for name in names if name.startswith("pilvi")} >= {
        name for name in written if name.rpartition("_")[2] in UNITS
    }
    for name in names:
        assert f"| `{name}` |" in tree["reference/metrics.md"]


def test_every_type_of_the_host_contract_is_on_its_page(
    sources: Sources, tree: dict[str, str]
) -> None:
    page = tree["reference/host-contract.md"]
    for module in host_contract.list_modules():
        for member in host_contract.list_types(module):
            section = page.partition(f"\n### {member.__name__}\n")[2].partition("\n##")[0]
            assert section, member.__name__
            for name in getattr(member, "__annotations__", ()) if member.__doc__ else ():
                assert f"| `{name}` |" in section or name.startswith("_"), member.__name__
    for service in sources.services:
        if service.root.startswith("/host"):
            for route in service.routes:
                assert f"`{route.method} {service.root}{route.path}`" in page


def test_what_is_refused_is_told(sources: Sources, tree: dict[str, str]) -> None:
    page = tree["reference/unsupported.md"]
    assert "live migration" in page and unserved.list_not_yet()
    for service in sources.public_services:
        for route in unserved.list_refused(service):
            assert f"`{operation(route)}`" in page
    for message in unserved.list_unsupported():
        assert plain(message.text) in page
    assert "- `GET /v3/OS-FEDERATION/mappings`" in page
    assert "- `GET /v2.1/servers`" not in page


def test_every_generated_page_says_so_and_has_a_heading(tree: dict[str, str]) -> None:
    for path in list_pages():
        assert tree[path].startswith("# ") and "made from the code" in tree[path], path


def test_types_are_written_as_json() -> None:
    class Inner(msgspec.Struct):
        size: int

    class Outer(msgspec.Struct):
        name: str
        inner: Inner
        other: Inner | None = None
        tags: list[str] = []

    text = '{"name": string, "inner": {"size": integer}, "other"?: {… as above} | null, '
    assert " ".join(describe(Outer).split()) == "{ " + text[1:] + '"tags"?: [string, …] }'


def test_links_of_the_roots_pages_lead_to_the_site() -> None:
    text = "[a](docs/how-to/audit.md) [b](CONTRIBUTING.md#x) [c](https://a.test/b.md)"
    assert move_links(text) == (
        "[a](../how-to/audit.md) [b](../explanation/contributing.md#x) [c](https://a.test/b.md)"
    )


def test_source_files_are_named_where_a_page_links_to_them() -> None:
    text = "[the list](../../src/pilvi/a.toml), [`bin/up`](../bin/up), [here](audit.md)"
    assert name_files(text) == "the list (`src/pilvi/a.toml`), `bin/up`, [here](audit.md)"


def test_pictures_come_along(tmp_path: Path) -> None:
    picture = tmp_path / "docs" / "how-to" / "pictures" / "one.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\x89PNG")
    pictures = gather_pictures(tmp_path)
    write_tree(tmp_path / "out", pictures)
    assert (tmp_path / "out" / "how-to" / "pictures" / "one.png").read_bytes() == b"\x89PNG"


def test_a_page_that_is_gone_is_removed_and_one_that_is_the_same_keeps_its_time(
    tmp_path: Path,
) -> None:
    write_tree(tmp_path, {"a.md": "one", "b/c.md": "two"})
    before = (tmp_path / "b/c.md").stat().st_mtime_ns
    write_tree(tmp_path, {"b/c.md": "two"})
    assert not (tmp_path / "a.md").exists()
    assert (tmp_path / "b/c.md").stat().st_mtime_ns == before
