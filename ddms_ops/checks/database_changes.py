"""What changed in the database or around it, just before?"""

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ddms_ops.analysis.suspects import alarms_before, suspect_changes
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.database_ddl import bare, logged_ddl, logged_settings
from ddms_ops.checks.slow_sign import SIGNS, leading_slow
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact
from ddms_ops.sql_text import tables_of

SHOWN = 5
MINUTE = pd.Timedelta(minutes=1)
SOURCES = ("database_log", "statistics", "changes")
NAMES = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Beginning:
    """By when the sign had begun; `of` is the finding that says so, None where none does."""

    at: pd.Timestamp
    of: Finding | None


def check_database_changes(facts: Facts) -> list[Finding]:
    """DDL, indexes, settings and changes by CloudTrail within `triage.change_lookback_min` before it began.

    Indexes and settings that differ between snapshots have no time of their own. Coincident, no more.
    """
    if is_absent(facts, *SOURCES):
        raise CannotTell("no Postgres log, no snapshots and no record of changes (CloudTrail)")
    sign = leading_slow(facts)
    return [] if sign is None else [*_differences(facts, sign), *_timed(facts, sign)]


def unrecorded_changes(facts: Facts) -> str:
    """Why nothing found may not mean that nothing was changed: nobody recorded changes, or DDL."""
    lacks = []
    if is_absent(facts, "changes"):
        lacks.append("there is no record of changes (CloudTrail)")
    if is_absent(facts, "database_log"):
        lacks.append("there is no Postgres log to show DDL")
    return "; ".join(lacks)


def _timed(facts: Facts, sign: Finding) -> list[Finding]:
    """What has a time, and was before the sign began; of a sign without a beginning, before the window's end."""
    begun = _beginning(facts, sign)
    before = begun.at + pd.Timedelta(seconds=1)
    lookback_min = facts.profile.triage.change_lookback_min
    if begun.of is None:
        lookback_min += int(facts.window.length / MINUTE)
    ddl = logged_ddl(facts, since=before - lookback_min * MINUTE, until=begun.at)
    parts = [part for part in (facts.changes, ddl, logged_settings(facts), alarms_before(facts.alarms)) if len(part)]
    if not parts:
        return []
    table = suspect_changes(
        pd.concat(parts, ignore_index=True),
        before,
        lookback_min=lookback_min,
        about=" ".join([*sorted(_tables(facts, sign)), *NAMES.findall(sign.subject.get("endpoint", ""))]),
        system=facts.profile.system,
    ).head(SHOWN)
    return [_finding(change, sign, begun, len(table) - place) for place, change in enumerate(table.itertuples())]


def _beginning(facts: Facts, sign: Finding) -> _Beginning:
    """When a sign began: by itself, else by the first of the other signs; at last by the window's end."""
    if sign.first_seen is not None:
        return _Beginning(sign.first_seen, sign)
    others = [finding for name in SIGNS for finding in facts.result(name).findings if finding.severity.is_above_low]
    dated = [(finding.first_seen, finding.id, finding) for finding in others if finding.first_seen is not None]
    if not dated:
        return _Beginning(facts.window.end, None)
    at, _, first = min(dated, key=lambda one: one[:2])
    return _Beginning(at, first)


def _tables(facts: Facts, sign: Finding) -> frozenset[str]:
    """Tables of the statement that a sign is about, else of all that became slow; without schemas."""
    slow = [f.subject["statement"] for f in facts.result("slow_statements").findings if "statement" in f.subject]
    names = [sign.subject["statement"]] if "statement" in sign.subject else slow
    return frozenset(bare(table) for name in names for table in tables_of(facts.masked_text(name)))


