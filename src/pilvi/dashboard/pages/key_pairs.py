"""Key pairs: public keys that guests are given. A private key is shown once and never kept."""

from collections.abc import Sequence

from pilvi.dashboard.client import Client, at
from pilvi.dashboard.describe import (
    Action,
    Collection,
    Column,
    Done,
    Field,
    FieldKind,
    Form,
    Paging,
    Reveal,
    Row,
)
from pilvi.dashboard.render import code, link, moment

ROOT = "/compute/v2.1/os-keypairs"
# The newest version that makes private keys; later ones only take public ones.
_MAKES_KEYS = "compute 2.91"


async def load(client: Client, paging: Paging) -> Sequence[Row]:
    """Some of the user's key pairs."""
    found = await client.get(ROOT, paging.params())
    return [one["keypair"] for one in found["keypairs"]]


async def find(client: Client, name: str) -> Row:
    """One key pair. Raises `Refused`."""
    found = await client.get(at(ROOT, name))
    row: Row = found["keypair"]
    return row


async def _create(client: Client, id: str, form: Form) -> Done:
    name, key = form["name"], form["public_key"].strip()
    if key:
        wanted = {"name": name, "public_key": key, "type": "ssh"}
        await client.post(ROOT, {"keypair": wanted})
        return Done(f"The key pair {name} is kept.")
    made = await client.post(ROOT, {"keypair": {"name": name}}, version=_MAKES_KEYS)
    words = "Keep it now: it is shown this once. Allow only yourself to read it: chmod 600."
    text = made["keypair"]["private_key"]
    return Done(
        f"The key pair {name} was made.", reveal=Reveal("Private key", words, text, f"{name}.pem")
    )


async def _delete(client: Client, name: str, form: Form) -> Done:
    await client.delete(at(ROOT, name))
    return Done(f"The key pair {name} was deleted.", "key-pairs")


KEY_PAIRS = Collection(
    path="key-pairs",
    title="Key pairs",
    noun="key pair",
    empty="No key pairs yet: with one, you enter your instances by SSH without a password.",
    load=load,
    find=find,
    id_of=lambda row: str(row["name"]),
    name_of=lambda row: str(row["name"]),
    columns=[
        Column("Name", lambda row: link(row["name"], "key-pairs", row["name"])),
        Column("Kind", lambda row: row["type"], is_minor=True),
        Column("Fingerprint", lambda row: code(row["fingerprint"])),
    ],
    facts=lambda row: [
        ("Kind", row["type"]),
        ("Fingerprint", code(row["fingerprint"])),
        ("Made", moment(row["created_at"])),
        ("Public key", code(row["public_key"])),
    ],
    create=Action(
        name="new",
        label="Add a key pair",
        send=_create,
        fields=[
            Field(name="name", label="Name"),
            Field(
                name="public_key",
                label="Public key",
                kind=FieldKind.LONG,
                is_required=False,
                hint="Empty: a new pair is made, and its private half is shown once.",
            ),
        ],
    ),
    actions=[
        Action(
            name="delete",
            label="Delete",
            send=_delete,
            explain="Guests that were given the key keep it.",
            is_dangerous=True,
        )
    ],
)
