import os
from pathlib import Path

import msgspec

from host_server import make_test_settings
from pilvi.agent.vms.boot import read_boot
from pilvi.agent.vms.folder import CONSOLE_LOG
from pilvi.agent.vms.record import Launched, RecordStore
from pilvi.settings import Settings

EARLIER, NOW = "GUEST: READY\n", "GUEST: block vda\n"
# Of a guest that lives: this process itself. And one that nobody has.
MY_UID, FREE_UID = os.getuid(), 4_242_424


def launch(settings: Settings, uid: int, launched: Launched | None) -> None:
    """A vm whose console holds two boots."""
    store = RecordStore(settings.agent_dir / "vms", uid, uid)
    store.save(msgspec.structs.replace(store.allocate("one"), launched=launched))
    log = store.folder("one") / "guest" / CONSOLE_LOG
    log.parent.mkdir(exist_ok=True)
    log.write_text(EARLIER + NOW)
    if os.getuid() == 0:
        os.chown(log, uid, uid)


def launched_at(console_start: int) -> Launched:
    return Launched(started_at=0.0, accelerator="tcg", console_start=console_start)


def test_what_an_earlier_boot_said_is_not_told(tmp_path: Path) -> None:
    settings = make_test_settings(tmp_path)
    assert read_boot(settings, "one") == ""
    launch(settings, MY_UID, launched_at(0))
    assert read_boot(settings, "one") == EARLIER + NOW
    launch(settings, MY_UID, launched_at(len(EARLIER)))
    assert read_boot(settings, "one") == NOW


def test_a_guest_without_a_process_says_nothing(tmp_path: Path) -> None:
    stopped, lost = make_test_settings(tmp_path / "a"), make_test_settings(tmp_path / "b")
    launch(stopped, MY_UID, None)
    assert read_boot(stopped, "one") == ""
    launch(lost, FREE_UID, launched_at(0))
    assert read_boot(lost, "one") == ""
