"""The pages of the APIs: every row of a service's surface."""

import importlib
import json
from collections.abc import Iterator
from itertools import groupby

from pages import Page
from pages.markdown import GENERATED, code, fence, first_paragraph, join, paragraphs, table
from pages.sources import Sources
from pages.wire import describe
from pilvi.core.http import Route, Service
from pilvi.core.http.versions import print_version
from pilvi.errors import NotFound

HEAD = ("operation", "what it does", "rule", "versions", "answers")


def page_of(name: str) -> Page:
    """The maker of one service's page."""

    def make_page(sources: Sources) -> str:
        return _make(sources.get_service(name))

    return make_page


def operation(route: Route) -> str:
    """A row as readers name it: method, path and action."""
    return f"{route.method} {route.path or '/'}" + (f" {route.action}" if route.action else "")


def _make(service: Service) -> str:
    owner = importlib.import_module(f"pilvi.{service.name}")
    sections = [_section(service, name, list(rows)) for name, rows in _collections(service)]
    return join(
        f"# {title(service)} API",
        GENERATED,
        paragraphs(owner.__doc__),
        _mounting(service),
        _fault(service),
        "## Which versions there are" if service.discovery else "",
        table(HEAD, (_row(service, route) for route in service.discovery)),
        *sections,
    )


def title(service: Service) -> str:
    """The service's name in a heading."""
    return service.name.replace("_", " ").capitalize()


def _mounting(service: Service) -> str:
    lines = [f"Paths below are below `{service.root}`."]
    if service.accepts_project_in_path:
        lines.append(f"`{service.root}/PROJECT_ID/…` is the same.")
    if service.plain_root:
        lines.append(f"`{service.plain_root}` serves the oldest version only.")
    if service.versions is not None:
        first, last = service.versions.minimum, service.versions.maximum
        lines.append(
            f"Microversions {print_version(first)} to {print_version(last)} are asked for with "
            f"`OpenStack-API-Version: {service.versions.service} {print_version(last)}`; "
            "[what each brought](microversions.md)."
        )
    lines.append(
        "Who may is said by a [rule](policy.md); what can go wrong by [errors](errors.md)."
    )
    return " ".join(lines)


def _fault(service: Service) -> str:
    error = NotFound("cannot find the thing 'x'")
    status, body, _ = service.fault(error, "req-5f0c…")
    text = json.dumps(body, indent=2, ensure_ascii=False, default=str)
    return join(f"An error looks so (here with status {status}):", fence(text, "json"))


def _collections(service: Service) -> Iterator[tuple[str, Iterator[Route]]]:
    order: dict[str, int] = {}
    for route in service.routes:
        order.setdefault(_collection(route), len(order))
    ordered = sorted(service.routes, key=lambda route: order[_collection(route)])
    return groupby(ordered, _collection)


def _collection(route: Route) -> str:
    return "/" + route.path.strip("/").split("/")[0]


def _section(service: Service, name: str, routes: list[Route]) -> str:
    bodies = list(_bodies(routes))
    return join(
        f"## {name}",
        table(HEAD, (_row(service, route) for route in routes)),
        join(*bodies) if bodies else "",
    )


def _row(service: Service, route: Route) -> tuple[str, ...]:
    return (
        code(operation(route)),
        first_paragraph(route.handler.__doc__),
        code(route.policy),
        span(service, route),
        str(route.status),
    )


def span(service: Service, route: Route) -> str:
    """The microversions that have a row; empty for a service without any."""
    if service.versions is None:
        return ""
    if route.since and route.until:
        return f"{print_version(route.since)} to {print_version(route.until)}"
    if route.until:
        return f"up to {print_version(route.until)}"
    return f"from {print_version(route.since)}" if route.since else "all"


def _bodies(routes: list[Route]) -> Iterator[str]:
    takers: dict[str, list[str]] = {}
    for route in routes:
        if route.body is not None:
            text = describe(route.body)
            if route.action:
                text = f'{{"{route.action}": {text}}}'
            takers.setdefault(text, []).append(code(operation(route)))
    for text, names in takers.items():
        verb = "takes" if len(names) == 1 else "take"
        yield join(f"{', '.join(dict.fromkeys(names))} {verb}", fence(text, "text"))
