"""For which request something is done."""

import structlog

from pilvi.core.requests import acting_for, current_request


def test_what_is_done_inside_is_for_the_request_and_then_for_the_former() -> None:
    assert current_request() == ""
    with acting_for("req-1"):
        assert current_request() == "req-1"
        with acting_for(""):
            assert current_request() == ""
            assert structlog.contextvars.get_contextvars().get("request_id") is None
        assert current_request() == "req-1"
    assert current_request() == ""
