"""A cloud that listens elsewhere than on 127.0.0.1 speaks TLS with an authority of its own."""

import ssl

import httpx
import msgspec
import pytest
from rich.console import Console

from e2e.real_cloud import choose_settings, connect, find_leftovers
from pilvi.commands.clouds import ca_path
from pilvi.commands.down import run_down
from pilvi.commands.up import run_up

pytestmark = [pytest.mark.root, pytest.mark.timeout(180)]


def test_clients_and_agent_verify_the_clouds_own_authority() -> None:
    settings = msgspec.structs.replace(choose_settings(), listen_host="127.0.0.2")
    console = Console(quiet=True)
    try:
        run_up(settings, first_server=False, console=console)
        demo = connect(settings, "pilvi-demo")
        assert demo.config.config["auth"]["auth_url"].startswith("https://127.0.0.2:")
        assert [network.name for network in demo.network.networks(name="private")] == ["private"]
        url = settings.base_url + "/identity/v3"
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(url)
        trusting = ssl.create_default_context(cafile=str(ca_path(settings)))
        assert httpx.get(url, verify=trusting).status_code == 200
    finally:
        run_down(settings.state, purge=True, console=console)
    leftovers = find_leftovers(settings)
    assert not leftovers, leftovers
