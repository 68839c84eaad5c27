"""Actions of servers: a body, and the statuses in which an acknowledged one may end.

None stands for any status that rests: what comes of these depends on what was before.
"""

import random
from collections.abc import Callable
from typing import Any, Protocol

Outcome = tuple[Any, set[str] | None]


class Choices(Protocol):
    """What the cloud has to choose from."""

    @property
    def image_id(self) -> str:
        """An image."""
        ...

    @property
    def flavors(self) -> list[str]:
        """Flavors, small ones first."""
        ...


Action = Callable[[random.Random, Any], Outcome]
_UP, _ANY = {"ACTIVE"}, None


def _plain(word: str, states: set[str] | None) -> Action:
    return lambda chance, ground: ({word: None}, states)


def _reboot(chance: random.Random, ground: Choices) -> Outcome:
    return {"reboot": {"type": chance.choice(("SOFT", "HARD"))}}, _UP


def _rebuild(chance: random.Random, ground: Choices) -> Outcome:
    return {"rebuild": {"imageRef": ground.image_id}}, _ANY


def _resize(chance: random.Random, ground: Choices) -> Outcome:
    return {"resize": {"flavorRef": chance.choice(ground.flavors[:3])}}, _ANY


ACTIONS: list[Action] = [
    _plain("os-stop", {"SHUTOFF"}),
    _plain("os-stop", {"SHUTOFF"}),
    _plain("os-start", _UP),
    _plain("os-start", _UP),
    _plain("pause", {"PAUSED"}),
    _plain("unpause", _UP),
    _plain("suspend", {"SUSPENDED"}),
    _plain("resume", _UP),
    _plain("rescue", _ANY),
    _plain("unrescue", _ANY),
    _plain("shelve", _ANY),
    _plain("unshelve", _ANY),
    _plain("confirmResize", _ANY),
    _plain("revertResize", _ANY),
    _reboot,
    _reboot,
    _rebuild,
    _resize,
    _resize,
]
"""Every action of which something could come."""
