"""The encryption of a volume, of which there is none."""

from cloud import Cloud
from volume_talk import call, create, message


async def test_a_volume_has_no_key(cloud: Cloud) -> None:
    id = (await create(cloud))["id"]
    path = f"/volumes/{id}/encryption"
    assert (await call(cloud, "GET", path)).json() == {"encryption_key_id": None}
    reply = await call(cloud, "GET", f"{path}/encryption_key_id")
    assert (reply.status_code, reply.content) == (200, b"")
    message(await call(cloud, "GET", f"{path}/colour"), 404, "itemNotFound")


async def test_the_volume_must_be_ones_own(cloud: Cloud) -> None:
    reply = await call(cloud, "POST", "/volumes", {"volume": {"size": 1}}, user="admin")
    path = f"/volumes/{reply.json()['volume']['id']}/encryption"
    for at in (path, f"{path}/encryption_key_id"):
        message(await call(cloud, "GET", at), 404, "itemNotFound")
