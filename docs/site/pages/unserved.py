"""The page of what is not served: from the tables that say no, and from OpenStack's documents."""

from collections.abc import Iterator

from conformance.openapi.documents import SERVICES, published
from conformance.openapi.known_errors import NEEDS_MORE
from conformance.openapi.not_openstack import NOT_OPENSTACK
from conformance.openapi.routed import list_routed
from pages.api import operation, title
from pages.markdown import GENERATED, bullets, code, first_paragraph, join, plain, table
from pages.messages import Message, list_messages
from pages.sources import ROOT, Sources
from pilvi.core.http import Route, Service

ABOUT_MAX = 20
"""Characters of the word before a colon that says what a row of the README's table is about."""


def make_page(sources: Sources) -> str:
    """Everything that Pilvi is known not to do."""
    return join(
        "# What Pilvi does not do",
        GENERATED,
        "A call that is not served says so, with 501 or 400 and the reason; it never answers as if "
        "it had worked. What is not in these lists and does not work is a defect: please tell. How "
        "much of each API is served, and which of OpenStack's tests fail, is told by "
        "[conformance](conformance.md).",
        "## Not there at all",
        bullets(list_not_yet()),
        "## Calls that are refused",
        "There is a row for them, and it says why not.",
        *_refused(sources),
        "## Messages of what is not supported",
        "Parts of calls (a field, a value) that are answered with 501; by the network API, 400.",
        table(("part", "message"), ((m.part, plain(m.text)) for m in list_unsupported())),
        "## Operations of OpenStack's documents that are not there",
        "From the [official OpenAPI documents](conformance.md#the-official-api-documents), without "
        "those that OpenStack itself always refuses. They are answered with 404 or 405.",
        *(_section(service) for service in sources.services if service.name in SERVICES),
    )


def list_not_yet() -> list[str]:
    """The column *not yet* of the README's table, after what the row is about where it says so."""
    text = (ROOT / "README.md").read_text().partition("| works | not yet |")[2]
    cells = []
    for line in text.splitlines()[2:]:
        if not line.startswith("|"):
            break
        works, not_yet = (cell.strip() for cell in line.strip("|").rsplit("|", 1))
        about = works.partition(":")[0] if ":" in works[:ABOUT_MAX] else ""
        if not_yet:
            cells.append(f"{about}: {not_yet}" if about else not_yet)
    return cells


def _refused(sources: Sources) -> Iterator[str]:
    for service in sources.public_services:
        reasons: dict[str, list[str]] = {}
        for route in list_refused(service):
            reason = first_paragraph(route.handler.__doc__).removeprefix("Refused: ")
            reasons.setdefault(reason, []).append(code(operation(route)))
        for pattern, reason in NEEDS_MORE.get(service.name, {}).items():
            reasons.setdefault(reason, []).append(code(pattern))
        lines = (
            f"{', '.join(dict.fromkeys(operations))}: {reason[:1].lower()}{reason[1:].rstrip('.')}"
            for reason, operations in reasons.items()
        )
        if reasons:
            yield join(f"**{title(service)}**", bullets(lines))


def list_refused(service: Service) -> list[Route]:
    """The rows of a service that only say no: their handlers are named so."""
    return [route for route in service.routes if route.name.startswith("refuse_")]


def list_unsupported() -> list[Message]:
    """Messages of the kind Unsupported that a user can meet."""
    return [message for message in list_messages() if message.kind == "Unsupported"]


def list_missing(service: Service) -> list[str]:
    """Operations of a service's document that have no row and that OpenStack does serve."""
    routed = list_routed(service)
    known = set(routed) | set(NOT_OPENSTACK.get(service.name, ()))
    return [each.name for each in published(service.name).operations if each.name not in known]


def _section(service: Service) -> str:
    missing = list_missing(service)
    shown = bullets(code(name) for name in missing) if missing else "Every one is there."
    return join(f"### {title(service)}", shown)
