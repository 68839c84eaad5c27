"""`python -m pilvi.testing.crash_matrix`: every operation, every step of it, every fault there."""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from pilvi.testing.simulation.cases import Fault, Place, StepKey, Verdict, list_cases
from pilvi.testing.simulation.farm import run_forked
from pilvi.testing.simulation.matrix import Play
from pilvi.testing.simulation.scenario import Scenario
from pilvi.testing.simulation.scenarios import SCENARIOS
from pilvi.testing.simulation.warm import make_warm

_PLAIN = (None, Fault.NONE)


def main() -> int:
    """Play what the arguments ask for; 1 when anything was found."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        words = [sys.executable, "-m", "pilvi.testing.crash_matrix", *sys.argv[1:]]
        os.execv(sys.executable, words)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    options = _parse()
    template = make_warm(seeds=() if options.case else (1, 2))
    gc.disable()
    gc.freeze()
    chosen = [one for one in SCENARIOS if options.scenario in one.name]
    if options.case:
        chosen = [one for one in SCENARIOS if one.name == options.case[0]]
    began, verdicts = time.monotonic(), list[Verdict]()
    if options.case:
        case = Place(int(options.case[1]), "", "", ""), Fault[options.case[2]]
        tasks = [(chosen[0], [case])]
    else:
        plain = [(scenario, [_PLAIN]) for scenario in chosen]
        first = _play_all(plain, template, options)
        verdicts += [verdict for found in first.values() for verdict in found]
        tasks = [] if options.plain else _choose_cases(chosen, first, options)
        print(f"{sum(len(cases) for _, cases in tasks)} cases with a fault follow")
    for found in _play_all(tasks, template, options).values():
        verdicts += found
    return _summarize(verdicts, time.monotonic() - began)


def _choose_cases(
    chosen: list[Scenario], first: dict[str, list[Verdict]], options: argparse.Namespace
) -> list[tuple[Scenario, list[Any]]]:
    """What is played of each scenario that ends well without faults."""
    known, tasks = set[StepKey](), []
    for number, scenario in enumerate(chosen):
        plain = first[scenario.name][0]
        if plain.problems:
            continue
        cases = list_cases(plain.places, set() if options.all else known, number)
        known |= {place.key for place in plain.places}
        tasks.append((scenario, cases))
    return sorted(tasks, key=lambda task: -len(task[1]))


def _play_all(
    tasks: list[tuple[Scenario, list[Any]]], template: Path, options: argparse.Namespace
) -> dict[str, list[Verdict]]:
    work = partial(_play_scenario, template, options)
    verdicts = dict[str, list[Verdict]]()
    for (scenario, cases), found in run_forked(tasks, work, options.jobs):
        if isinstance(found, Exception):
            found = [Verdict(scenario.name, None, Fault.NONE, [str(found)])]
        verdicts[scenario.name] = found
        failed = sum(1 for one in found if one.problems)
        if cases != [_PLAIN] or failed:
            print(f"{scenario.name}: {len(found)} cases, {failed} failed")
        for verdict in found:
            _print(verdict, options)
    return verdicts


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bin/matrix", description=__doc__)
    parser.add_argument("scenario", nargs="?", default="", help="part of a scenario's name")
    parser.add_argument("--case", nargs=3, metavar=("SCENARIO", "STEP", "FAULT"), help="replay one")
    parser.add_argument("--all", action="store_true", help="every fault at every step")
    parser.add_argument("--plain", action="store_true", help="without any fault: what is taken")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="print what happened")
    return parser.parse_args()


def _play_scenario(
    template: Path, options: argparse.Namespace, task: tuple[Scenario, list[Any]], folder: Path
) -> list[Verdict]:
    scenario, cases = task
    play = Play(scenario, folder / "prepared", template)

    def one(case: Any, where: Path) -> Verdict:
        verdict = play.play(case[0], case[1], where)
        if not (options.trace or verdict.problems):
            verdict.trace = []
        return verdict

    found = []
    for case, verdict in run_forked(cases, one, 1):
        if isinstance(verdict, Exception):
            verdict = Verdict(scenario.name, case[0], case[1], [str(verdict)])
        found.append(verdict)
    return found


def _print(verdict: Verdict, options: argparse.Namespace) -> None:
    if options.trace:
        print("\n".join(verdict.trace))
    if verdict.problems:
        number = verdict.place.number if verdict.place else 0
        replay = f"bin/matrix --trace --case '{verdict.scenario}' {number} {verdict.fault.name}"
        print(f"{verdict}\n    replay: {replay}")
        for problem in verdict.problems[:4]:
            print(f"    {problem[:500]}")


def _summarize(verdicts: list[Verdict], took_s: float) -> int:
    failed = [one for one in verdicts if one.problems]
    excused = [one for one in verdicts if one.excuse]
    scenarios = {one.scenario for one in verdicts}
    print(
        f"{len(verdicts)} cases of {len(scenarios)} operations in {took_s:.0f} s, "
        f"{sum(one.cpu_s for one in verdicts) / len(verdicts):.2f} CPU seconds each: "
        f"{len(failed)} failed; {len(excused)} ended with a reason that the API shows"
    )
    for fault, number in Counter(one.fault for one in failed).most_common():
        print(f"    {number} x {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
