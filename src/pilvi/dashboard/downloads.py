"""A text that was shown once, as a file: the page sends it back, nothing is kept here."""

import re
from urllib.parse import quote

from starlette.responses import Response

from pilvi.dashboard.visit import Visit


async def download(visit: Visit) -> Response:
    """The text of the form as a file with a plain name."""
    name = re.sub(r"[^\w.-]", "_", visit.text("file_name"))[:100] or "file.txt"
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    text = visit.text("text").replace("\r\n", "\n")
    return Response(text, 200, headers, "application/octet-stream")
