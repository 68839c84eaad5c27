"""What is done to a server as a whole: start, stop, reboot, resize, rebuild and the like."""

from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from pilvi.client.command import Argument, Command, Record, flag, many, option
from pilvi.client.commands.server_columns import record
from pilvi.client.finding import FLAVOR, IMAGE, SERVER
from pilvi.client.rows import acts_row, for_each, properties
from pilvi.client.session import Session
from pilvi.client.waiting import wait_status
from pilvi.errors import InvalidRequest

NAME = Argument("server", metavar="<server>", help="name or id of the server")
NAMES = Argument("servers", metavar="<server>", nargs="+", help="names or ids of servers")
WAIT = flag("--wait", "return when it is done")
# Verb, sentence, body of the action.
SIMPLE: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("start", "Start servers.", {"os-start": None}),
    ("stop", "Shut servers down.", {"os-stop": None}),
    ("pause", "Pause servers.", {"pause": None}),
    ("unpause", "Let paused servers run on.", {"unpause": None}),
    ("suspend", "Save the memory of servers to disk and end them.", {"suspend": None}),
    ("resume", "Let suspended servers run on.", {"resume": None}),
    ("unlock", "Let servers be changed again.", {"unlock": None}),
    ("restore", "Bring back servers that were softly deleted.", {"restore": None}),
    ("unrescue", "Boot servers from their own disk again.", {"unrescue": None}),
    ("shelve", "Shelve servers.", {"shelve": None}),
    ("unshelve", "Bring shelved servers back.", {"unshelve": None}),
)


def _act(session: Session, id: str, body: Mapping[str, Any]) -> Any:
    return session.call("POST", "compute", f"/servers/{id}/action", body)


def _lock(session: Session, given: Namespace) -> None:
    body = {"lock": {"locked_reason": given.reason} if given.reason else None}
    for_each(given.servers, "lock server", lambda name: _act(session, _id(session, name), body))


def _id(session: Session, name: str) -> str:
    return SERVER.id_of(session, name)


def _reboot(session: Session, given: Namespace) -> None:
    id = _id(session, given.server)
    _act(session, id, {"reboot": {"type": "HARD" if given.hard else "SOFT"}})
    if given.wait:
        wait_status(session, SERVER, id, {"active"})


def _resize(session: Session, given: Namespace) -> None:
    id = _id(session, given.server)
    if given.flavor is None:
        raise InvalidRequest("cannot resize a server without --flavor")
    _act(session, id, {"resize": {"flavorRef": FLAVOR.id_of(session, given.flavor)}})
    if given.wait:
        wait_status(session, SERVER, id, {"verify_resize"})


def _once(body: Mapping[str, Any]) -> Callable[[Session, Namespace], None]:
    def run(session: Session, given: Namespace) -> None:
        _act(session, _id(session, given.server), body)

    return run


def _rescue(session: Session, given: Namespace) -> None:
    body = {"rescue_image_ref": IMAGE.id_of(session, given.image)} if given.image else None
    _act(session, _id(session, given.server), {"rescue": body})


def _migrate(session: Session, given: Namespace) -> None:
    id = _id(session, given.server)
    _act(session, id, {"migrate": {"host": given.host} if given.host else None})
    if given.wait:
        wait_status(session, SERVER, id, {"verify_resize", "active"})


def _rebuild(session: Session, given: Namespace) -> Record:
    server = SERVER.find(session, given.server)
    image = given.image or (server.get("image") or {}).get("id")
    if not image:
        raise InvalidRequest("cannot rebuild a server that boots from a volume without --image")
    wanted: dict[str, Any] = {"imageRef": IMAGE.id_of(session, image)}
    if given.name:
        wanted["name"] = given.name
    if given.properties:
        wanted["metadata"] = properties(given.properties)
    _act(session, server["id"], {"rebuild": wanted})
    if given.wait:
        wait_status(session, SERVER, server["id"], {"active", "shutoff"})
    return record(session, SERVER.get(session, server["id"]))


def _create_image(session: Session, given: Namespace) -> Record:
    # Only here: the other actions do without all that images need.
    from pilvi.client.commands.images import record as image_record

    id = _id(session, given.server)
    name = given.name or SERVER.get(session, id)["name"]
    wanted = {"name": name, "metadata": properties(given.properties)}
    image_id = str(_act(session, id, {"createImage": wanted})["image_id"])
    if given.wait:
        wait_status(session, IMAGE, image_id, {"active"})
    return image_record(IMAGE.get(session, image_id))


COMMANDS = (
    *(acts_row(SERVER, *row) for row in SIMPLE),
    Command(
        "server lock",
        "Let nobody but an admin change servers.",
        _lock,
        (NAMES, option("--reason", "WORDS", "why")),
    ),
    Command(
        "server reboot",
        "Reboot a server.",
        _reboot,
        (
            NAME,
            flag("--hard", "as if the power were cut"),
            flag("--soft", "ask the guest first (so without an option)"),
            WAIT,
        ),
    ),
    Command(
        "server resize",
        "Give a server another flavor.",
        _resize,
        (NAME, option("--flavor", "FLAVOR", "name or id"), WAIT),
    ),
    Command(
        "server resize confirm", "Keep the new flavor.", _once({"confirmResize": None}), (NAME,)
    ),
    Command(
        "server resize revert", "Go back to the old flavor.", _once({"revertResize": None}), (NAME,)
    ),
    Command(
        "server rescue",
        "Boot a server from a rescue image.",
        _rescue,
        (NAME, option("--image", "IMAGE", "another image than its own")),
    ),
    Command(
        "server migrate",
        "Move a server to another host (admin).",
        _migrate,
        (NAME, option("--host", "HOST", "to this one"), WAIT),
    ),
    Command(
        "server rebuild",
        "Make a server anew of an image.",
        _rebuild,
        (
            NAME,
            option("--image", "IMAGE", "another image"),
            option("--name", "NAME", ""),
            many("--property", "KEY=VALUE", "metadata", dest="properties"),
            WAIT,
        ),
        Record,
    ),
    Command(
        "server image create",
        "Make an image of a server's disk.",
        _create_image,
        (
            NAME,
            option("--name", "NAME", "of the image"),
            many("--property", "KEY=VALUE", "of the image", dest="properties"),
            WAIT,
        ),
        Record,
    ),
)
