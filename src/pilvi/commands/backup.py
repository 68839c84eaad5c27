"""`pilvi backup` and `pilvi restore`: everything that a control plane knows, in one file.

The file is a tar archive: the settings, the first users' passwords, keys and certificates, the
database as it was at one moment, the bytes of every image of that moment, and last a list of all
with their digests. What is on the hosts (disks of guests, volumes) has backups of its own. It holds
every secret of the cloud and is readable by its owner only.
"""

import asyncio
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
import tomli_w
from rich.console import Console
from rich.progress import Progress

from pilvi.commands.database import check_url
from pilvi.commands.database_lock import is_held
from pilvi.commands.processes import find_process
from pilvi.core.db import open_database
from pilvi.errors import Conflict, InvalidRequest, Unsupported
from pilvi.image.operations.images import list_contents
from pilvi.migrations import newest_revision, read_revision, upgrade_database
from pilvi.migrations.copy import copy_database
from pilvi.settings import FILE_NAME, Settings, load_settings

FORMAT = 1
LIST_NAME = "pilvi-backup.json"
DATABASE = "pilvi.db"
BLOBS = "images/blobs"
STATE_FILES = (FILE_NAME, "clouds.yaml", "ca.pem", "policy.yaml")
API_FOLDERS = ("keys", "credential-keys", "tls")
PROCESSES = {"api": "api", "agent": "agent", "keeper": "keeper", "fake": "fake cloud"}
"""What must not run while a cloud is put back, with the words for it."""
SQLITE = "sqlite"
"""In the place of a database's URL: the file in the state directory."""
NEW = "restored"
"""Folder in the state directory where an archive is laid out before it takes its place."""
PIECE_BYTES = 1 << 20
# Looks for images of the database's moment. Lower: a busy store is refused; higher: waits longer.
BLOB_ROUNDS = 5


class Contents(msgspec.Struct, frozen=True):
    """The list at the end of an archive."""

    format: int
    made_at: float
    sha256: dict[str, str]
    """Digest of each file, by its path below the state directory."""


def run_backup(settings: Settings, target: Path, console: Console) -> dict[str, Any]:
    """Write a backup while the cloud runs. Raises `Conflict` when the file is there.

    Raises `InvalidRequest` when it cannot be made or written.
    Returns {"file": its path, "files": how many are in it, "bytes": its size}.
    """
    if target.exists():
        raise Conflict(f"cannot write {target}: it is there already")
    try:
        digests = _make(settings, target, console)
    except OSError as error:
        raise InvalidRequest(f"cannot write {target}: {error.strerror or error}") from error
    size = target.stat().st_size
    words = f"{target}: {len(digests)} files, {size / (1 << 20):.1f} MiB"
    console.print(words, highlight=False)
    return {"file": str(target), "files": len(digests), "bytes": size}


def _make(settings: Settings, target: Path, console: Console) -> dict[str, str]:
    # A name that nobody could have laid a file or a link of theirs at; only we can read it.
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file, _gathered(settings) as paths:
            digests = _write(file, paths, console)
            os.fsync(file.fileno())
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    return digests


@contextmanager
def _gathered(settings: Settings) -> Iterator[dict[str, Path]]:
    """What belongs to one moment, by path below the state directory; images are hard links."""
    settings.api_dir.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.api_dir, prefix="backup-") as name:
        folder = Path(name)
        paths = {name: settings.state / name for name in STATE_FILES}
        for part in API_FOLDERS:
            for path in sorted((settings.api_dir / part).glob("*")):
                paths[f"api/{part}/{path.name}"] = path
        paths[f"api/{DATABASE}"] = folder / DATABASE
        for path in _gather_images(settings, folder):
            paths[f"api/{BLOBS}/{path.name}"] = path
        yield {name: path for name, path in paths.items() if path.is_file()}


def _gather_images(settings: Settings, folder: Path) -> list[Path]:
    """Copy the database and link its images: those before it, and those that came meanwhile."""
    source, links = settings.api_dir / BLOBS, folder / "blobs"
    links.mkdir()
    for _ in range(BLOB_ROUNDS):
        _link_all(source, links)
        _copy_database(settings, folder / DATABASE)
        _link_all(source, links)
        wanted = _list_images(folder / DATABASE)
        if all((links / name).exists() for name in wanted):
            return [links / name for name in sorted(wanted)]
    raise Conflict("cannot back up the images: they change too fast; try again")


