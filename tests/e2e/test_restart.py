"""A cloud that was stopped comes back with its guests, and says so no sooner than it is true."""

import pytest
from rich.console import Console

from e2e.real_cloud import READY, real_cloud
from pilvi.agent.vms.boot import read_boot
from pilvi.commands.down import run_down
from pilvi.commands.up import FIRST_SERVER, run_up

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(600)]


def test_up_after_down_waits_for_the_new_boot() -> None:
    console = Console(quiet=True)
    with real_cloud() as real:
        run_up(real.settings, first_server=True, console=console)
        hello = real.admin.compute.find_server(FIRST_SERVER, ignore_missing=False)
        first = real.guest_pid(hello.id)
        assert first is not None
        run_down(real.settings.state, purge=False, console=console)
        assert real.guest_pid(hello.id) is None
        assert read_boot(real.settings, hello.id) == ""
        run_up(real.settings, first_server=True, console=console)
        assert real.guest_pid(hello.id) not in (None, first)
        assert read_boot(real.settings, hello.id).count(READY) == 1
        assert real.console_output(hello.id).count(READY) == 2
