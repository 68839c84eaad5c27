"""Conversations about QoS specifications, encryption and default types."""

from cloud import Cloud
from fake_host import FakeAgent
from volume_talk import call, message


async def test_a_specification_is_kept_and_associated(cloud: Cloud, agent: FakeAgent) -> None:
    body = {"qos_specs": {"name": "q", "consumer": "front-end", "iops": "100"}}
    message(await call(cloud, "POST", "/qos-specs", body), 403, "forbidden")
    made = (await call(cloud, "POST", "/qos-specs", body, user="admin")).json()["qos_specs"]
    assert (made["consumer"], made["specs"]) == ("front-end", {"iops": "100"})
    message(await call(cloud, "POST", "/qos-specs", body, user="admin"), 409, "conflictingRequest")
    path = f"/qos-specs/{made['id']}"
    await call(cloud, "PUT", path, {"qos_specs": {"a": "b"}}, user="admin")
    await call(cloud, "PUT", f"{path}/delete_keys", {"keys": ["iops"]}, user="admin")
    found = (await call(cloud, "GET", path, user="admin")).json()["qos_specs"]
    assert found["specs"] == {"a": "b"}
    typed = {"volume_type": {"name": "gold"}}
    kind = (await call(cloud, "POST", "/types", typed, user="admin")).json()["volume_type"]["id"]
    at = f"{path}/associate?vol_type_id={kind}"
    assert (await call(cloud, "GET", at, user="admin")).status_code == 202
    listed = (await call(cloud, "GET", f"{path}/associations", user="admin")).json()
    assert [row["id"] for row in listed["qos_associations"]] == [kind]
    message(await call(cloud, "DELETE", path, user="admin"), 400, "badRequest")
    at = f"{path}/disassociate"
    message(await call(cloud, "GET", at, user="admin"), 400, "badRequest")
    assert (await call(cloud, "GET", f"{at}?vol_type_id={kind}", user="admin")).status_code == 202
    listed = (await call(cloud, "GET", f"{path}/associations", user="admin")).json()
    assert listed == {"qos_associations": []}
    await call(cloud, "GET", f"{path}/associate?vol_type_id={kind}", user="admin")
    await call(cloud, "GET", f"{path}/disassociate_all", user="admin")
    assert (await call(cloud, "DELETE", path, user="admin")).status_code == 202
    message(await call(cloud, "GET", path, user="admin"), 404, "itemNotFound")


async def test_a_type_that_asks_for_encryption_gives_no_plain_volume(
    cloud: Cloud, agent: FakeAgent
) -> None:
    typed = {"volume_type": {"name": "sealed"}}
    kind = (await call(cloud, "POST", "/types", typed, user="admin")).json()["volume_type"]["id"]
    path = f"/types/{kind}/encryption"
    assert (await call(cloud, "GET", path, user="admin")).json() == {}
    body = {"encryption": {"provider": "luks", "control_location": "front-end", "key_size": 256}}
    made = (await call(cloud, "POST", path, body, user="admin")).json()["encryption"]
    shown = (await call(cloud, "GET", path, user="admin")).json()
    assert made.items() <= shown.items()
    wanted = {"volume": {"size": 1, "volume_type": "sealed"}}
    message(await call(cloud, "POST", "/volumes", wanted), 501, "notImplemented")
    at = f"{path}/{made['encryption_id']}"
    change = {"encryption": {"cipher": "aes-xts-plain64"}}
    assert (await call(cloud, "PUT", at, change, user="admin")).json() == change
    assert (await call(cloud, "GET", f"{path}/cipher", user="admin")).json() == {
        "cipher": "aes-xts-plain64"
    }
    assert (await call(cloud, "DELETE", at, user="admin")).status_code == 202
    assert (await call(cloud, "POST", "/volumes", wanted)).status_code == 202


async def test_a_project_has_a_default_type_of_its_own(cloud: Cloud, agent: FakeAgent) -> None:
    typed = {"volume_type": {"name": "gold"}}
    await call(cloud, "POST", "/types", typed, user="admin")
    path = f"/default-types/{cloud.project_ids['demo']}"
    message(await call(cloud, "GET", path, user="admin"), 404, "itemNotFound")
    body = {"default_type": {"volume_type": "gold"}}
    message(await call(cloud, "PUT", path, body), 403, "forbidden")
    assert (await call(cloud, "PUT", path, body, user="admin")).status_code == 200
    made = (await call(cloud, "POST", "/volumes", {"volume": {"size": 1}})).json()["volume"]
    assert made["volume_type"] == "gold"
    assert (await call(cloud, "DELETE", path, user="admin")).status_code == 204
