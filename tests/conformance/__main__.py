"""`bin/conformance`: tempest against a fresh cloud."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from conformance.clouds import fake_cloud, real_cloud
from conformance.lists import PASSING, bare, choose_tests, needs_guest, read_list
from conformance.outcomes import Outcome, Report, Result, read_report, tabulate
from conformance.tempest_run import Workspace
from conformance.web_image import serving_image

HELP = """\
lists (several are run as one):
  interop        the interoperability guideline 2020.06, compute (227 tests)
  smoke          tempest's smoke tests without object storage (92)
  all            what OpenStack 2026.2 itself passes with fake drivers (1,055)
  real           what a real guest proves more of than a fake one: use it with --real
  api SERVICE    all of a service: identity, image, compute, volume or network
  passing        the tests that this project must never fail again
  FILE           a file with a test a line
  REGEX          tests whose id matches

bin/conformance openapi [OPTIONS] is another judge: the official API documents.
"""


def main() -> int:
    """Run what the command line asks for; 0 when nothing failed."""
    options = _parse()
    folder = Path(tempfile.mkdtemp(prefix="pilvi-conformance-", dir=options.dir))
    # The processes of a real cloud run as others and go through it.
    folder.chmod(0o755)
    kind = "real" if options.real else "fake"
    workspace = Workspace(folder / "tempest", kind)
    try:
        ids = choose_tests(options.words, workspace.list_tests(), kind)
    except ValueError as error:
        print(f"conformance: {error}", file=sys.stderr)
        shutil.rmtree(folder)
        return 2
    began = time.monotonic()
    print(f"{len(ids)} tests with {options.workers} workers; logs in {folder}", flush=True)
    cloud = real_cloud if options.real else fake_cloud
    with (
        serving_image() as web_port,
        cloud(folder / "cloud", keep=options.keep, web_port=web_port) as running,
    ):
        workspace.prepare(running)
        wanted = ids if options.real else [id for id in ids if not needs_guest(id)]
        workspace.run(wanted, options.workers)
        report = read_report(workspace.folder, wanted)
        if options.ratchet:
            _run_again(workspace, report, wanted, read_list(PASSING[kind]))
    left_out = Result(Outcome.SKIPPED, "it needs a real guest: --real")
    report.results.update({bare(id): left_out for id in ids if id not in wanted})
    failed = _tell(report, time.monotonic() - began)
    if options.update_list:
        _update_list(report, PASSING[kind])
    if options.ratchet:
        return _check_ratchet(report, read_list(PASSING[kind]))
    return 1 if failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/conformance",
        description=__doc__,
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="+", metavar="LIST", help="which tests")
    parser.add_argument("--real", action="store_true", help="real guests instead of fake hosts")
    parser.add_argument("--workers", type=int, default=2, help="processes of tempest")
    parser.add_argument("--keep", action="store_true", help="leave the cloud running")
    parser.add_argument("--dir", default=tempfile.gettempdir(), help="where logs and state go")
    parser.add_argument(
        "--update-list",
        action="store_true",
        help="add what passed to passing.txt, or passing-real.txt, in tests/conformance",
    )
    parser.add_argument(
        "--ratchet", action="store_true", help="fail only for tests of that list that do not pass"
    )
    return parser.parse_args()


def _tell(report: Report, seconds: float) -> bool:
    """Print the results; whether anything failed."""
    failed = report.names(Outcome.FAILED)
    for name in report.names(Outcome.SKIPPED):
        print(f"skipped {name}\n        {report.results[name].cause}")
    for name in failed:
        print(f"FAILED  {name}\n        {report.results[name].cause}")
    for name, cause in sorted(report.torn.items()):
        print(f"FAILED  end of {name}\n        {cause}")
    print("\n".join(tabulate(report)))
    counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in Outcome)
    print(f"{counts} in {seconds:.1f} s")
    return bool(failed or report.torn)


def _run_again(
    workspace: Workspace, report: Report, wanted: Sequence[str], passing: Sequence[str]
) -> None:
    """Run what has to pass and failed beside other tests once more, alone (decision 43)."""
    broken = set(passing) & set(report.names(Outcome.FAILED))
    again = [id for id in wanted if bare(id) in broken]
    if not again:
        return
    for id in again:
        name = bare(id)
        print(f"unsteady, or broken: {name}\n        {report.results[name].cause}", flush=True)
    workspace.run(again, 1)
    report.results.update(read_report(workspace.folder, again).results)


def _check_ratchet(report: Report, passing: Sequence[str]) -> int:
    """1 when a test that has to pass did not."""
    broken = sorted(set(passing) & set(report.names(Outcome.FAILED)))
    broken += sorted(set(passing) & set(report.names(Outcome.SKIPPED)))
    for name in broken:
        print(f"must pass, as it did before: {name}")
    return 1 if broken else 0


def _update_list(report: Report, path: Path) -> None:
    """Add the tests that passed; none is ever taken out."""
    known = read_list(path) if path.exists() else []
    wanted: Sequence[str] = sorted({*known, *report.names(Outcome.PASSED)})
    path.write_text("\n".join(wanted) + "\n")
    print(f"{path.name}: {len(wanted) - len(known)} tests more, {len(wanted)} in all")


if __name__ == "__main__":
    sys.exit(main())
