"""`python -m pilvi.testing.simulate`: many seeds over all cores, or one with its trace."""

import argparse
import gc
import math
import os
import sys
import time
from collections import Counter
from functools import partial
from itertools import takewhile
from pathlib import Path

from pilvi.testing.simulation.farm import run_forked
from pilvi.testing.simulation.run import Outcome, run_seed
from pilvi.testing.simulation.warm import make_warm


def main() -> int:
    """Run what the arguments ask for; 1 when anything was found."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is part of a seed's story.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "pilvi.testing.simulate", *sys.argv[1:]])
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    options = _parse()
    template = make_warm(seeds=() if options.seed is not None else (1, 2, 3))
    gc.disable()
    gc.freeze()
    seeds = (
        [options.seed]
        if options.seed is not None
        else list(range(options.first, options.first + options.seeds))
    )
    return _run(seeds, template, options)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bin/simulate", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one")
    parser.add_argument("--seeds", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="print what happened")
    parser.add_argument("--within", type=float, help="seconds after which no seed is begun")
    parser.add_argument("--stop", type=int, default=20, help="end after so many failing seeds")
    return parser.parse_args()


def _run(seeds: list[int], template: Path, options: argparse.Namespace) -> int:
    began, outcomes, failed = time.monotonic(), list[Outcome](), list[int]()
    work = partial(_one, template)
    until = began + (options.within or math.inf)
    in_time = takewhile(lambda seed: time.monotonic() < until, seeds)
    for seed, outcome in run_forked(in_time, work, options.jobs):
        if isinstance(outcome, Exception):
            outcome = Outcome(seed, [str(outcome)])
        outcomes.append(outcome)
        if options.trace:
            print("\n".join(outcome.trace))
        if outcome.findings:
            failed.append(seed)
            print(f"seed {seed} failed; replay: bin/simulate --seed {seed} --trace")
            for finding in outcome.findings[:6]:
                print(f"    {finding[:700]}")
            if len(failed) >= options.stop:
                break
    _summarize(outcomes, failed, time.monotonic() - began)
    if len(outcomes) < len(seeds):
        print(f"{len(seeds) - len(outcomes)} more seeds were not played: --within, --stop")
    return 1 if failed else 0


def _one(template: Path, seed: int, folder: Path) -> Outcome:
    return run_seed(seed, folder, template)


def _summarize(outcomes: list[Outcome], failed: list[int], took_s: float) -> None:
    virtual_s = sum(one.virtual_s for one in outcomes)
    cpu_s = sum(one.cpu_s for one in outcomes)
    count = len(outcomes)
    print(
        f"{count} seeds in {took_s:.1f} s: {count / took_s:.1f} a second, {cpu_s / count:.2f} "
        f"CPU seconds each, {virtual_s / took_s:.0f} times faster than real time, "
        f"{sum(one.requests for one in outcomes)} requests "
        f"({sum(one.accepted for one in outcomes)} accepted); {len(failed)} failed"
    )
    kinds = Counter(one.findings[0].split(":")[0][:60] for one in outcomes if one.findings)
    for kind, number in kinds.most_common(10):
        print(f"    {number} x {kind}")


if __name__ == "__main__":
    sys.exit(main())
