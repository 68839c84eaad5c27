"""GET one server: requests a second from one API process."""

import re
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from bench.figure import Figure
from e2e.real_cloud import READY, RealCloud

ROUNDS = 3
SECONDS = 5
CONNECTIONS = 8


def measure(cloud: RealCloud) -> list[Figure]:
    """Ask for the same running server over and over with wrk."""
    server = cloud.launch("bench-read")
    try:
        # A guest that boots under emulation has a processor to itself, one of wrk's or ours.
        cloud.wait_console(server.id, READY)
        url = f"{cloud.settings.base_url}/compute/v2.1/servers/{server.id}"
        token = cloud.demo.session.get_token()
        rates = [_run_wrk(url, {"X-Auth-Token": token}) for _ in range(ROUNDS)]
    finally:
        cloud.delete(server.id)
    return [Figure("GET /servers/ID from one worker", median(rates), "req/s", 1500, False)]


def _run_wrk(url: str, headers: dict[str, str]) -> float:
    # The token goes through a script file: a command line can be read by every user.
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "headers.lua"
        lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
        script.write_text("\n".join(lines))
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), url]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in output, output
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert found, output
    return float(found.group(1))
