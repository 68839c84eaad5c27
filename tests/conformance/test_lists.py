"""The lists of tempest's tests: well formed, and the one that may only grow."""

import subprocess
from pathlib import Path

import pytest

from conformance.lists import FOLDER, LISTS, PASSING, choose_tests, match_ids, read_list

KNOWN = [
    "tempest.api.compute.test_a.A.test_one[id-1,smoke]",
    "tempest.api.compute.test_a.A.test_two[id-2]",
    "tempest.api.image.test_b.B.test_three[id-3]",
]


def test_the_lists_have_the_sizes_that_their_sources_name() -> None:
    counts = {name: len(read_list(FOLDER / "lists" / f"{name}.txt")) for name in LISTS}
    assert counts.pop("real") >= 50
    assert counts == {"interop": 227, "smoke": 92, "all": 1055}


@pytest.mark.parametrize("path", PASSING.values(), ids=PASSING)
def test_the_list_of_passing_tests_is_sorted_and_says_nothing_twice(path: Path) -> None:
    names = read_list(path)
    assert names == sorted(set(names))


@pytest.mark.parametrize("path", PASSING.values(), ids=PASSING)
def test_no_test_was_ever_taken_out_of_the_passing_ones(path: Path) -> None:
    command = ["git", "log", "--format=", "--unified=0", "-p", "--", str(path)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no history here")
    removed = {line[1:] for line in done.stdout.splitlines() if line.startswith("-tempest.")}
    assert removed - set(read_list(path)) == set()


def test_choosing_by_list_service_file_and_pattern(tmp_path: Path) -> None:
    assert choose_tests(["api", "image"], KNOWN) == [KNOWN[2]]
    assert choose_tests(["api image"], KNOWN) == [KNOWN[2]]
    assert choose_tests(["test_t(wo|hree)"], KNOWN) == KNOWN[1:]
    file = tmp_path / "mine.txt"
    file.write_text("# mine\ntempest.api.compute.test_a.A.test_two\n\n")
    assert choose_tests([str(file), "image"], KNOWN) == KNOWN[1:]


@pytest.mark.parametrize("words", [["api"], ["api", "object_storage"], ["test_four"]])
def test_what_does_not_exist_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="cannot"):
        choose_tests(words, KNOWN)
    with pytest.raises(ValueError, match="cannot run tempest.gone"):
        match_ids(["tempest.gone"], KNOWN)


def test_what_is_run_on_real_guests_is_named_once_and_in_the_ratchet() -> None:
    names = read_list(FOLDER / "lists" / "real.txt")
    assert len(names) == len(set(names))
    assert set(names) <= set(read_list(PASSING["real"]))
