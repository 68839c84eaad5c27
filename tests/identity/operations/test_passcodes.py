"""One-time passcodes."""

import base64

import pytest
from sqlalchemy import select

from pilvi.core.db import Database
from pilvi.identity.operations.passcodes import (
    FAILURES_MAX,
    STEP_S,
    find_step,
    is_heard,
    passcode,
    use_passcode,
)
from pilvi.identity.operations.projects import create_domain
from pilvi.identity.operations.users import create_user, delete_user
from pilvi.identity.store.credential_tables import passcode_tries

# The vectors of RFC 6238, appendix B, for SHA-1, to 6 digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


@pytest.mark.parametrize("moment", VECTORS)
def test_the_vectors_of_the_rfc(moment: int) -> None:
    assert passcode(SECRET, moment // STEP_S) == VECTORS[moment]


def test_the_present_one_and_the_one_before_are_found() -> None:
    code, step = VECTORS[1111111109], 1111111109 // STEP_S
    assert find_step(SECRET, code, step) == step
    assert find_step(SECRET.lower().rstrip("="), code, step + 1) == step
    assert find_step(SECRET, code, step + 2) is None
    assert find_step(SECRET, code, step - 1) is None
    for wrong in ("", "ü", "000000", code + "0"):
        assert find_step(SECRET, wrong, step) is None


def test_what_is_no_secret_has_no_passcode() -> None:
    assert find_step("not base32!", "000000", 0) is None


STEP = 1111111109 // STEP_S
OTHER = base64.b32encode(b"another user's secret").decode()


class Ann:
    """A user who tries passcodes, each in a transaction of its own."""

    def __init__(self, db: Database, id: str) -> None:
        self._db = db
        self.id = id

    async def tries(self, given: str, step: int = STEP) -> bool:
        """Whether a passcode is good."""
        async with self._db.write() as tx:
            return await use_passcode(tx, self.id, [SECRET, OTHER], given, step)

    async def is_heard(self, step: int = STEP) -> bool:
        """Whether one is looked at."""
        async with self._db.read() as tx:
            return await is_heard(tx, self.id, step)


@pytest.fixture
async def ann(db: Database) -> Ann:
    async with db.write() as tx:
        await create_domain(tx, "Default", id="default")
        return Ann(db, (await create_user(tx, "ann", None)).id)


async def test_a_passcode_is_good_once(ann: Ann) -> None:
    assert await ann.tries(passcode(SECRET, STEP))
    assert not await ann.tries(passcode(SECRET, STEP))
    assert not await ann.tries(passcode(SECRET, STEP), STEP + 1)
    assert await ann.tries(passcode(SECRET, STEP + 1), STEP + 1)


async def test_none_is_good_after_a_later_one_nor_another_of_its_step(ann: Ann) -> None:
    assert await ann.tries(passcode(SECRET, STEP))
    assert not await ann.tries(passcode(SECRET, STEP - 1))
    assert not await ann.tries(passcode(OTHER, STEP))


async def test_few_wrong_ones_are_heard_in_a_step(ann: Ann) -> None:
    for _ in range(FAILURES_MAX):
        assert await ann.is_heard()
        assert not await ann.tries("wrong")
    assert not await ann.is_heard() and not await ann.tries(passcode(SECRET, STEP))
    assert not await ann.is_heard(STEP - 1), "a clock that is set back gives no more guesses"
    assert await ann.is_heard(STEP + 1) and await ann.tries(passcode(SECRET, STEP), STEP + 1)


async def test_a_user_has_one_row_that_goes_with_it(db: Database, ann: Ann) -> None:
    for step in range(STEP, STEP + 3):
        assert await ann.tries(passcode(SECRET, step), step)
        assert not await ann.tries("wrong", step)
    async with db.write() as tx:
        assert len(await tx.all(select(passcode_tries))) == 1
        await delete_user(tx, ann.id, "somebody")
        assert await tx.all(select(passcode_tries)) == []
