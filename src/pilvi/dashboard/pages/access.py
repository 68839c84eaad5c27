"""Application credentials: a way in for programs, with a ready clouds.yaml."""

import datetime
from collections.abc import Sequence

import yaml

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import (
    Action,
    Cell,
    CellKind,
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
from pilvi.dashboard.render import code, join, link, moment

CA_FILE = "~/.config/openstack/ca.pem"


def _root(client: Client) -> str:
    return at("/identity/v3/users", client.user_id, "application_credentials")


async def load(client: Client, paging: Paging) -> Sequence[Row]:
    """The user's own credentials."""
    found = await client.get(_root(client))
    rows: Sequence[Row] = found["application_credentials"]
    return rows


async def find(client: Client, id: str) -> Row:
    """One of them. Raises `Refused`."""
    found = await client.get(at(_root(client), id))
    row: Row = found["application_credential"]
    return row


async def _create(client: Client, id: str, form: Form) -> Done:
    fields: dict[str, object] = {"name": form["name"], "unrestricted": bool(form["unrestricted"])}
    if form["description"]:
        fields["description"] = form["description"]
    if form["expires"]:
        fields["expires_at"] = f"{read_day(form['expires'])}T23:59:59Z"
    body = {"application_credential": fields}
    made = (await client.post(_root(client), body))["application_credential"]
    catalog = await client.get("/identity/v3/auth/catalog")
    words = (
        "Keep it now: the secret is shown this once. "
        "In ~/.config/openstack/clouds.yaml it is what every OpenStack tool reads."
    )
    beside = None
    if client.authority:
        words += f" This cloud signs its own certificates: download ca.pem too, to {CA_FILE}."
        beside = Cell("Download ca.pem", CellKind.LINK, client.authority)
    ca_file = CA_FILE if client.authority else ""
    text = write_clouds(made, find_identity(catalog["catalog"]), ca_file)
    return Done(
        f"The credential {form['name']} was made.",
        reveal=Reveal("Your clouds.yaml", words, text, "clouds.yaml", beside),
    )


def read_day(text: str) -> datetime.date:
    """A day that was typed. Raises `Refused`. Pure."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        words = f"cannot read '{text}' as a day: write it like 2030-12-31"
        raise Refused(400, words) from None


def find_identity(catalog: Sequence[Row]) -> tuple[str, str]:
    """Address and region of the identity service. Pure."""
    for service in catalog:
        for endpoint in service["endpoints"]:
            if service["type"] == "identity" and endpoint["interface"] == "public":
                return endpoint["url"], endpoint["region"]
    return "", ""


def write_clouds(made: Row, identity: tuple[str, str], ca_file: str = "") -> str:
    """A clouds.yaml with one cloud. Pure."""
    auth = {
        "auth_url": identity[0],
        "application_credential_id": made["id"],
        "application_credential_secret": made["secret"],
    }
    cloud = {
        "auth_type": "v3applicationcredential",
        "auth": auth,
        "region_name": identity[1],
        "identity_api_version": 3,
        **({"cacert": ca_file} if ca_file else {}),
    }
    return str(yaml.safe_dump({"clouds": {"pilvi": cloud}}, sort_keys=False))


async def _delete(client: Client, id: str, form: Form) -> Done:
    await client.delete(at(_root(client), id))
    return Done("The credential was deleted; nobody gets in with it.", "credentials")


CREDENTIALS = Collection(
    path="credentials",
    title="Application credentials",
    noun="application credential",
    empty="None yet: with one, a program gets in without your password.",
    load=load,
    find=find,
    is_paged=False,
    columns=[
        Column("Name", lambda row: link(row["name"], "credentials", row["id"])),
        Column("Roles", lambda row: join(role["name"] for role in row["roles"])),
        Column("Ends", lambda row: moment(row["expires_at"]) if row["expires_at"] else "never"),
        Column("Id", lambda row: code(row["id"]), is_minor=True),
    ],
    facts=lambda row: [
        ("Description", row["description"]),
        ("Roles", join(role["name"] for role in row["roles"])),
        ("Ends", moment(row["expires_at"]) if row["expires_at"] else "never"),
        ("May make others", row["unrestricted"]),
        ("Project", code(row["project_id"])),
        ("Id", code(row["id"])),
    ],
    create=Action(
        name="new",
        label="Make a credential",
        send=_create,
        fields=[
            Field(name="name", label="Name"),
            Field(name="description", label="Description", is_required=False),
            Field(
                name="expires",
                label="Last day",
                is_required=False,
                hint="As 2030-12-31. Empty: it does not end by itself.",
            ),
            Field(
                name="unrestricted",
                label="It may make and delete credentials itself",
                kind=FieldKind.SWITCH,
                is_required=False,
                hint="Seldom needed, and dangerous when the secret is lost.",
            ),
        ],
    ),
    actions=[
        Action(
            name="delete",
            label="Delete",
            send=_delete,
            explain="Programs that use it do not get in any more.",
            is_dangerous=True,
        )
    ],
)
