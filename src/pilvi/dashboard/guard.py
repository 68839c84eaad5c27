"""What is refused before anything is done: forms of other pages, and ways out of ours."""

import hmac
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from pilvi.dashboard.client import Refused
from pilvi.dashboard.session import PATH

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
KEY_FIELD = "form_key"
KEY_HEADER = "x-form-key"
# Bytes of a form. Lower: user data does not fit; higher: more memory for a stranger's request.
FORM_BYTES_MAX = 256 * 1024
FORM_FIELDS_MAX = 500


def check_origin(request: Request) -> None:
    """Refuse what another site's page sends. Raises `Refused`. Pure."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    is_ours = origin is None or urlsplit(origin).netloc == host
    if site not in ("same-origin", "none") or not is_ours:
        raise Refused(403, "cannot accept a form of another site: use the dashboard's own page")


def check_key(expected: str, given: object) -> None:
    """Refuse a form that was not made for this session. Raises `Refused`. Pure."""
    is_known = isinstance(given, str) and expected and given
    if not is_known or not hmac.compare_digest(str(given).encode(), expected.encode()):
        raise Refused(
            403, "cannot accept this form: it is of another session; load the page again and retry"
        )


def safe_next(path: str) -> str:
    """Where to go on after a sign-in: a path of the dashboard and nothing else. Pure."""
    is_plain = path.isprintable() and "\\" not in path and "/../" not in f"{path}/"
    is_ours = path == PATH or path.startswith((PATH + "/", PATH + "?"))
    return path if is_ours and is_plain and not path.startswith(PATH + "/sign-") else PATH


async def read_form(request: Request) -> dict[str, list[str]]:
    """The fields of a form. Raises `Refused`."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > FORM_BYTES_MAX:
            raise Refused(413, f"cannot accept a form of more than {FORM_BYTES_MAX} bytes")
        pieces.append(piece)
    form: dict[str, list[str]] = {}
    try:
        text = b"".join(pieces).decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError as error:
        raise Refused(400, "cannot read this form: send it from its page") from error
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form
