"""Access rules: which requests they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.core.http.access import AccessRule, permits

WORDS = st.lists(st.sampled_from(["v2", "servers", "x", "ips"]), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("pattern", "path", "is_named"),
    [
        ("/v2.1/servers", "/compute/v2.1/servers", True),
        ("/compute/v2.1/servers", "/compute/v2.1/servers", True),
        ("/v2.1/servers", "/compute/v2.1/servers/1", False),
        ("/v2.1/servers/*/ips", "/compute/v2.1/servers/1/ips", True),
        ("/v2.1/servers/*/ips", "/compute/v2.1/servers/1/2/ips", False),
        ("/v2.1/servers/{id}", "/compute/v2.1/servers/1", True),
        ("/v2.1/**", "/compute/v2.1/servers/1/ips", True),
        ("/v2.1/**/ips", "/compute/v2.1/servers/1/ips", True),
        ("/v2.1/**/ips", "/compute/v2.1/servers/1/ips/2", False),
        ("/servers", "/compute/v2.1/servers", False),
    ],
)
def test_patterns(pattern: str, path: str, is_named: bool) -> None:
    rules = [AccessRule("compute", "GET", pattern)]
    assert permits(rules, ["compute"], "GET", path) is is_named
    assert not permits(rules, ["compute"], "POST", path)
    assert not permits(rules, ["image"], "GET", path)


def test_no_rules_name_nothing() -> None:
    assert not permits([], ["compute"], "GET", "/compute/v2.1/servers")


@given(WORDS)
def test_a_path_without_wildcards_names_itself_alone(words: list[str]) -> None:
    path = "/" + "/".join(words)
    rules = [AccessRule("t", "GET", path)]
    assert permits(rules, ["t"], "GET", path)
    assert not permits(rules, ["t"], "GET", path + "/more")


@given(WORDS, st.data())
def test_two_stars_stand_for_any_words(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words)))
    last = data.draw(st.integers(first, len(words)))
    pattern = "/".join(["", *words[:first], "**", *words[last:]])
    assert permits([AccessRule("t", "GET", pattern)], ["t"], "GET", "/" + "/".join(words))
