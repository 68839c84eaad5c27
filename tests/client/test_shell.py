"""The command line itself: grammar, help, errors, completion, and how much it imports."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from client_world import pilvi, say, small_cloud
from pilvi.client.commands import MODULES, load_commands
from pilvi.client.completion import SCRIPTS, complete
from pilvi.client.shell import build_parser, is_for_users
from pilvi.entry import list_operator_words
from pilvi.testing.server import CloudServer


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServer]:
    with small_cloud(tmp_path_factory.mktemp("cloud")) as server:
        yield server


def test_every_row_can_be_typed_and_says_what_it_does() -> None:
    seen = set()
    for noun in MODULES:
        rows = load_commands(noun)
        assert rows, noun
        for row in rows:
            assert row.words not in seen
            seen.add(row.words)
            assert row.sentence.endswith("."), row.words
            assert row.words.startswith(noun)
            build_parser(row).format_help()
            for argument in row.arguments:
                assert "password" not in " ".join(argument.names), row.words


def test_no_command_of_users_hides_one_of_operators() -> None:
    assert not set(MODULES) & set(list_operator_words(()))


@pytest.mark.parametrize(
    ("words", "is_ours"),
    [
        (["server", "list"], True),
        (["--os-cloud", "x", "server", "list"], True),
        (["--insecure", "server", "list"], True),
        (["help"], True),
        (["up", "--fake"], False),
        (["audit", "--json"], False),
        (["--help"], False),
        ([], False),
    ],
)
def test_whose_command_it_is(words: list[str], is_ours: bool) -> None:
    assert is_for_users(words) is is_ours


@pytest.mark.parametrize("option", ["--os-password", "--os-token"])
def test_secrets_are_refused_on_a_command_line(option: str) -> None:
    for line in (f"{option} s3cret server list", f"server list {option}=s3cret"):
        said = pilvi(line)
        assert said.status == 1 and "OS_" in said.err
        assert "s3cret" not in said.err + said.out


def test_what_is_not_there_is_answered_with_what_is() -> None:
    said = pilvi("server lisst")
    assert said.status == 1 and "server list" in said.err
    said = pilvi("server add tail")
    assert "server add volume" in said.err and "server list" not in said.err


def test_help_lists_the_commands() -> None:
    assert "server add floating ip" in say("help")
    said = say("help server add")
    assert "server add volume" in said and "server list" not in said
    assert "--wait" in say("help server create")
    assert say("server add --help") == said
    assert "--wait" in pilvi("server create --help").out


def test_options_of_the_cloud_may_stand_anywhere(cloud: CloudServer) -> None:
    for line in ("--os-cloud pilvi-demo network list", "network list --os-cloud=pilvi-demo"):
        assert "private" in say(f"{line} -f value -c Name")
    assert pilvi("--os-colour red server list").status == 1


def test_a_cloud_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:9/identity")
    monkeypatch.setenv("OS_USERNAME", "me")
    monkeypatch.setenv("OS_PASSWORD", "s3cret")
    monkeypatch.delenv("OS_CLOUD", raising=False)
    said = pilvi("server list")
    assert said.status == 1 and said.err.count("\n") == 1
    assert "cannot reach http://127.0.0.1:9" in said.err and "s3cret" not in said.err
    assert "is the cloud up? 'pilvi up'" in said.err


@pytest.mark.parametrize(
    "line", ["help status", "help db upgrade", "--os-cloud x status", "help completion"]
)
def test_a_command_of_another_kind_is_pointed_to(line: str) -> None:
    said = pilvi(line)
    name = line.removeprefix("--os-cloud x ").removeprefix("help ").split()[0]
    assert said.status == 1 and f"'pilvi {name} --help'" in said.err
    assert "'pilvi help' lists" in pilvi("help nonsense").err


def test_an_unknown_column_is_answered_with_those_there_are(cloud: CloudServer) -> None:
    said = pilvi("flavor list -c Colour")
    assert said.status == 1 and "RAM" in said.err


def test_completion_knows_both_kinds_of_commands() -> None:
    first = complete([], "", list_operator_words)
    assert {"server", "up", "audit", "--os-cloud"} <= set(first)
    assert complete(["server"], "re", list_operator_words) == [
        "reboot",
        "rebuild",
        "remove",
        "rescue",
        "resize",
        "restore",
        "resume",
    ]
    assert complete(["server", "add"], "fl", list_operator_words) == ["floating"]
    assert "--flavor" in complete(["server", "create"], "--f", list_operator_words)
    assert complete(["server", "list", "-f"], "j", list_operator_words) == ["json"]
    assert "--fake" in complete(["up"], "--f", list_operator_words)
    assert "upgrade" in complete(["db"], "", list_operator_words)
    assert complete(["up", "--port", "8"], "--fa", list_operator_words) == ["--fake"]


def test_completion_offers_nothing_where_nothing_is_known() -> None:
    assert complete(["nonsense"], "", list_operator_words) == []
    assert complete(["db", "nonsense"], "", list_operator_words) == []
    assert "up" not in complete(["--os-cloud", "x"], "", list_operator_words)


def test_completion_knows_what_follows_help_completion_explain_and_trace() -> None:
    assert complete(["completion"], "", list_operator_words) == ["bash", "fish", "zsh"]
    assert "server" in complete(["help"], "", list_operator_words)
    assert complete(["help", "server", "add"], "fl", list_operator_words) == ["floating"]
    kinds = ["image", "port", "server", "volume"]
    assert complete(["explain"], "", list_operator_words)[-4:] == kinds
    assert "port" in complete(["trace"], "", list_operator_words)


def test_the_script_for_bash_completes(tmp_path: Path) -> None:
    program = tmp_path / "pilvi"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pilvi.entry "$@"\n')
    program.chmod(0o755)
    script = SCRIPTS["bash"] + (
        f"COMP_WORDS=({program} server add vo); COMP_CWORD=3; _pilvi; echo ${{COMPREPLY[@]}}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "volume"


def test_a_users_command_imports_nothing_heavy(cloud: CloudServer) -> None:
    heavy = ["typer", "rich", "httpx", "sqlalchemy", "pydantic", "msgspec", "openstack", "asyncio"]
    program = (
        "import sys; sys.argv = ['pilvi', 'server', 'list']\n"
        "from pilvi.entry import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_output_that_nobody_reads_is_no_error(cloud: CloudServer) -> None:
    command = f"{sys.executable} -m pilvi.entry flavor list | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
