"""The page of the errors: the closed list, and what each service answers for it."""

import inspect
import json

import pilvi.errors
from pages.api import title
from pages.markdown import GENERATED, code, fence, first_paragraph, join, table
from pages.sources import Sources
from pilvi.core.http import Service
from pilvi.errors import KINDS, NotFound


def make_page(sources: Sources) -> str:
    """Every kind of error."""
    services = sources.public_services
    rows = (
        (code(name), first_paragraph(kind.__doc__), *(_status(s, name) for s in services))
        for name, kind in KINDS.items()
    )
    head = ("kind", "what it means", *(title(service) for service in services))
    return join(
        "# Errors",
        GENERATED,
        inspect.cleandoc(pilvi.errors.__doc__ or "").split("\n\n")[1].replace("\n", " "),
        "Every answer has the header `x-openstack-request-id`; the log of the API knows a request "
        "by it. [Every message](messages.md) that the code has is on a page of its own.",
        "## Kinds, and the status that each service answers with",
        table(head, rows),
        "What is *Unavailable* (503) may be sent again later; a *Conflict* (409) once the thing is "
        "in the state that the message names. A request may be sent again without doing anything "
        "twice with an [Idempotency-Key](../how-to/repeat-a-request.md).",
        "## How they look",
        *(_example(service) for service in services),
    )


def _status(service: Service, name: str) -> str:
    return str(service.fault(KINDS[name]("cannot"), "req-1")[0])


def _example(service: Service) -> str:
    _, body, headers = service.fault(NotFound("cannot find the thing 'x'"), "req-5f0c…")
    text = json.dumps(body, ensure_ascii=False, indent=2, default=str)
    return join(f"{title(service)}:", fence(text, "json"))
