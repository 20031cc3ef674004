"""Whether more environments start anew than before, and what that adds to the latency."""

import pandas as pd

from ddms_ops.analysis.capacity_course import holds_any, init_ms, invocations
from ddms_ops.checks.base import Facts
from ddms_ops.checks.capacity_basis import (
    LOGS,
    WATCHES,
    customer_of,
    events_began,
    events_lack,
    hit_words,
    is_rise,
    lack_words,
    name_of,
    refs_of,
    watched,
)
from ddms_ops.checks.refs import events_in_words, ms_words, onset_words, span_words
from ddms_ops.checks.steps import next_step
from ddms_ops.checks.watched import events_watched, first_step_of
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Capacity

CHECK = "cold_starts"
TOLD = 0.05
"""Share of what is run that must start cold to weigh: below it the 95th percentile does not feel it."""
NOTHING = "no entry of the profile's capacity names texts of cold starts; declare cold_starts and components"


def check_cold_starts(facts: Facts) -> list[Finding]:
    """Entries with more cold starts than in the baseline, as a share of what was run since they rose.

    MEDIUM where one in twenty or more starts cold, LOW below that and under `triage.min_events`. Where it is over by
    the end, as a share of what was run in all the window.

    Raises:
        CannotTell: no entry is declared, or none names texts of cold starts.
    """
    declared = watched(facts, CHECK, NOTHING)
    return [found for key, entry in declared.items() for found in _of(facts, key, entry, len(declared))]


def cold_starts_lacks(facts: Facts) -> str:
    """What of the cold starts could not be seen, in words."""
    declared = [entry for entry in facts.profile.capacity.values() if WATCHES[CHECK](entry)]
    return lack_words(facts, (lack for entry in declared for lack in events_lack(facts, entry, "cold starts")), *LOGS)


def cold_events(entry: Capacity, now: pd.DataFrame, before: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events of window and baseline that tell of a cold start, each start once.

    Of several texts only the one that most events hold is counted: the platform and the code may both tell of a start.
    """
    each = [tuple(part[holds_any(part, [text])] for part in (now, before)) for text in entry.cold_starts]
    most = max(each, key=lambda pair: len(pair[0]) + len(pair[1]))
    return most[0], most[1]


def _of(facts: Facts, key: str, entry: Capacity, tests: int) -> list[Finding]:
    every, usual = (events_watched(facts, entry, baseline=side) for side in (False, True))
    rows, before = cold_events(entry, every, usual)
    asked, asked_before, _ = invocations(every, usual)
    if not is_rise(facts, len(rows), len(before), (asked, asked_before), tests=tests):
        return []
    since, shift = events_began(facts, rows, before)
    is_over = shift is not None and shift.end is not None
    later = every if is_over else every[every["timestamp"] >= since]
    rows, (run, _, unit) = rows[rows["timestamp"] >= since], invocations(later, usual)
    until = rows["timestamp"].max()
    share, was = (min(len(part) / n, 1.0) if n else 0.0 for part, n in ((rows, run), (before, asked_before)))
    is_told = len(rows) >= facts.profile.triage.min_events and share >= TOLD
    against = f"{was:.1%} in the baseline: {len(before):,} of {asked_before:,}" if asked_before else "no baseline"
    return [
        Finding(
            check=CHECK,
            severity=Severity.MEDIUM if is_told else Severity.LOW,
            statement=(
                f"{name_of(entry)}: {events_in_words(facts, len(rows))} of cold starts from {span_words(since, until)}"
                f"{onset_words(shift)}, {share:.1%} of {run:,} {unit}s{'' if is_over else ' since then'} ({against})"
                f"{_latency_words(later, usual, run)}{hit_words(facts, rows)}"
            ),
            subject={"capacity": key, **customer_of(facts, key)},
            evidence=refs_of(rows),
            strength=float(len(rows)),
            first_seen=since,
            last_seen=until,
            observed=share,
            baseline=was if asked_before else None,
            unit="ratio",
            next_step=first_step_of(facts, entry) or next_step(facts.profile, "cold start", fails=False),
        )
    ]


def _latency_words(later: pd.DataFrame, usual: pd.DataFrame, run: int) -> str:
    """How long a start takes and what all of them are for each of the invocations, where Lambda says so."""
    now, before = init_ms(later), init_ms(usual)
    if now.empty:
        return "; how long a start takes is not logged"
    was = f", {ms_words(float(before.median()))} in the baseline" if len(before) else ""
    return (
        f"; a start takes {ms_words(float(now.median()))} (median of Init Duration{was}),"
        f" {ms_words(float(now.sum()) / max(run, 1))} for each piece of work on average"
    )
