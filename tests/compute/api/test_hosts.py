"""Conversations about os-hosts, which ended with 2.42."""

from typing import Any

from compute.servers import ComputeCloud


async def ask(
    compute: ComputeCloud, method: str, path: str = "", json: Any = None, **options: Any
) -> Any:
    options = {"user": "admin", "version": "2.42", **options}
    return await compute.call(method, "/os-hosts" + path, json, **options)


async def test_hosts_are_listed_by_zone(compute: ComputeCloud) -> None:
    row = {"host_name": "host1", "service": "compute", "zone": "nova"}
    for query in ("", "?zone=", "?zone=nova", "?service=compute"):
        assert (await ask(compute, "GET", query)).json()["hosts"] == [row]
    assert (await ask(compute, "GET", "?zone=moon")).json()["hosts"] == []
    assert (await ask(compute, "GET", version="2.43")).status_code == 404
    assert (await ask(compute, "GET", user="demo")).status_code == 403


async def test_a_host_says_what_projects_use(compute: ComputeCloud) -> None:
    await compute.active(flavorRef="p1.nano.eph")
    told = (await ask(compute, "GET", "/host1")).json()["host"]
    rows = {row["resource"]["project"]: row["resource"] for row in told}
    project = compute.cloud.project_ids["demo"]
    assert list(rows) == ["(total)", "(used_now)", "(used_max)", project]
    assert (rows["(total)"]["memory_mb"], rows["(used_now)"]["memory_mb"]) == (16384, 128)
    assert (rows[project]["cpu"], rows[project]["disk_gb"]) == (1, 2)
    assert (await ask(compute, "GET", "/mars")).status_code == 404


async def test_a_host_is_opened_and_closed(compute: ComputeCloud) -> None:
    closed = await ask(compute, "PUT", "/host1", {"status": "Disable"})
    assert closed.json() == {"host": "host1", "status": "disabled"}
    server = await compute.wait(await compute.create(), "ERROR")
    assert "is disabled" in server["fault"]["message"]
    await ask(compute, "PUT", "/host1", {"status": "enable"})
    await compute.active()


async def test_what_hosts_cannot_do_is_refused(compute: ComputeCloud) -> None:
    both = {"status": "enable", "maintenance_mode": "enable"}
    assert (await ask(compute, "PUT", "/host1", both)).status_code == 501
    assert (await ask(compute, "PUT", "/mars", both)).status_code == 404
    for wrong in ({}, {"status": "x"}, {"maintenance_mode": "x"}, {"other": "x"}):
        assert (await ask(compute, "PUT", "/host1", wrong)).status_code == 400, wrong
    for word in ("startup", "shutdown", "reboot"):
        assert (await ask(compute, "GET", f"/host1/{word}")).status_code == 501
        assert (await ask(compute, "GET", f"/mars/{word}")).status_code == 404
