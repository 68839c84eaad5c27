"""A fresh cloud's state, made once and copied for each fake cloud.

A template is a folder as `Settings.api_dir` has it: the database with its first contents, and two
small images. It is kept in the user's cache under a key of the package's own files, so that it
never outlives the code that made it.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

import msgspec

import pilvi
from pilvi.settings import Settings

DATABASE = "pilvi.db"
KEPT = ("keys", "tls")
"""Folders of an API that are its own: no template has them."""
# Seconds that a template of other code is kept. Lower: two checkouts in turn make theirs anew;
# higher: more of them on the disk.
KEEP_S = 24 * 3600.0
_SEEDED = ("external_cidr", "private_cidr")
"""The settings that are written into a cloud's first contents."""


def lay_template(template: Path, settings: Settings) -> None:
    """Put a fresh cloud into the folder of an API, in place of what is there.

    The database may be open, in no transaction: it stays the same file with other contents.
    """
    if settings.api_dir.exists():
        for path in settings.api_dir.iterdir():
            if path.is_dir() and path.name not in KEPT:
                shutil.rmtree(path)
    # With what SQLite keeps beside it while somebody, perhaps another process, has it open.
    skipped = shutil.ignore_patterns(f"{DATABASE}*")
    shutil.copytree(template, settings.api_dir, ignore=skipped, dirs_exist_ok=True)
    source, target = (sqlite3.connect(home / DATABASE) for home in (template, settings.api_dir))
    with contextlib.closing(source), contextlib.closing(target):
        source.backup(target)


async def ensure_template(settings: Settings) -> Path:
    """The template for clouds of these settings, made when there is none."""
    home = _home()
    path = home / _key(settings)
    if not path.exists():
        from pilvi.testing.first_contents import make_first_contents

        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_old(home)
        with tempfile.TemporaryDirectory(dir=home, prefix="new-") as folder:
            chosen = Settings(state_dir=folder, fake=True)
            seeded = {name: getattr(settings, name) for name in _SEEDED}
            chosen = msgspec.structs.replace(chosen, **seeded)
            await make_first_contents(chosen)
            try:
                chosen.api_dir.rename(path)
            except OSError:
                # Another process was quicker.
                assert path.exists()
    return path


def _home() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "pilvi" / "fake"


def _key(settings: Settings) -> str:
    """Changes with every change of the package's code."""
    digest = hashlib.sha256(repr([getattr(settings, name) for name in _SEEDED]).encode())
    for folder, folders, files in os.walk(Path(pilvi.__file__).parent):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            status = Path(folder, name).stat()
            digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def _remove_old(home: Path) -> None:
    for path in home.iterdir():
        if time.time() - path.stat().st_mtime > KEEP_S:
            shutil.rmtree(path, ignore_errors=True)
