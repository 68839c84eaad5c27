"""`keypair …`: a private key is made on this machine and never leaves it."""

import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from pilvi.client.columns import Column
from pilvi.client.command import Answer, Argument, Command, Record, Table, flag, option
from pilvi.client.finding import USER
from pilvi.client.rows import for_each
from pilvi.client.session import Session
from pilvi.errors import InvalidRequest, PilviError

LISTED = (Column("Name", "name"), Column("Fingerprint", "fingerprint"), Column("Type", "type"))
SHOW = (
    Column("created_at"),
    Column("fingerprint"),
    Column("id", "name"),
    Column("is_deleted", "deleted"),
    Column("name"),
    Column("private_key"),
    Column("type"),
    Column("user_id"),
)


def _list(session: Session, given: Namespace) -> Table:
    query = {"user_id": given.user and USER.id_of(session, given.user), "limit": 1000}
    found = session.pages("compute", "/os-keypairs", "keypairs", query)
    return Table(LISTED, [one["keypair"] for one in found])


def _show(session: Session, given: Namespace) -> Answer:
    pair = session.get("compute", f"/os-keypairs/{given.name}")["keypair"]
    return str(pair["public_key"]) if given.public_key else Record(SHOW, pair)


def _create(session: Session, given: Namespace) -> Answer:
    private = None
    if given.public_key:
        try:
            public = Path(given.public_key).expanduser().read_text()
        except OSError as error:
            words = f"cannot read the key {given.public_key}: {error.strerror}"
            raise InvalidRequest(words) from error
    else:
        private, public = _make_key()
    wanted: dict[str, Any] = {"name": given.name, "public_key": public, "type": given.type}
    if given.user:
        wanted["user_id"] = USER.id_of(session, given.user)
    file = Path(given.private_key).expanduser() if private and given.private_key else None
    if file is not None and private is not None:
        # Before the cloud knows the key: a pair whose private half is lost is of no use.
        _write(file, private)
    try:
        pair = session.call("POST", "compute", "/os-keypairs", {"keypair": wanted})["keypair"]
    except PilviError:
        if file is not None:
            file.unlink()
        raise
    if private is None or file is not None:
        columns = [column for column in SHOW if column.name != "private_key"]
        return Record(columns, {"created_at": None, "deleted": None, **pair})
    return private


def _make_key() -> tuple[str, str]:
    """A new private key and its public one, as OpenSSH writes them."""
    # Only where a key is made: this import alone takes as long as a whole command.
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return private.decode(), public.decode()


def _write(path: Path, text: str) -> None:
    """Write a private key so that nobody else can read it, and over nothing that is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidRequest(f"cannot write the key to {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _delete(session: Session, given: Namespace) -> None:
    def delete(name: str) -> None:
        session.call("DELETE", "compute", f"/os-keypairs/{name}")

    for_each(given.names, "delete key pair", delete)


NAME = Argument("name", metavar="<key>", help="name of the key pair")
OF_USER = option("--user", "USER", "of this user (admin)")
COMMANDS = (
    Command("keypair list", "List key pairs.", _list, (OF_USER,), Table),
    Command(
        "keypair show",
        "Show a key pair, or its public key.",
        _show,
        (NAME, flag("--public-key", "only the key itself")),
        Record,
    ),
    Command(
        "keypair create",
        "Make a key pair, or register a public key.",
        _create,
        (
            NAME,
            option("--public-key", "FILE", "the key to register; else one is made"),
            option("--private-key", "FILE", "where to write the made one; else it is printed"),
            Argument("--type", choices=("ssh", "x509"), default="ssh", help="ssh without it"),
            OF_USER,
        ),
        Record,
    ),
    Command(
        "keypair delete",
        "Delete key pairs.",
        _delete,
        (Argument("names", metavar="<key>", nargs="+", help="names of key pairs"),),
    ),
)
