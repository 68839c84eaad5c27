"""The picture as SVG: what `text.py` says in words, drawn. Pure.

Image store to the left, hosts in the middle with what they give and their instances, volume store
to the right; a line for each iSCSI connection, a broken one for each copy on its way. Nothing is
loaded from elsewhere, and no style stands at an element: a page's policy may forbid that.
"""

from collections.abc import Sequence
from functools import partial

from pilvi.picture.sheet import ROW, Link, Sheet, no_link
from pilvi.picture.system import (
    TASK_KEY,
    Amount,
    Disk,
    Row,
    System,
    is_busy,
    list_amounts,
    list_disks,
    list_placed,
    list_unplaced,
    name_of,
    size_words,
)

PAD, GAP, CHANNEL = 12, 12, 46
STORE_WIDTH, HOST_WIDTH = 226, 448
HOST_X = GAP + STORE_WIDTH + CHANNEL
VOLUMES_X = HOST_X + HOST_WIDTH + CHANNEL
WIDTH = VOLUMES_X + STORE_WIDTH + GAP
_BAR_X, _BAR_WIDTH, _HEAT_WIDTH = 72, 84, 44
_GOOD, _BAD = {"ACTIVE"}, {"ERROR"}


def render_svg(system: System, style: str = "", link: Link = no_link) -> str:
    """The picture as an SVG document; with a style where no page around it has one. Pure."""
    sheet = Sheet(link)
    bottoms = [_draw_images(sheet, system), _draw_volumes(sheet, system)]
    y: float = GAP
    for host in system.hosts or ():
        y = _draw_host(sheet, system, host, y) + GAP
    unplaced = list_unplaced(system)
    if system.hosts is None or unplaced:
        title = "Instances" if system.hosts is None else "Not on a host that is shown"
        y = _draw_place(sheet, system, (title, "box", ()), unplaced, y) + GAP
    bottoms.append(_draw_cut(sheet, system, y))
    height = max(bottoms) + GAP
    # What leads somewhere must be found by keyboard and reader: an image has no parts for them.
    role = "img" if link is no_link else "group"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" class="picture" '
        f'width="{WIDTH}" height="{height}" role="{role}" aria-label="The cloud">'
    )
    styles = [f"<style>{style}</style>"] if style else []
    page = f'<rect width="{WIDTH}" height="{height}" class="page"/>'
    return "\n".join([head, *styles, page, *sheet.parts, "</svg>", ""])


def _join(*words: object) -> str:
    return " · ".join(str(word) for word in words if word)


def _draw_images(sheet: Sheet, system: System) -> float:
    rows = [
        (one, _join(name_of(one), one["status"], one.get("size") and size_words(one["size"])))
        for one in system.images
    ]
    return _draw_store(sheet, GAP, ("Image store", "images"), rows, "images" in system.cut)


def _draw_volumes(sheet: Sheet, system: System) -> float:
    rows = [
        (one, f"{name_of(one)} · {one['size']} GiB · {one['status']}") for one in system.volumes
    ]
    return _draw_store(sheet, VOLUMES_X, ("Volume store", "volumes"), rows, "volumes" in system.cut)


def _draw_store(
    sheet: Sheet, x: float, head: tuple[str, str], rows: Sequence[tuple[Row, str]], is_cut: bool
) -> float:
    """A box with a title and a row for each thing; the height below it."""
    title, kind = head
    lines = max(len(rows), 1) + is_cut
    height = PAD + ROW * (lines + 1)
    sheet.box(x, GAP, STORE_WIDTH, height, "box")
    write = partial(sheet.text, x + PAD, width=STORE_WIDTH - 2 * PAD)
    write(GAP + ROW / 2 + 4, title, style="title")
    for place, (row, words) in enumerate(rows):
        middle = GAP + ROW * (place + 1.5) + 4
        sheet.heights[kind, str(row["id"])] = middle
        if row.get("instance_uuid") and is_busy(row):
            sheet.saving[str(row["instance_uuid"])] = middle
        bad = str(row["status"]).startswith(("error", "killed"))
        with sheet.leading(kind, str(row["id"])):
            write(middle, words, style="bad" if bad else "busy" if is_busy(row) else "")
    if not rows:
        write(GAP + ROW * 1.5 + 4, "(empty)", style="faint")
    if is_cut:
        write(GAP + ROW * (lines + 0.5) + 4, "… and more", style="faint")
    return GAP + height


def _draw_host(sheet: Sheet, system: System, host: Row, y: float) -> float:
    name = str(host["hypervisor_hostname"])
    style = "box" if host["state"] == "up" else "box down"
    head = (f"Host {name} ({host['state']})", style, list_amounts(host, system))
    return _draw_place(sheet, system, head, list_placed(system, name), y)


