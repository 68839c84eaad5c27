"""How pages of commands are read and compared, and that the tutorial is such a page."""

from pathlib import Path

import pytest

from transcript import Shell, Step, agrees, read_steps

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-cloud.md"


def test_commands_and_what_follows_them_are_read_in_order() -> None:
    page = (
        "x\n```console\n$ one\n1\n\n2\n$ two\n```\n```text\n$ no\n```\n```console\n$ three\n```\n"
    )
    steps = [Step("one", "1\n\n2\n"), Step("two", ""), Step("three", "")]
    assert list(read_steps(page)) == steps


def test_output_without_a_command_is_refused() -> None:
    with pytest.raises(AssertionError, match="no command"):
        list(read_steps("```console\nwords\n```\n"))


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("web\n", "\nweb\n"),
        ("| 10.0.0.3 |\n+---+\n", "| 198.18.100.30 |\n+-----------+\n"),
        (" 12.0 s  up\n", "100.5 s  up\n"),
        ("…\nend\n", "end\n"),
        ("…\nend\n", "one\ntwo\nend\n"),
        ("a … c\n", "a b c\n"),
    ],
)
def test_what_differs_each_time_is_passed_over(expected: str, printed: str) -> None:
    assert agrees(expected, printed)


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("web\n", "wab\n"),
        ("web\n", ""),
        ("", "warning\n"),
        ("web\n", "web\nmore\n"),
        ("…\nend\n", "one\n"),
        ("| ACTIVE |\n", "| ERROR |\n"),
    ],
)
def test_anything_else_is_not(expected: str, printed: str) -> None:
    assert not agrees(expected, printed)


def test_a_shell_keeps_what_was_set_and_tells_the_status(tmp_path: Path) -> None:
    with Shell(tmp_path, {"PATH": "/usr/bin:/bin"}) as shell:
        assert shell.run("word=kept; cat")[0] == 0
        assert shell.run("echo $word; echo wrong >&2") == (0, "kept\nwrong\n\n")
        assert shell.run("false")[0] == 1


def test_the_tutorial_begins_with_nothing_and_ends_so() -> None:
    commands = [step.command for step in read_steps(TUTORIAL.read_text())]
    assert commands[0] == "bin/up"
    assert "pilvi down --purge" in commands
    for words in ("server create", "add floating ip", "add volume", "server image create"):
        assert any(words in command for command in commands), words
