"""What helps against what hosts and the choice of a host say: one table for all services.

The words come from drivers, reconcilers and the scheduler; the first row whose words are found in
a message gives the next step. A message that nobody has a remedy for gets none.
"""

import re
from collections.abc import Sequence

from pilvi.core.story import Wait, is_calm

ASK = "ask the operator of the cloud"
TRIED_AGAIN = f"it is tried again by itself; if that goes on, {ASK}"

_ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("this cloud has no host yet",),
        f"{ASK} to add a host: 'pilvi up' on it starts one, 'pilvi doctor' says what it lacks",
    ),
    (
        ("no space left", "disk is full"),
        f"{ASK} to make room on the host's disk ('pilvi doctor' there shows it); then try again",
    ),
    (
        ("asked for", "cannot keep a volume of", "cannot make a volume of"),
        f"ask for less (a smaller flavor or size), delete what is not needed, or {ASK} for room",
    ),
    (
        ("scheduler hint", "of the servers of the group", "in no aggregate", "availability zone"),
        "ask again with other hints, another group, flavor or zone, as the reasons say",
    ),
    (("is not the requested host",), "ask without naming a host, or name one that has room"),
    (
        ("is disabled",),
        f"{ASK} to open a host: 'openstack compute service set --enable HOST nova-compute'",
    ),
    (
        ("not heard of", "it is down", "is down", "cannot reach host"),
        f"wait for the host, or {ASK} to look after it: 'pilvi doctor' there says what it lacks",
    ),
    (
        ("not enough memory",),
        "try again later, or use a flavor with less memory",
    ),
    (
        ("checksum", "not its bytes"),
        "upload the image once more: what is stored is damaged",
    ),
    (
        ("its disk is larger", "smaller than its image", "the volume is smaller"),
        "use a flavor or a size with a larger disk",
    ),
    (
        ("neither raw nor qcow2",),
        "convert the image to qcow2 ('qemu-img convert -O qcow2') and upload that",
    ),
    (
        ("its image was deleted", "the image was deleted", "its server was deleted"),
        "make it once more from something that is there",
    ),
    (("it was deleted",), "use another one: what was named is gone"),
    (("no free slot",), "detach a volume or a port first, or spread them over more servers"),
    (
        ("every conntrack zone is taken", "user ids are used up", "too many are converted"),
        "try again later, when something on the host was deleted",
    ),
    (("state cannot be read",), "start it anew: 'openstack server reboot --hard ID'"),
    (
        ("nft", "packet filter", "tap", "DHCP namespace", "bridge", "dnsmasq"),
        f"{ASK}: 'pilvi trace port ID' names the part of the path that fails",
    ),
    (
        ("iSCSI", "target", "tgtd"),
        f"{ASK}: 'pilvi doctor' on the volume's host says whether the target service runs",
    ),
    (("takes too long",), TRIED_AGAIN),
    (
        ("internal error", "defect of the cloud", "does not answer"),
        f"{ASK}, whose host's log tells more ('agent.log' in the folder of the cloud)",
    ),
)


_PATTERNS = tuple(
    (re.compile(r"\b(" + "|".join(map(re.escape, causes)) + r")\b"), step)
    for causes, step in _ADVICE
)


def advise(words: str) -> str:
    """The next step for whoever reads these words; empty when none is known. Pure."""
    return next((step for causes, step in _PATTERNS if causes.search(words)), "")


def advise_waiting(waits: Sequence[Wait]) -> str:
    """What to do about waits that nobody has a remedy for; empty without waits. Pure."""
    if not waits:
        return ""
    return "wait: nothing is wrong as far as is known" if is_calm(waits) else TRIED_AGAIN
