"""What the checks say of every simulated incident, beside what was planted.

    python benchmarks/scenarios.py [--seeds 20] [--first-seed 0] [--events 10000] [--jobs 2] [--only NAME ...]

Each scenario is played with each seed through all checks; the first finding (rank 1) is compared with the truth:

    cause    it names the planted error's message, or that traffic fell; of several causes any, and the others are
             among the findings above low
    mark     its subject holds the strongest attribute's value (and the new version's, where there is one)
    onset    it begins within 1 minute of the truth, of gradual starts within 15
    who      as many tenants are said to be hit as were (single causes)
    change   the planted change is the first suspect
    quiet    on quiet days no finding is above low, and no check broke

One line for each miss follows the table.
"""

import argparse
import json
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ddms_ops.case import Case, open_case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import BROKEN
from ddms_ops.findings import Finding
from ddms_ops.incident import read_incident
from ddms_ops.simulate import SCENARIOS, write_case

ASKED = ("cause", "mark", "onset", "who", "change", "quiet")
SUDDEN, GRADUAL = pd.Timedelta(minutes=1), pd.Timedelta(minutes=15)
CLOCK = pd.Timestamp("2026-06-01T00:00Z")
WORDS = 150
Truth = dict[str, Any]


@dataclass(slots=True)
class Play:
    """One scenario with one seed: what was asked of it, None where it does not apply, and a line for each miss."""

    scenario: str
    seed: int
    answers: dict[str, bool | None] = field(default_factory=lambda: dict.fromkeys(ASKED))
    misses: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def answer(self, name: str, is_right: bool, said: str) -> None:
        """Note an answer, and what was said where it is wrong."""
        self.answers[name] = is_right
        if not is_right:
            self.misses.append(f"{self.scenario} seed {self.seed}: {name}: {said}")


def play(scenario: str, seed: int, events: int) -> Play:
    """Write a case, investigate it, and compare; nothing is left of it."""
    played = Play(scenario, seed)
    with tempfile.TemporaryDirectory() as name:
        simulated = write_case("dms", scenario, Path(name) / "case", seed=seed, events=events)
        truth = json.loads(simulated.truth.read_text())
        started = time.perf_counter()
        case = open_case(**read_incident(simulated.incident), out=str(Path(name) / "reports"), clock=lambda: CLOCK)
        for check in CHECKS:
            case.result(check.id)
        played.seconds = time.perf_counter() - started
        compare(played, case, truth)
    return played


def compare(played: Play, case: Case, truth: Truth) -> None:
    """Fill in what is right."""
    broken = [f"{result.id}: {result.reason}" for result in case.results if BROKEN in result.reason]
    played.misses += [f"{played.scenario} seed {played.seed}: broken check {reason}" for reason in broken]
    findings = sorted((f for result in case.results for f in result.findings), key=lambda finding: finding.rank)
    if truth["kind"] == "leak":
        disclosed = case.crossings.loc[case.crossings["verdict"] == "disclosed", "id"]
        classes = truth["leak"]["classes"]
        planted = {audit_id for name in ("cached", "guessed") for audit_id in classes[name]["audit_ids"]}
        is_right = set(disclosed) == planted
        played.answer("leak", is_right, f"{len(disclosed)} disclosures")
        return
    if truth["is_quiet"]:
        loud = [shown(finding) for finding in findings if finding.severity.is_above_low]
        played.answer("quiet", not loud and not broken, f"{len(loud)} above low, first: {loud[0] if loud else ''}")
        return
    if not findings:
        played.answer("cause", False, "nothing found")
        return
    first, cause = findings[0], cause_of(findings[0], truth)
    missing = [words for words in other_causes(truth) if not is_told(words, findings)]
    said = f"not among the findings: {missing}" if cause and missing else shown(first)
    played.answer("cause", cause is not None and not missing, said)
    cause = cause or truth
    if marks := marks_of(cause, truth):
        values = set(first.subject.values())
        played.answer("mark", values >= marks, f"{sorted(marks - values)} not in {first.subject}")
    played.answer(
        "onset", is_in_time(first, cause, truth), f"{first.first_seen}, truth {cause['onset']}; {first.check}"
    )
    if truth["shows_as"] and not truth["causes"]:
        [who] = case.result("who_is_hit").findings
        hit = re.search(r"(\d+) of \d+ tenants hit", who.statement)
        is_right = hit is not None and int(hit[1]) == len(truth["tenants"])
        played.answer("who", is_right, f"{who.statement[:WORDS]}, truth {len(truth['tenants'])}")
    if cause["change"]:
        changes = case.result("changes_before").findings
        planted = truth["change_calls"] if cause is truth else [cause["change"]]
        suspect = f"{changes[0].subject['change']} at {changes[0].first_seen}" if changes else "no suspect"
        is_right = bool(changes) and any(is_call(changes[0], call) for call in planted)
        played.answer("change", is_right, f"{suspect}, truth {cause['change']['name']} at {cause['change']['time']}")