def _differences(facts: Facts, sign: Finding) -> list[Finding]:
    """Indexes and settings that the first snapshot has otherwise than the last one up to the window's end."""
    found = []
    about = _tables(facts, sign)
    for key, row, verb in _changed(_ends(facts, facts.statistics.indexes)):
        subject = {"change": f"index {verb}", "resource": f"{key[1]}.{key[2]}"}
        words = f"Index {key[2]} on {key[1]} was {verb}"
        found.append(_difference(sign, words, row, subject, is_related=bare(str(key[1])) in about))
    for name, row in _reset(_ends(facts, facts.statistics.settings)):
        subject = {"change": "setting", "resource": name}
        found.append(_difference(sign, f"Setting {name} was changed", row, subject, is_related=False))
    found.sort(key=lambda finding: finding.severity.order)
    return found[:SHOWN]


def _ends(facts: Facts, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the first and of the last snapshot that was taken before the window ended, or has no time."""
    seen = frame["captured_at"]
    return facts.statistics.ends(frame[seen.isna() | (seen <= facts.window.end)])


def _changed(ends: tuple[pd.DataFrame, pd.DataFrame]) -> list[tuple[tuple[str, ...], Any, str]]:
    """Indexes that the last snapshot has and the first has not (`created`), and the other way round (`dropped`)."""
    names = ["schema", "table", "index"]
    first, last = (frame.drop_duplicates(names).set_index(names) for frame in ends)
    gone, came = first.index.difference(last.index), last.index.difference(first.index)
    return [*((key, first.loc[key], "dropped") for key in gone), *((key, last.loc[key], "created") for key in came)]


def _reset(ends: tuple[pd.DataFrame, pd.DataFrame]) -> list[tuple[str, Any]]:
    """Settings that both snapshots have, with another value; values are never shown."""
    first, last = (frame.drop_duplicates("name").set_index("name") for frame in ends)
    common = first.index.intersection(last.index).sort_values()
    old, new = (frame.loc[common, "value"].fillna("") for frame in (first, last))
    return [(str(name), last.loc[name]) for name in common[(old != new).to_numpy()]]


def _difference(sign: Finding, words: str, row: Any, subject: dict[str, str], *, is_related: bool) -> Finding:
    at = row["captured_at"]
    when = "" if pd.isna(at) else f", the one of {at:%Y-%m-%d %H:%M:%S} UTC among them"
    related = "; the slow statement reads that table" if is_related else ""
    return Finding(
        check="database_changes",
        severity=Severity.LOW if is_related else Severity.INFO,
        statement=f"{redact(words)}, seen between two snapshots{when}; coincident{related}",
        subject={**{name: redact(value) for name, value in subject.items()}, "explains": sign.id},
        evidence=(EvidenceRef.of(str(row["pull"]), [row["row"]]),),
        strength=100.0,
    )


def _finding(change: Any, sign: Finding, begun: _Beginning, strength: int) -> Finding:
    """One row of `suspect_changes` as a finding."""
    resource = "" if pd.isna(change.resource) else redact(str(change.resource))[:200]
    actor = "" if pd.isna(change.actor) else redact(str(change.actor))[:200]
    what = f"{change.calls}{' on ' + resource if resource else ''}{' by ' + actor if actor else ''}"
    related = "; it names a table or component of what is slow" if change.is_related else ""
    is_dated = begun.of is not None
    return Finding(
        check="database_changes",
        severity=Severity.LOW if change.is_related else Severity.INFO,
        statement=(
            f"{what} at {change.first:%Y-%m-%d %H:%M:%S} UTC, {_distance(change, sign, begun)}; coincident{related}"
        ),
        subject={"change": str(change.calls), "resource": resource, "actor": actor, "explains": sign.id},
        evidence=(EvidenceRef.of(change.pull, change.rows),),
        strength=float(strength),
        first_seen=change.first,
        last_seen=change.last,
        observed=float(change.minutes_before) if is_dated else None,
        unit="min before" if is_dated else "",
    )


def _distance(change: Any, sign: Finding, begun: _Beginning) -> str:
    """How long before what a change was."""
    if begun.of is None:
        return f"before the window's end; of {sign.id} its beginning is not known"
    words = f"{change.minutes_before:.1f} min before {begun.of.id} began"
    return words if begun.of is sign else f"{words}; of {sign.id} its beginning is not known"
