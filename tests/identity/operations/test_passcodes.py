"""One-time passcodes."""

import base64

import pytest

from pilvi.identity.operations.passcodes import STEP_S, fits, passcode

# The vectors of RFC 6238, appendix B, for SHA-1, to 6 digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


@pytest.mark.parametrize("moment", VECTORS)
def test_the_vectors_of_the_rfc(moment: int) -> None:
    assert passcode(SECRET, moment // STEP_S) == VECTORS[moment]


def test_the_present_one_and_the_one_before_fit() -> None:
    code = VECTORS[1111111109]
    assert fits(SECRET, code, 1111111109)
    assert fits(SECRET.lower().rstrip("="), code, 1111111109 + STEP_S)
    assert not fits(SECRET, code, 1111111109 + 2 * STEP_S)
    assert not fits(SECRET, code, 1111111109 - STEP_S)
    for wrong in ("", "ü", "000000", code + "0"):
        assert not fits(SECRET, wrong, 1111111109)


def test_what_is_no_secret_fits_nothing() -> None:
    assert not fits("not base32!", "000000", 0)
