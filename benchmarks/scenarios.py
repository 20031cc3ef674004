"""What the checks say of every simulated incident, beside what was planted.

    python benchmarks/scenarios.py [--seeds 20] [--first-seed 0] [--events 10000] [--jobs 2] [--markdown]
                                   [--system NAME ...] [--only NAME ...]

Each scenario of each system is played with each seed through all checks; the first finding (rank 1, of the notebook
that asks) is compared with the truth:

    cause    it names what was planted: the error's message, that traffic fell, the kind of lines that cost more, or the
             words that a scene expects; of several causes any, and the others are among the findings above low
    mark     its subject holds the strongest attribute's value (and the new version's, where there is one), or the bar
    onset    it begins within one bucket of the truth (a minute where nothing else is declared), of gradual starts
             within 15 minutes
    who      as many tenants are said to be hit as were (single causes)
    change   the planted change is the first suspect
    quiet    on quiet days no finding is above low, and no check broke

`first` is the check whose finding stands first in that notebook, `rank` the place of the finding that names what was
planted, `off` how many buckets later than planted it begins: of several seeds the worst; `CPU s` are those of all
checks of one run. Cost scenarios are played with no fewer than 20,000 events. One line for each miss follows the table.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
from scenario_truths import ASKED, Play, compare

from ddms_ops.case import open_case
from ddms_ops.checks import CHECKS
from ddms_ops.incident import read_incident
from ddms_ops.simulate import SYSTEMS, write_case
from ddms_ops.simulate.invoice.scenario import CostScenario

CLOCK = pd.Timestamp("2026-12-01T00:00Z")
COST_EVENTS = 20_000  # of fewer the documents of a week do not tell what drove its bill
NONE = "–"
COLUMNS = ("system", "scenario", "runs", "first", "rank", "off", *ASKED, "CPU s")
Row = tuple[str, ...]


def play(system: str, scenario: str, seed: int, events: int) -> Play:
    """Write a case, investigate it, and compare; nothing is left of it."""
    played = Play(system, scenario, seed)
    events = max(events, COST_EVENTS) if isinstance(SYSTEMS[system].scenarios[scenario], CostScenario) else events
    with tempfile.TemporaryDirectory() as name:
        simulated = write_case(system, scenario, Path(name) / "case", seed=seed, events=events)
        truth = json.loads(simulated.truth.read_text())
        clock = pd.Timestamp(truth.get("as_of", CLOCK))
        started = time.process_time()
        case = open_case(**read_incident(simulated.incident), out=str(Path(name) / "reports"), clock=lambda: clock)
        for check in CHECKS:
            case.result(check.id)
        played.seconds = time.process_time() - started
        compare(played, case, truth)
    return played


def rows(plays: list[Play]) -> Iterator[Row]:
    """One row a scenario, and one for all."""
    for system, scenario in dict.fromkeys((play.system, play.scenario) for play in plays):
        its = [play for play in plays if (play.system, play.scenario) == (system, scenario)]
        yield system, scenario, str(len(its)), *worst(its), *cells(its), mean_s(its)
    yield "all", "", str(len(plays)), "", "", "", *cells(plays), mean_s(plays)


def worst(plays: list[Play]) -> Row:
    """Which checks stand first, the largest rank, and the start that is furthest off."""
    first = ", ".join(dict.fromkeys(play.check for play in plays if play.check))
    if all(play.notebook == "" for play in plays):
        return NONE, NONE, NONE
    ranks = [play.rank for play in plays]
    rank = NONE if None in ranks else str(max(rank for rank in ranks if rank is not None))
    off = [play.buckets for play in plays if play.buckets is not None]
    return first or NONE, rank, f"{max(off, key=abs):+.1f}" if off else NONE


def cells(plays: list[Play]) -> Row:
    """Right answers of those asked for, a cell a question."""
    found = []
    for name in ASKED:
        asked = [play.answers[name] for play in plays if play.answers[name] is not None]
        found.append(f"{sum(map(bool, asked))}/{len(asked)}" if asked else NONE)
    return tuple(found)


def mean_s(plays: list[Play]) -> str:
    """CPU seconds a run."""
    return f"{sum(play.seconds for play in plays) / len(plays):.2f}"


def plain(found: list[Row]) -> Iterator[str]:
    """The table as lines of text."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *found, strict=True)]
    for row in (COLUMNS, *found):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def markdown(found: list[Row]) -> Iterator[str]:
    """The table as Markdown."""
    for row in (COLUMNS, tuple("---" for _ in COLUMNS), *found):
        yield f"| {' | '.join(row)} |"


def asked_for(arguments: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="play every scenario with many seeds")
    parser.add_argument("--seeds", type=int, default=20, help="seeds a scenario (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--events", type=int, default=10_000, help="log events a case (default: 10000)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--system", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS), metavar="NAME")
    known = list(dict.fromkeys(name for simulated in SYSTEMS.values() for name in simulated.scenarios))
    parser.add_argument("--only", nargs="+", choices=known, default=known, metavar="NAME")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Play, and print the table and every miss."""
    asked = asked_for(arguments)
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    named = [(system, name) for system in asked.system for name in SYSTEMS[system].scenarios if name in asked.only]
    work = [(system, name, seed, asked.events) for system, name in named for seed in seeds]
    with ProcessPoolExecutor(asked.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        plays = list(pool.map(play, *zip(*work, strict=True)))
    print(f"{asked.events:,} log events a case, seeds {seeds[0]} to {seeds[-1]}\n")
    print("\n".join((markdown if asked.markdown else plain)(list(rows(plays)))))
    print("")
    for line in (miss for play in plays for miss in play.misses):
        print(f"- {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
