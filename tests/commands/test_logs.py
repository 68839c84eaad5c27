"""How processes log: for people, or for programs."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from pilvi.commands.logs import configure_logs
configure_logs({form!r})
log = structlog.get_logger()
with structlog.contextvars.bound_contextvars(request_id="req-1"):
    log.info("served", path="/x")
password = "hunter2"
try:
    1 / 0
except ZeroDivisionError:
    log.exception("cannot divide")
logging.getLogger("library").warning("of %s", "others")
"""


def logged(form: str) -> list[str]:
    """The lines that a process writes."""
    program = PROGRAM.format(form=form)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return (done.stdout + done.stderr).splitlines()


def test_every_line_of_json_is_an_object() -> None:
    lines = [json.loads(line) for line in logged("json")]
    assert [line["event"] for line in lines] == ["served", "cannot divide", "of others"]
    assert lines[0]["request_id"] == "req-1" and lines[0]["level"] == "info"
    assert lines[1]["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert lines[2]["logger"] == "library"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_variable_of_a_failed_function_is_logged(form: str) -> None:
    lines = logged(form)
    assert any("ZeroDivisionError" in line for line in lines)
    assert not any("hunter2" in line for line in lines)


@pytest.mark.parametrize("form", ["text"])
def test_people_read_key_and_value(form: str) -> None:
    lines = logged(form)
    assert "event=served" in lines[0] and "request_id=req-1" in lines[0]
    assert lines[0].startswith("timestamp=")
    assert any("ZeroDivisionError" in line for line in lines)
    assert lines[-1].endswith("library of others")
