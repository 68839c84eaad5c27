"""`python -m conformance.openapi`: what the official documents say of this cloud's replies."""

import argparse
import asyncio
import datetime
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import structlog

from conformance.openapi.documents import SERVICES, keep_document
from conformance.openapi.drive import Statuses, drive
from conformance.openapi.record import FOLDER_VARIABLE, Recorder, read_exchanges
from conformance.openapi.report import (
    ROUTED_SHARE_MIN,
    list_unneeded,
    make_tallies,
    print_report,
)
from conformance.openapi.routed import list_routed
from pilvi.bootstrap import ControlPlane
from pilvi.core.db import open_database
from pilvi.core.http import Service
from pilvi.settings import Settings

ROOT = Path(__file__).parents[3]
# The conversations that bring every row to success.
TESTS = [*(f"tests/{name}" for name in SERVICES), "tests/test_bad_input.py"]


def list_services(folder: Path) -> list[Service]:
    """The services of a control plane that have a document."""
    settings = Settings(state_dir=str(folder))
    settings.api_dir.mkdir(parents=True)
    plane = ControlPlane(settings, open_database(settings.database))
    return [service for service in plane.list_services() if service.name in SERVICES]


def run_tests(folder: Path) -> bool:
    """Run the services' tests with their exchanges kept. Whether they passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--no-header", *TESTS]
    command += ["-m", "not root and not guest and not browser", "-k", "api or test_bad_input"]
    environment = {**os.environ, FOLDER_VARIABLE: str(folder)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-20:]), file=sys.stderr)
    return done.returncode == 0


def be_silent() -> None:
    """Keep the cloud's log out of the report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def walk(folder: Path) -> Statuses:
    """Drive every row, with its exchanges kept."""
    be_silent()
    return asyncio.run(drive(folder / "cloud", Recorder(folder).keep))


def judge_cloud(options: argparse.Namespace) -> int:
    """Drive, judge, print. Returns the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        routed = {each.name: list_routed(each) for each in list_services(folder / "plane")}
        kept = options.exchanges or folder
        passed = options.quick or options.exchanges is not None or run_tests(kept)
        statuses = walk(folder)
        exchanges = [one for each in sorted({kept, folder}) for one in read_exchanges(each)]
        tallies = make_tallies(routed, statuses, exchanges)
        print_report(tallies, details=options.missing)
        unneeded = [] if options.quick else list_unneeded(exchanges)
    for correction in unneeded:
        print(f"no longer needed: the correction of {correction.name}")
    few = [tally.service for tally in tallies if tally.share < ROUTED_SHARE_MIN]
    if few:
        names = ", ".join(few)
        print(f"less than {ROUTED_SHARE_MIN} % of OpenStack's operations are routed: {names}")
    is_good = passed and not few and not unneeded and all(tally.is_good for tally in tallies)
    return 0 if is_good else 1


def send_made_up_requests(options: argparse.Namespace) -> int:
    """Let schemathesis make requests. Returns the exit status."""
    from conformance.openapi.fuzz import fuzz, print_findings

    be_silent()
    number = options.seed if options.seed is not None else datetime.date.today().toordinal()
    chosen = options.services or list(SERVICES)
    findings = asyncio.run(fuzz(options.seconds, number, chosen))
    print_findings(findings, number)
    return 1 if findings.problems else 0


def main() -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="conformance openapi", description=__doc__)
    parser.add_argument(
        "--exchanges",
        type=Path,
        metavar="FOLDER",
        help=f"judge what a test run kept there ({FOLDER_VARIABLE}) in place of running the tests",
    )
    commands = parser.add_subparsers(dest="command")
    parser.add_argument("--quick", action="store_true", help="without the services' API tests")
    parser.add_argument("--missing", action="store_true", help="list what is not routed too")
    keep = commands.add_parser("keep", help="take a newer document (YAML)")
    keep.add_argument("file", type=Path)
    made_up = commands.add_parser("fuzz", help="requests that schemathesis makes up")
    made_up.add_argument("--seconds", type=float, default=60.0)
    made_up.add_argument("--seed", type=int, help="another than the day's own")
    made_up.add_argument("services", nargs="*", help="of all when none is named")
    options = parser.parse_args()
    if options.command == "fuzz":
        return send_made_up_requests(options)
    if options.command == "keep":
        print(keep_document(options.file))
        return 0
    return judge_cloud(options)


if __name__ == "__main__":
    sys.exit(main())
