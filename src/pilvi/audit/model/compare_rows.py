"""What the services' rows say of each other, and the image store's files of them. Pure."""

from collections.abc import Iterator

from pilvi.audit.model.books import Books, ServerEntry
from pilvi.audit.model.difference import Difference, Verdict
from pilvi.image.model.stored_file import StoredFile


def compare_rows(books: Books) -> list[Difference]:
    """Allocations, attachments, ports, floating IPs and assignments without what they are for."""
    return [
        *_compare_claims(books),
        *_compare_attachments(books),
        *_compare_ports(books),
        *_compare_wishes(books),
    ]


def _compare_claims(books: Books) -> Iterator[Difference]:
    """Every settled server's consumers hold what its flavor says, and nobody else holds any."""
    under_way = {id for one in books.servers if not one.is_settled for id in one.consumers}
    wanted = {
        consumer: (server, held)
        for server in books.servers
        if server.is_settled
        for consumer, held in server.claims.items()
    }
    for consumer, held in books.claims.items():
        if consumer in under_way or not held:
            continue
        if consumer not in wanted:
            yield _row("allocation", Verdict.LEAKED, f"consumer {consumer}", _print(held))
            continue
        server, due = wanted[consumer]
        if _plain(held) != _plain(due):
            words = f"{_print(held)} in place of {_print(due)}"
            yield _row("allocation", Verdict.WRONG, f"server {server.id}", words, consumer)
    for consumer, (server, due) in wanted.items():
        if due and not books.claims.get(consumer):
            yield _row("allocation", Verdict.MISSING, f"server {server.id}", _print(due), consumer)


def _compare_attachments(books: Books) -> Iterator[Difference]:
    servers = {server.id: server for server in books.servers}
    known = {attachment.id for attachment in books.attachments}
    for one in books.attachments:
        server = servers.get(one.server_id)
        if one.is_leaving or (server is not None and not server.is_settled):
            continue
        if server is None or one.id not in server.attachment_ids:
            words = f"of volume {one.volume_id} to server {one.server_id}"
            yield _row("attachment", Verdict.LEAKED, f"volume {one.volume_id}", words, one.id)
    for server in books.servers:
        yield from _miss_attachments(server, known)


def _miss_attachments(server: ServerEntry, known: set[str]) -> Iterator[Difference]:
    if server.is_settled:
        for id in sorted(server.attachment_ids - known):
            yield _row("attachment", Verdict.MISSING, f"server {server.id}", id, id)


def _compare_ports(books: Books) -> Iterator[Difference]:
    servers = {server.id for server in books.servers}
    ports = {port.id: port for port in books.ports}
    for port in books.ports:
        if port.server_id is not None and port.server_id not in servers:
            words = f"of server {port.server_id}, which is gone"
            yield _row("port", Verdict.LEAKED, f"port {port.id}", words)
        if port.router_id is not None and port.router_id not in books.router_ids:
            words = f"of router {port.router_id}, which is gone"
            yield _row("port", Verdict.LEAKED, f"port {port.id}", words)
    for one in books.floating_ips:
        if one.port_id is None:
            continue
        target = ports.get(one.port_id)
        if target is None or one.fixed_address not in target.addresses:
            words = f"{one.address} leads to {one.fixed_address}, which nobody has"
            yield _row("floating IP", Verdict.WRONG, f"floating_ip {one.id}", words)


def _compare_wishes(books: Books) -> Iterator[Difference]:
    """An assignment without an object would be held for ever; one to be given up is under way."""
    for wish in books.wishes:
        if wish.present and wish.id not in books.objects.get(wish.kind, frozenset()):
            words = f"of host {wish.host_id}"
            yield _row("assignment", Verdict.LEAKED, f"{wish.kind} {wish.id}", words, wish.host_id)


def compare_files(books: Books) -> list[Difference]:
    """Files of the image store without a row, and images without their file. Pure."""
    found = []
    for file in books.files:
        if not _is_wanted(books, file):
            name = f"{file.folder}/{file.name}"
            found.append(
                Difference(
                    "",
                    "stored image",
                    Verdict.LEAKED,
                    part=name,
                    name=name,
                    bytes=file.bytes,
                    since=file.since,
                )
            )
        elif (words := _wrong_size(books, file)) is not None:
            name = f"{file.folder}/{file.name}"
            found.append(
                Difference("", "stored image", Verdict.WRONG, part=name, name=words,
                           bytes=file.bytes, since=file.since)
            )  # fmt: skip
    there = {file.name for file in books.files if file.folder == "blobs"}
    for content in sorted(books.needed_contents - there):
        name = f"blobs/{content}"
        found.append(Difference("", "stored image", Verdict.MISSING, part=name, name=name))
    return found


def _wrong_size(books: Books, file: StoredFile) -> str | None:
    """What is wrong with a content's size; None when nothing is, or it is not known."""
    due = books.content_bytes.get(file.name) if file.folder == "blobs" else None
    if due is None or file.size_bytes is None or file.size_bytes == due:
        return None
    return f"blobs/{file.name} is of {file.size_bytes} bytes in place of {due}"


def _is_wanted(books: Books, file: StoredFile) -> bool:
    match file.folder:
        case "blobs":
            return file.name in books.contents
        case "incoming":
            return file.is_written or file.name in books.upload_ids
    return False


def _row(kind: str, verdict: Verdict, owner: str, words: str, part: str = "") -> Difference:
    return Difference("", kind, verdict, owner, part, words)


def _plain(held: object) -> object:
    """Mappings of whatever type as dictionaries, without what is zero."""
    if not hasattr(held, "items"):
        return held
    return {key: found for key, value in held.items() if (found := _plain(value))}


def _print(held: object) -> str:
    parts = []
    # What is compared is of any type; of allocations it is amounts by provider.
    for provider, amounts in sorted(dict(held).items()):  # type: ignore[call-overload]
        words = ", ".join(f"{amount} {name}" for name, amount in sorted(amounts.items()))
        parts.append(f"{words} of {provider}")
    return "; ".join(parts) or "nothing"
