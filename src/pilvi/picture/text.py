"""The picture as text for a terminal. Pure."""

from pilvi.picture.system import (
    Amount,
    Disk,
    Row,
    System,
    list_amounts,
    list_disks,
    list_placed,
    list_unplaced,
    name_of,
    size_words,
)

BAR_WIDTH = 20
_MORE = "  … and more"


def render_text(system: System) -> str:
    """The picture. Pure."""
    lines = ["IMAGE STORE"]
    lines += [
        f"  {name_of(image):<20} {image['status']:<10} {size_words(image.get('size'))}"
        for image in system.images
    ] or ["  (empty)"]
    lines += _more(system, "images")
    for host in system.hosts or ():
        name = host["hypervisor_hostname"]
        lines += ["", f"HOST {name} ({host['state']})"]
        lines += [_amount(one) for one in list_amounts(host, system)]
        for server in list_placed(system, name):
            lines += _server(server, system)
    lines += _more(system, "hosts")
    unplaced = list_unplaced(system)
    if system.hosts is None:
        lines += ["", "INSTANCES", *([] if unplaced else ["  (none)"])]
    for server in unplaced:
        lines += [] if system.hosts is None else ["", "NOT ON A HOST"]
        lines += _server(server, system)
    lines += _more(system, "servers")
    lines += ["", "VOLUME STORE"]
    lines += [_volume(volume, system) for volume in system.volumes] or ["  (empty)"]
    lines += _more(system, "volumes")
    return "\n".join(lines)


def _more(system: System, kind: str) -> list[str]:
    return [_MORE + f" {kind}"] if kind in system.cut else []


def _amount(amount: Amount) -> str:
    return f"  {amount.label:<7} {_bar(amount.used, amount.total)} {amount.words}"


def _bar(used: int, total: int) -> str:
    filled = 0 if total <= 0 else min(BAR_WIDTH, round(BAR_WIDTH * used / total))
    return "[" + "#" * filled + "." * (BAR_WIDTH - filled) + "]"


def _server(server: Row, system: System) -> list[str]:
    addresses = [address["addr"] for group in server["addresses"].values() for address in group]
    lines = [f"  ┌ {server['name']} ({server['status']}) {' '.join(addresses)}"]
    lines += [f"  │ {_disk(disk)}" for disk in list_disks(server, system)]
    return [*lines, "  └"]


def _disk(disk: Disk) -> str:
    mark = " ═ iSCSI" if disk.volume_id else ""
    if disk.is_changed:
        mark = f"  * changed ({size_words(disk.used_bytes)})"
    return f"{disk.device}  {disk.size_gib} GiB  {disk.words}{mark}"


def _volume(volume: Row, system: System) -> str:
    names = {server["id"]: server["name"] for server in system.servers}
    users = [names.get(one["server_id"], one["server_id"]) for one in volume["attachments"]]
    where = f" ═ iSCSI ═ {', '.join(users)}" if users else ""
    return f"  {name_of(volume):<20} {volume['size']} GiB  {volume['status']}{where}"
