"""Looks at a cloud's state before it starts: what is damaged is named, never guessed at.

A cloud whose first start came to its end carries a mark. From then on a file that is missing was
lost: making it anew would give a cloud that looks empty or whose secrets nobody can read.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url

from pilvi.commands.clouds import clouds_path, read_passwords
from pilvi.errors import Unavailable
from pilvi.settings import Settings

MARK = "complete"
KEY_FOLDERS = ("keys", "credential-keys")
# Size up to which every start looks at the whole database (about 1 s for a GiB). Lower: damage is
# met later, by a request; higher: a large cloud starts late.
WHOLE_CHECK_BYTES_MAX = 256 << 20
_MAGIC = b"SQLite format 3\0"


def check_state(settings: Settings) -> None:
    """Refuse a cloud whose files are damaged or lost. Raises `Unavailable` that names the file."""
    is_complete = (settings.api_dir / MARK).exists()
    if database := _find_file(settings):
        _check_database(settings, database, is_complete)
    for name in KEY_FOLDERS:
        _check_keys(settings, settings.shared / name, is_complete)
    path = clouds_path(settings)
    if is_complete and not path.exists():
        raise _refusal(settings, path, "it is gone, and with it the first users' passwords")
    read_passwords(settings)


def mark_complete(settings: Settings) -> None:
    """Note that the first start came to its end. Repeatable."""
    (settings.api_dir / MARK).touch()


def _find_file(settings: Settings) -> Path | None:
    url = make_url(settings.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _check_database(settings: Settings, path: Path, is_complete: bool) -> None:
    size = path.stat().st_size if path.exists() else 0
    if size == 0:
        if is_complete:
            raise _refusal(settings, path, "it is gone or empty")
        return
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(_MAGIC):
        raise _refusal(settings, path, "it is no SQLite database")
    try:
        with closing(sqlite3.connect(path)) as connection:
            _check_pages(connection, size)
    except sqlite3.DatabaseError as error:
        raise _refusal(settings, path, str(error)) from error


def _check_pages(connection: sqlite3.Connection, size: int) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    (_,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if size <= WHOLE_CHECK_BYTES_MAX:
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            raise sqlite3.DatabaseError(str(answer).replace("\n", " "))
    elif pages * page_bytes < size:
        raise sqlite3.DatabaseError(f"it has {size} bytes and speaks of {pages * page_bytes}")


def _check_keys(settings: Settings, folder: Path, is_complete: bool) -> None:
    paths = sorted(folder.glob("*.key"))
    if is_complete and not paths:
        raise _refusal(settings, folder, "its keys are gone")
    for path in paths:
        try:
            Fernet(path.read_bytes())
        except ValueError as error:
            raise _refusal(settings, path, "it is no key") from error


def _refusal(settings: Settings, path: Path, why: str) -> Unavailable:
    return Unavailable(
        f"cannot start this cloud: {path} is damaged or lost ({why}); put it back from your "
        f"newest backup: pilvi restore FILE --state-dir {settings.state_dir}"
    )