def _link_all(source: Path, links: Path) -> None:
    for path in source.glob("*") if source.exists() else ():
        if not (links / path.name).exists():
            try:
                (links / path.name).hardlink_to(path)
            except FileNotFoundError:
                continue  # deleted at this moment


def _copy_database(settings: Settings, target: Path) -> None:
    """One moment of the database, whichever it is, as a file of SQLite."""
    if settings.shared_dir:
        raise Unsupported(
            "cannot back up a cloud with a shared directory: use pg_dump, and copy the state "
            "directory and the shared one"
        )
    target.unlink(missing_ok=True)
    if not settings.database.startswith("sqlite"):
        _require_newest(settings.database, "back up")
        upgrade_database(f"sqlite:///{target}")
        asyncio.run(copy_database(settings.database, f"sqlite:///{target}", is_live=True))
        return
    with (
        closing(sqlite3.connect(settings.api_dir / DATABASE)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def _require_newest(url: str, verb: str) -> None:
    found, newest = read_revision(url), newest_revision()
    if found != newest:
        raise Conflict(
            f"cannot {verb} a database of revision {found}: this release knows {newest}; use the "
            "release that made it, or 'pilvi db upgrade' first"
        )


def _list_images(database: Path) -> set[str]:
    async def read() -> set[str]:
        db = open_database(f"sqlite:///{database}")
        try:
            async with db.read() as tx:
                return await list_contents(tx)
        finally:
            await db.close()

    return asyncio.run(read())


def _write(file: io.BufferedIOBase, paths: dict[str, Path], console: Console) -> dict[str, str]:
    digests: dict[str, str] = {}
    total = sum(path.stat().st_size for path in paths.values())
    with (
        tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        Progress(console=console, transient=True) as progress,
    ):
        task = progress.add_task("backing up", total=total)
        for name, path in paths.items():
            with path.open("rb") as source:
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = os.fstat(source.fileno()).st_size, 0o600
                reader = _Reader(source, lambda count: progress.advance(task, count))
                archive.addfile(entry, reader)
                digests[name] = reader.digest.hexdigest()
        listed = msgspec.json.encode(Contents(FORMAT, time.time(), digests))
        entry = tarfile.TarInfo(LIST_NAME)
        entry.size, entry.mode = len(listed), 0o600
        archive.addfile(entry, io.BytesIO(listed))
    return digests


class _Reader(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, source: io.BufferedIOBase, tell: Callable[[int], object]) -> None:
        self._source, self._tell = source, tell
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._source.read(size)
        self.digest.update(piece)
        self._tell(len(piece))
        return piece


def run_restore(
    archive: Path, state_dir: Path, console: Console, database_url: str | None = None
) -> dict[str, Any]:
    """Put a control plane back as a backup has it. Repeatable; what is there is kept aside.

    `database_url` is another database than the backup's settings name: a URL, or `sqlite` for a
    file in the state directory. One on PostgreSQL must be empty. Raises `Conflict` while the cloud
    runs or for a database that is not empty, `InvalidRequest` when the archive is no whole backup.
    Returns {"made_at": seconds since 1970, "aside": the folder of what was there, or None}.
    """
    _require_stopped(_at(state_dir))
    state_dir.mkdir(parents=True, exist_ok=True)
    laid = state_dir / NEW
    shutil.rmtree(laid, ignore_errors=True)
    try:
        made_at = _unpack(archive, laid, console)
        _check_database(laid / "api" / DATABASE)
        _choose_database(laid, database_url)
    except BaseException:
        shutil.rmtree(laid, ignore_errors=True)
        raise
    aside = _take_places(state_dir, laid)
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(made_at))
    console.print(f"restored the control plane of {moment}", highlight=False)
    if aside is not None:
        words = f"what was there is in {aside}; remove it once all is well"
        console.print(words, highlight=False, soft_wrap=True)
    console.print("start it with 'pilvi up'; 'pilvi audit' names what came since", highlight=False)
    return {"made_at": made_at, "aside": None if aside is None else str(aside)}


def _require_stopped(settings: Settings) -> None:
    for name, words in PROCESSES.items():
        if find_process(settings, name) is not None:
            raise Conflict(f"cannot restore: the {words} runs; stop it first with 'pilvi down'")
    if is_held(settings):
        raise Conflict(
            f"cannot restore: another process serves {settings.state_dir}; stop it first, where "
            "systemd keeps it with 'systemctl stop pilvi-agent pilvi-api'"
        )


def _at(state_dir: Path) -> Settings:
    return Settings(state_dir=str(state_dir))


def _unpack(archive: Path, laid: Path, console: Console) -> float:
    """Lay out an archive, showing how far it is. Returns when it was made."""
    try:
        with (
            archive.open("rb") as file,
            Progress(console=console, transient=True) as progress,
        ):
            task = progress.add_task("restoring", total=os.fstat(file.fileno()).st_size)
            return _lay_out(archive, _Reader(file, lambda n: progress.advance(task, n)), laid)
    except OSError as error:
        raise InvalidRequest(f"cannot restore {archive}: {error.strerror or error}") from None


def _lay_out(archive: Path, file: "_Reader", laid: Path) -> float:
    """Unpack an archive and check every file of it. Returns when it was made."""
    found: dict[str, str] = {}
    contents: Contents | None = None
    try:
        with tarfile.open(fileobj=file, mode="r|") as opened:
            for entry in opened:
                source = opened.extractfile(entry)
                if source is None or not entry.isreg():
                    raise InvalidRequest(f"cannot restore {archive}: it holds '{entry.name}'")
                if entry.name == LIST_NAME:
                    contents = msgspec.json.decode(source.read(), type=Contents)
                else:
                    found[entry.name] = _keep(source, laid / _check_name(archive, entry.name))
    except (tarfile.TarError, OSError, msgspec.DecodeError) as error:
        raise InvalidRequest(f"cannot restore {archive}: it is no whole backup ({error})") from None
    if contents is None or contents.sha256 != found:
        raise InvalidRequest(f"cannot restore {archive}: it is cut off or damaged")
    if contents.format != FORMAT:
        raise InvalidRequest(f"cannot restore {archive}: a newer Pilvi made it")
    return contents.made_at


def _check_name(archive: Path, name: str) -> str:
    parts = name.split("/")
    known = name in STATE_FILES or name == f"api/{DATABASE}"
    below = parts[:1] == ["api"] and "/".join(parts[1:-1]) in (*API_FOLDERS, BLOBS)
    if not known and (not below or parts[-1] in ("", ".", "..")):
        raise InvalidRequest(f"cannot restore {archive}: it holds '{name}'")
    return name


def _keep(source: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := source.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _check_database(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        answer = error
    if answer != "ok":
        raise InvalidRequest(f"cannot restore: the database in the backup is damaged ({answer})")


def _choose_database(laid: Path, database_url: str | None) -> None:
    """Write another database into the settings, and fill one on PostgreSQL."""
    settings = load_settings(laid)
    if database_url is not None:
        url = "" if database_url == SQLITE else database_url
        settings = msgspec.structs.replace(settings, database_url=url)
        written = tomli_w.dumps(msgspec.to_builtins(settings))
        (laid / FILE_NAME).write_text(written)
    if not settings.database_url:
        return
    check_url(settings.database_url)
    source = f"sqlite:///{laid / 'api' / DATABASE}"
    upgrade_database(source)
    _require_newest(source, "restore")
    upgrade_database(settings.database_url)
    asyncio.run(copy_database(source, settings.database_url))
    for path in (laid / "api").glob(f"{DATABASE}*"):
        path.unlink()


def _take_places(state_dir: Path, laid: Path) -> Path | None:
    """Move what is there aside and the new in, the API's folder last. Returns the former."""
    aside, api = None, state_dir / "api"
    names = [name for name in STATE_FILES if (laid / name).exists()]
    if api.exists():
        prefix = f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}-"
        aside = Path(tempfile.mkdtemp(dir=state_dir, prefix=prefix))
        for name in names:
            if (state_dir / name).exists():
                shutil.copy2(state_dir / name, aside / name)
        api.rename(aside / "api")
    for name in names:
        (laid / name).replace(state_dir / name)
    (laid / "api").rename(api)
    shutil.rmtree(laid)
    return aside
