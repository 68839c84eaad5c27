"""Which hosts the policies of server groups leave."""

import pytest

from pilvi.compute.model.server_group import Policy, ServerGroup, attract, refuse_hosts
from pilvi.core.db import now

HOSTS = ("a", "b", "c")


def group(policy: str, most: int | None = None) -> ServerGroup:
    return ServerGroup(
        id="g",
        project_id="p",
        user_id="u",
        name="web",
        policy=Policy(policy),
        max_server_per_host=most,
        created_at=now(),
    )


@pytest.mark.parametrize(
    ("policy", "most", "placed", "refused"),
    [
        ("affinity", None, {}, set()),
        ("affinity", None, {"a": 2}, {"b", "c"}),
        ("anti-affinity", None, {"a": 1}, {"a"}),
        ("anti-affinity", 2, {"a": 1, "b": 2}, {"b"}),
        ("soft-affinity", None, {"a": 1}, set()),
        ("soft-anti-affinity", None, {"a": 1}, set()),
    ],
)
def test_hard_policies_refuse_hosts(
    policy: str, most: int | None, placed: dict[str, int], refused: set[str]
) -> None:
    found = refuse_hosts(group(policy, most), placed, HOSTS)
    assert set(found) == refused
    assert all("web" in why for why in found.values())


def test_soft_policies_only_prefer() -> None:
    placed = {"a": 2}
    assert attract(group("soft-affinity"), placed) == {"a": 2}
    assert attract(group("soft-anti-affinity"), placed) == {"a": -2}
    assert attract(group("affinity"), placed) == {}
