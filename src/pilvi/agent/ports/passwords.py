"""The passwords that guests post to the metadata server, as the control plane is told of them."""

from collections.abc import Sequence
from functools import partial

import msgspec

from pilvi.agent.desired import DesiredState
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.steps import ForgetPosted, Posted
from pilvi.agent.step_log import take
from pilvi.host_api.contract import GuestPassword, Kind
from pilvi.host_api.networks import PortSpec


class PostedPasswords:
    """Knows whose an address is. One that belongs to nobody any more is forgotten."""

    def __init__(self, desired: DesiredState, driver: PortDriver) -> None:
        self._desired = desired
        self._driver = driver
        self._told: dict[str, Posted] = {}

    async def read(self) -> list[GuestPassword]:
        """What is to be told now."""
        self._told = {}
        for posted in await self._driver.list_posted():
            server_id = self._find_server(posted)
            if server_id is None:
                await self._forget(posted)
            else:
                self._told[server_id] = posted
        return [GuestPassword(server_id=id, password=one.text) for id, one in self._told.items()]

    async def note_told(self, passwords: Sequence[GuestPassword]) -> None:
        """They have arrived: the guests are answered."""
        for one in passwords:
            posted = self._told.pop(one.server_id, None)
            if posted is not None and posted.text == one.password:
                await self._forget(posted)

    async def _forget(self, posted: Posted) -> None:
        step = ForgetPosted(posted)
        await take(Kind.NETWORK, posted.network_id, step, partial(self._driver.apply, step))

    def _find_server(self, posted: Posted) -> str | None:
        for assignment in self._desired.list(Kind.PORT):
            if not assignment.present:
                continue
            spec = msgspec.json.decode(assignment.spec, type=PortSpec)
            if spec.network_id == posted.network_id and posted.address in spec.addresses:
                return spec.server_id or None
        return None