def cause_of(finding: Finding, truth: Truth) -> Truth | None:
    """The planted cause that the finding names: the truth itself, or one of its causes; None for no such."""
    if truth["kind"] == "traffic":
        return truth if finding.check == "traffic" else None
    for cause in truth["causes"]:
        if cause["message_contains"] in finding.statement:
            return cause
    told = any(error["message_contains"] in finding.statement for error in truth["errors"])
    return truth if told and not truth["causes"] else None


def other_causes(truth: Truth) -> list[str]:
    """Words of every cause where there are several."""
    return [cause["message_contains"] for cause in truth["causes"]]


def is_told(words: str, findings: list[Finding]) -> bool:
    """Whether a finding above low says the words."""
    return any(words in finding.statement for finding in findings if finding.severity.is_above_low)


def marks_of(cause: Truth, truth: Truth) -> set[str]:
    """Values that the finding's subject should hold."""
    mark = {cause["mark"]["value"]} if cause.get("mark") else set()
    return mark | ({truth["version"]} if truth["version"] else set())


def is_in_time(finding: Finding, cause: Truth, truth: Truth) -> bool:
    """Whether the finding begins when the cause does."""
    if finding.first_seen is None:
        return False
    distance = abs(finding.first_seen.floor("min") - pd.Timestamp(cause["onset"]))
    return bool(distance <= (GRADUAL if truth["gradual"] else SUDDEN))


def is_call(change: Finding, call: Truth) -> bool:
    """Whether a suspect change holds the planted call."""
    assert change.first_seen is not None
    assert change.last_seen is not None
    second = pd.Timedelta(seconds=1)
    is_then = change.first_seen - second <= pd.Timestamp(call["time"]) <= change.last_seen + second
    return is_then and call["name"] in change.subject["change"]


def shown(finding: Finding) -> str:
    """A finding in one short line."""
    return f"[{finding.severity}, {finding.check}] {finding.statement[:WORDS]}"


def table(plays: list[Play]) -> Iterator[str]:
    """One line a scenario."""
    yield f"{'scenario':<18}{'runs':>6}" + "".join(f"{name:>9}" for name in ASKED) + f"{'s a run':>9}"
    for scenario in dict.fromkeys(play.scenario for play in plays):
        its = [play for play in plays if play.scenario == scenario]
        yield f"{scenario:<18}{len(its):>6}{cells(its)}{sum(play.seconds for play in its) / len(its):>9.2f}"
    yield f"{'all':<18}{len(plays):>6}{cells(plays)}"


def cells(plays: list[Play]) -> str:
    """Right answers of those asked for, a cell a question."""
    found = []
    for name in ASKED:
        asked = [play.answers[name] for play in plays if play.answers[name] is not None]
        found.append(f"{f'{sum(map(bool, asked))}/{len(asked)}' if asked else '–':>9}")
    return "".join(found)


def main(arguments: list[str]) -> None:
    """Play, and print the table and every miss."""
    parser = argparse.ArgumentParser(description="play every scenario with many seeds")
    parser.add_argument("--seeds", type=int, default=20, help="seeds a scenario (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--events", type=int, default=10_000, help="log events a case (default: 10000)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--only", nargs="+", choices=list(SCENARIOS), default=list(SCENARIOS), metavar="NAME")
    asked = parser.parse_args(arguments)
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    work = [(name, seed, asked.events) for name in asked.only for seed in seeds]
    with ProcessPoolExecutor(asked.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        plays = list(pool.map(play, *zip(*work, strict=True)))
    print(f"{asked.events:,} log events a case, seeds {seeds[0]} to {seeds[-1]}")
    print("\n".join(table(plays)))
    for line in (miss for play in plays for miss in play.misses):
        print(f"- {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
