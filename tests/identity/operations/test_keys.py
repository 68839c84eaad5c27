"""Token keys and passwords."""

import asyncio
import datetime
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from pilvi.errors import Unauthenticated, Unavailable
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.operations import keys
from pilvi.identity.operations.keys import Passwords, TokenKeys

TOKEN = Token(
    user_id="u",
    methods=["password"],
    scope=ScopeKind.PROJECT,
    scope_id="p",
    issued_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    expires_at=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
    audit_ids=["a"],
    user_epoch=0,
    project_epoch=3,
)


def test_a_token_survives_sealing_and_a_restart(tmp_path: Path) -> None:
    sealed = TokenKeys(tmp_path / "keys").seal(TOKEN)
    assert TokenKeys(tmp_path / "keys").open(sealed) == TOKEN
    assert (tmp_path / "keys" / "0001.key").stat().st_mode & 0o077 == 0


def test_a_changed_or_foreign_token_is_refused(tmp_path: Path) -> None:
    mine, other = TokenKeys(tmp_path / "a"), TokenKeys(tmp_path / "b")
    sealed = mine.seal(TOKEN)
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    for text in ("", "garbage", "ü", changed, other.seal(TOKEN)):
        with pytest.raises(Unauthenticated):
            mine.open(text)


async def test_passwords_are_argon2id_and_verified() -> None:
    passwords = Passwords()
    hashed = passwords.hash("right")
    assert hashed.startswith("$argon2id$")
    assert await passwords.verify(hashed, "right")
    assert not await passwords.verify(hashed, "wrong")
    assert not await passwords.verify(hashed, "")
    assert not await passwords.verify(None, "nobody has this password")


async def test_too_many_logins_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "VERIFICATIONS_WAITING", 2)
    passwords = Passwords()
    hashed = passwords.hash("right")
    answers = await asyncio.gather(
        *(passwords.verify(hashed, "right") for _ in range(5)), return_exceptions=True
    )
    assert answers.count(True) == 2
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 3


def test_processes_that_begin_together_make_one_key_and_use_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: TokenKeys(tmp_path / "keys"), range(8)))
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["0001.key"]
    sealed = [keys.seal(TOKEN) for keys in made]
    assert all(keys.open(text) == TOKEN for keys in made for text in sealed)


def test_a_key_that_another_process_added_opens_its_tokens(tmp_path: Path) -> None:
    running = TokenKeys(tmp_path / "keys")
    old = running.seal(TOKEN)
    with pytest.raises(Unauthenticated):
        running.open("nonsense")
    (tmp_path / "keys" / "0002.key").write_bytes(Fernet.generate_key())
    fresh = TokenKeys(tmp_path / "keys").seal(TOKEN)
    assert running.open(fresh) == TOKEN and running.open(old) == TOKEN
    with pytest.raises(Unauthenticated):
        running.open("nonsense")
