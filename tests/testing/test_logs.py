import subprocess
import sys

USE = """
import sys
{before}
from pilvi.testing.server import running_server
with running_server() as server:
    assert list(server.connect().compute.flavors())
"""
BY_LOGGING = "import logging; logging.basicConfig(level=logging.INFO, stream=sys.stdout)"
BY_THEMSELVES = "import structlog; structlog.configure(processors=[lambda *_: 'as they said'])"


def say(before: str) -> str:
    """What a process that uses a fake cloud writes to its output."""
    code = [sys.executable, "-c", USE.format(before=before)]
    return subprocess.run(code, capture_output=True, text=True, check=True).stdout


def test_a_fake_cloud_writes_nothing_into_its_users_output() -> None:
    assert say("") == ""


def test_its_lines_are_found_in_standard_logging() -> None:
    said = say(BY_LOGGING)
    assert "INFO:pilvi.core.http" in said and "path=/identity/v3/auth/tokens" in said


def test_who_configured_structlog_keeps_what_they_said() -> None:
    assert "as they said" in say(BY_THEMSELVES)
