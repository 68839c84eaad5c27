"""The pages that links open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud import BASE
from console_world import ConsoleCloud, running_consoles, token_in
from quick_call import quick_call


@pytest.fixture
async def consoles(tmp_path: Path) -> AsyncIterator[ConsoleCloud]:
    async with running_consoles(tmp_path) as running:
        yield running


@pytest.mark.parametrize("line", ["vnc", "serial"])
async def test_a_page_names_its_server_and_does_not_use_the_token_up(
    consoles: ConsoleCloud, line: str
) -> None:
    id = await consoles.active(name="<script>alert(1)</script> @STATE@ \"'")
    url = await consoles.link(id, line)
    for _ in range(2):
        reply = await consoles.cloud.http.get(url)
        assert reply.status_code == 200
        assert "&lt;script&gt;alert(1)&lt;/script&gt; @STATE@ &quot;&#x27;" in reply.text
        assert "<script>alert" not in reply.text
        assert 'data-usable="yes"' in reply.text
        assert token_in(url) not in reply.text
    status, viewer = await consoles.knock(url)
    assert status == 101
    await viewer.close()
    reply = await consoles.cloud.http.get(url)
    assert reply.status_code == 410
    assert "was used or is too old" in reply.text
    assert "alert" not in reply.text


@pytest.mark.parametrize("line", ["vnc", "serial"])
async def test_what_the_page_allows_itself(consoles: ConsoleCloud, line: str) -> None:
    url = await consoles.link(await consoles.active(), line)
    headers = (await consoles.cloud.http.get(url)).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_page_opens_its_own_kind_alone(consoles: ConsoleCloud) -> None:
    token = token_in(await consoles.link(await consoles.active(), "vnc"))
    assert (await consoles.cloud.http.get(f"/console/serial?token={token}")).status_code == 410
    assert (await consoles.cloud.http.get(f"/console/vnc?token={token}")).status_code == 200
    for query in ("", "?token=x", "?path=x", "?path=%3Ftoken%3D%00"):
        assert (await consoles.cloud.http.get(f"/console/vnc{query}")).status_code == 410


@pytest.mark.parametrize(
    "path",
    [
        "//evil.test/%2e%2e",
        "//evil.test/console/..",
        "/console//evil.test/%2e%2e",
        "/console/vnc/",
        "/console",
        "/console/",
        "/console/files//evil.test",
    ],
)
async def test_no_path_leads_elsewhere(consoles: ConsoleCloud, path: str) -> None:
    """CVE-2021-3654."""
    reply = await quick_call(consoles.cloud.app, "GET", path, {}, b"")
    assert reply.status_code == 404
    assert "location" not in reply.headers
    assert BASE not in reply.headers.get("refresh", "")
