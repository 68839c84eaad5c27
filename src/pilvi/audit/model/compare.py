"""The comparison of everything with everything. Pure.

What a host holds is compared with its wishes, one host at a time (`compare_host`); what services
say of each other is compared in `compare_rows`; the image store's files in `compare_files`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from pilvi.audit.model.books import Books, HostSight, Wish
from pilvi.audit.model.compare_rows import compare_files, compare_rows
from pilvi.audit.model.difference import Difference, Verdict
from pilvi.audit.model.expected import Expected, expected
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import OWNERS, Holding, HoldingKind

# Seconds that an image may lie in a host's cache after its last use and its end. The host removes
# it after a day. Lower: that day is told as a leak; higher: a cache that nobody tends shows late.
BASE_IDLE_S = 26 * 3600.0
# Seconds without a byte after which an image on its way to a host is a leftover. Lower: a slow
# transfer is told as a leak; higher: what a kill left shows late.
ARRIVING_IDLE_S = 600.0


def compare(books: Books, sights: Sequence[HostSight]) -> list[Difference]:
    """Every difference between the database and the world.

    A host that is not among `sights` did not answer: nothing is said of what it holds.
    """
    found = compare_rows(books) + compare_files(books)
    for sight in sights:
        found += compare_host(books, sight)
    return sorted(found, key=lambda one: (one.key, one.name))


def compare_host(books: Books, sight: HostSight) -> list[Difference]:
    """The differences of one host. Pure."""
    wishes = {(one.kind, one.id): one for one in books.wishes if one.host_id == sight.id}
    expectations = dict[tuple[Kind, str], tuple[Wish, Expected]]()
    for (kind, id), wish in wishes.items():
        wanted = expected(kind, id, wish.spec)
        expectations[kind, wanted.owner] = (wish, wanted)
    found = list[Difference]()
    held = Counter[tuple[Kind, str, HoldingKind, str]]()
    for item in sight.items:
        if item.kind is HoldingKind.WISH:
            found += _judge_wish(sight, item, wishes)
        elif item.kind is HoldingKind.BASE:
            found += _judge_base(books, sight, item)
        else:
            found += _judge(sight, item, expectations, held)
    for (kind, owner), (wish, wanted) in expectations.items():
        if not (wish.present and wish.is_settled):
            continue
        for thing, part in sorted(wanted.must):
            if not held[kind, owner, thing, part]:
                found.append(
                    Difference(sight.name, thing, Verdict.MISSING, f"{kind} {wish.id}", part)
                )
    return found


def _judge(
    sight: HostSight,
    item: Holding,
    expectations: dict[tuple[Kind, str], tuple[Wish, Expected]],
    held: "Counter[tuple[Kind, str, HoldingKind, str]]",
) -> list[Difference]:
    """Whether somebody wants a thing that is there."""
    for kind in OWNERS.get(item.kind, ()):
        wish, wanted = expectations.get((kind, item.owner or ""), (None, None))
        if wish is None or wanted is None:
            continue
        if not wish.is_settled:
            return []
        key = (kind, wanted.owner, item.kind, item.part)
        held[key] += 1
        is_first = held[key] == 1 or item.kind in wanted.any or item.kind is HoldingKind.SESSION
        if wish.present and wanted.allows(item.kind, item.part) and is_first:
            due = wanted.sizes.get((item.kind, item.part))
            return _judge_size(sight, item, f"{kind} {wish.id}", due)
        return [_leak(sight, item, f"{kind} {wish.id}")]
    if item.is_shared:
        return []
    return [_leak(sight, item, _name_owner(item))]


def _judge_wish(
    sight: HostSight, item: Holding, wishes: dict[tuple[Kind, str], Wish]
) -> list[Difference]:
    """A wish on the host's disk that the database does not know would be kept for ever."""
    kind = Kind(item.part)
    if (kind, item.owner or "") in wishes:
        return []
    return [_leak(sight, item, f"{kind} {item.owner}")]


def _judge_base(books: Books, sight: HostSight, item: Holding) -> list[Difference]:
    """A cached image is nobody's; it is a leak when nobody will ever use or remove it."""
    age_s = books.taken_at - (item.since if item.since is not None else books.taken_at)
    is_known = (item.owner or "") in books.image_ids
    idle_s = ARRIVING_IDLE_S if item.part == "arriving" else BASE_IDLE_S
    due = books.image_bytes.get(item.owner or "")
    if item.part != "arriving" and (wrong := _judge_size(sight, item, f"image {item.owner}", due)):
        return wrong
    if item.part == "used" or age_s < idle_s or (is_known and item.part != "arriving"):
        return []
    return [_leak(sight, item, f"image {item.owner}")]


def _judge_size(sight: HostSight, item: Holding, owner: str, due: int | None) -> list[Difference]:
    """Whether a thing is as large as the database says, where both are known."""
    if due is None or item.size_bytes is None or item.size_bytes == due:
        return []
    words = f"{item.name} is of {item.size_bytes} bytes in place of {due}"
    return [
        Difference(
            sight.name, item.kind, Verdict.WRONG, owner, item.part, words, item.bytes, item.since
        )
    ]


def _name_owner(item: Holding) -> str:
    kinds = OWNERS.get(item.kind, ())
    return f"{kinds[0]} {item.owner}" if kinds and item.owner else ""


def _leak(sight: HostSight, item: Holding, owner: str) -> Difference:
    return Difference(
        sight.name,
        item.kind,
        Verdict.LEAKED,
        owner,
        item.part,
        item.name,
        item.bytes,
        item.since,
    )


def list_in_work(books: Books) -> list[str]:
    """What is under way and was therefore passed over: kind and id of each wish. Pure."""
    waiting: Iterable[Wish] = (wish for wish in books.wishes if not wish.is_settled)
    return sorted({f"{wish.kind} {wish.id}" for wish in waiting})