def _draw_place(
    sheet: Sheet,
    system: System,
    head: tuple[str, str, Sequence[Amount]],
    servers: Sequence[Row],
    y: float,
) -> float:
    """A host, or a place for instances whose host is not known; the height below it."""
    title, style, amounts = head
    disks = [list_disks(one, system) for one in servers]
    inner = sum(ROW * (len(rows) + 1) + 2 * PAD for rows in disks)
    height = ROW + PAD + ROW * len(amounts) + inner
    sheet.box(HOST_X, y, HOST_WIDTH, height, style)
    sheet.text(HOST_X + PAD, y + ROW / 2 + 4, title, HOST_WIDTH - 2 * PAD, "title")
    at = y + ROW + 4
    for amount in amounts:
        _draw_amount(sheet, at, amount)
        at += ROW
    for server, rows in zip(servers, disks, strict=True):
        at = _draw_server(sheet, server, rows, at + PAD / 2)
    return y + height


def _draw_amount(sheet: Sheet, y: float, amount: Amount) -> None:
    x, middle = HOST_X + _BAR_X, y + ROW / 2
    scale = _BAR_WIDTH / max(amount.total, amount.used, 1)
    sheet.text(HOST_X + PAD, middle, amount.label, _BAR_X, "faint")
    sheet.box(x, y + 6, _BAR_WIDTH, 10, "bar")
    if amount.used:
        sheet.box(x, y + 6, round(amount.used * scale, 1), 10, "used")
    if amount.leaving:
        width = round(amount.leaving * scale, 1)
        start = round(x + (amount.used - amount.leaving) * scale, 1)
        sheet.box(start, y + 6, width, 10, "leaving")
    room = HOST_WIDTH - _BAR_X - _BAR_WIDTH - 2 * PAD
    sheet.text(x + _BAR_WIDTH + PAD, middle, amount.words, room)


def _draw_server(sheet: Sheet, server: Row, disks: Sequence[Disk], y: float) -> float:
    height = ROW * (len(disks) + 1) + PAD
    task = str(server.get(TASK_KEY) or "")
    status = str(server["status"])
    style = "leaving" if task == "deleting" else "bad" if status in _BAD else ""
    sheet.box(HOST_X + PAD, y, HOST_WIDTH - 2 * PAD, height, f"inner {style}".rstrip())
    addresses = [one["addr"] for group in server["addresses"].values() for one in group]
    doing = f"{status}, {task}" if task else status
    words = _join(server["name"], doing, " ".join(addresses))
    tone = "busy" if is_busy(server) else "good" if status in _GOOD else style or "quiet"
    sheet.dot(HOST_X + 2 * PAD + 4, y + ROW / 2 + 4, tone)
    with sheet.leading("instances", str(server["id"])):
        width = HOST_WIDTH - 4 * PAD - 14
        sheet.text(HOST_X + 2 * PAD + 14, y + ROW / 2 + 4, words, width, "title")
    for place, disk in enumerate(disks):
        middle = y + ROW * (place + 1.5) + 4
        _draw_disk(sheet, disk, middle)
        _draw_lines(sheet, server, disk, middle)
    return y + height + PAD / 2


def _draw_disk(sheet: Sheet, disk: Disk, middle: float) -> None:
    mark = f" · changed: {size_words(disk.used_bytes)}" if disk.is_changed else ""
    words = f"{disk.device} · {disk.size_gib} GiB · {disk.words}{mark}"
    room = HOST_WIDTH - 4 * PAD - (0 if disk.volume_id else _HEAT_WIDTH + PAD)
    sheet.text(HOST_X + 2 * PAD, middle, words, room)
    if disk.volume_id:
        return
    x = HOST_X + HOST_WIDTH - 2 * PAD - _HEAT_WIDTH
    sheet.box(x, middle - 5, _HEAT_WIDTH, 10, "bar")
    if disk.is_changed:
        # The least that is seen of a little.
        width = max(6.0, round(_HEAT_WIDTH * disk.share, 1))
        sheet.box(x, middle - 5, width, 10, f"heat-{disk.heat}")


def _draw_lines(sheet: Sheet, server: Row, disk: Disk, middle: float) -> None:
    """From a disk to the volume that it is, and the copies on their way to and from it."""
    name, left, right = str(server["name"]), HOST_X + PAD, HOST_X + HOST_WIDTH - PAD
    to = sheet.heights.get(("volumes", disk.volume_id))
    if to is not None:
        told = f"iSCSI: {disk.words} at {name}"
        sheet.curve((right, middle), (VOLUMES_X, to), "iscsi", told)
    store = GAP + STORE_WIDTH
    start = sheet.heights.get(("images", disk.image_id))
    if start is not None and server["status"] in ("BUILD", "REBUILD"):
        told = f"copying the image to {disk.device} of {name}"
        sheet.curve((store, start), (left, middle), "copy", told)
    saved = sheet.saving.get(str(server["id"]))
    if saved is not None and disk.device == "vda":
        told = f"copying {disk.device} of {name} to the image store"
        sheet.curve((left, middle), (store, saved), "copy", told)


def _draw_cut(sheet: Sheet, system: System, y: float) -> float:
    """A word about what is not drawn; the height below it."""
    for kind, words in (("hosts", "hosts"), ("servers", "instances")):
        if kind in system.cut:
            sheet.text(HOST_X + PAD, y + ROW / 2, f"… and more {words}", HOST_WIDTH, "faint")
            y += ROW
    return y
