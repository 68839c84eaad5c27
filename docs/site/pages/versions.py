"""The page of microversions: what each one brought, row by row."""

from pages.api import operation, title
from pages.markdown import GENERATED, code, join, table
from pages.sources import Sources
from pilvi.core.http import Service
from pilvi.core.http.versions import Version, print_version


def make_page(sources: Sources) -> str:
    """Every microversion of every service that has some."""
    return join(
        "# Microversions",
        GENERATED,
        "A request without the header is answered as the oldest version says. A field is refused, "
        "and left out of replies, before the version that brought it; a row says so.",
        *(_section(service) for service in sources.services if service.versions is not None),
    )


def _section(service: Service) -> str:
    assert service.versions is not None
    first, last = service.versions.minimum, service.versions.maximum
    words = f"{print_version(first)} to {print_version(last)}"
    if service.versions.legacy_header:
        words += f"; also by the header `{service.versions.legacy_header}: {print_version(last)}`"
    rows = (
        (print_version(row.number), row.sentence, _fields(row), _operations(service, row))
        for row in service.versions.rows
    )
    head = ("version", "what it brought", "fields", "operations that begin or end")
    return join(f"## {title(service)}", words + ".", table(head, rows))


def _fields(row: Version) -> str:
    names = [
        path.rpartition(".")[2]
        for fields in (row.request_fields, row.reply_fields)
        for paths in fields.values()
        for path in paths
    ]
    return ", ".join(code(name) for name in dict.fromkeys(names))


def _operations(service: Service, row: Version) -> str:
    begin = [code(operation(r)) for r in service.routes if r.since == row.number]
    ends = [
        code(operation(r)) + " is gone"
        for r in service.routes
        if r.until and (r.until[0], r.until[1] + 1) == row.number
    ]
    return ", ".join([*begin, *ends])
