"""Token keys and passwords."""

import asyncio
import datetime
from pathlib import Path

import pytest

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
