"""Faults as Glance's clients read them."""

import pytest

from pilvi import errors
from pilvi.errors import PilviError
from pilvi.image.api.faults import PATCH_TYPES, fault


@pytest.mark.parametrize("kind", errors.KINDS.values())
def test_every_kind_has_our_message(kind: type[PilviError]) -> None:
    status, body, _ = fault(kind("cannot do this", detail="a secret"), "req-1")
    assert body["message"] == "cannot do this"
    assert body["code"].startswith(f"{status} ") and body["title"] in body["code"]
    assert "secret" not in str(body)


def test_statuses_and_headers_of_their_own() -> None:
    assert fault(errors.QuotaExceeded("x"), "")[0] == 413
    assert fault(errors.Unauthenticated("x"), "")[2]["www-authenticate"]
    known = ", ".join(PATCH_TYPES)
    assert fault(errors.UnsupportedMediaType("x"), "")[2] == {"accept-patch": known}
    assert fault(errors.Unavailable("x"), "")[2] == {"retry-after": "2"}
