"""`console url show` and `console log show`."""

from argparse import Namespace

from pilvi.client.columns import plain
from pilvi.client.command import Argument, Command, Record, option
from pilvi.client.finding import SERVER
from pilvi.client.session import Session

NAME = Argument("server", metavar="<server>", help="name or id of the server")
# Kind as the option names it, and its protocol.
PROTOCOLS = {"novnc": "vnc", "serial": "serial"}


def _show_url(session: Session, given: Namespace) -> Record:
    id = SERVER.id_of(session, given.server)
    wanted = {"protocol": PROTOCOLS[given.type], "type": given.type}
    body = {"remote_console": wanted}
    made = session.call("POST", "compute", f"/servers/{id}/remote-consoles", body)
    return Record(plain("protocol", "type", "url"), made["remote_console"])


def _show_log(session: Session, given: Namespace) -> str:
    id = SERVER.id_of(session, given.server)
    wanted = {} if given.lines is None else {"length": given.lines}
    body = {"os-getConsoleOutput": wanted}
    return str(session.call("POST", "compute", f"/servers/{id}/action", body)["output"])


COMMANDS = (
    Command(
        "console url show",
        "Print the address of a server's console.",
        _show_url,
        (
            NAME,
            Argument(
                "--novnc",
                dest="type",
                action="store_const",
                const="novnc",
                default="novnc",
                help="its screen (so without an option)",
            ),
            Argument(
                "--serial",
                dest="type",
                action="store_const",
                const="serial",
                help="its serial line",
            ),
        ),
        Record,
    ),
    Command(
        "console log show",
        "Print what a server wrote to its console.",
        _show_log,
        (NAME, option("--lines", "COUNT", "only the last ones", type=int)),
    ),
)
