"""The events of an incident's timeline: alarms, changes, findings and what people noted; the same event once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from ddms_ops.analysis.suspects import suspect_changes
from ddms_ops.checks.cost_basis import SIGNS as COST_SIGNS
from ddms_ops.errors import EvidenceError, WindowError
from ddms_ops.evidence import intact, read_manifest, read_table
from ddms_ops.findings import Finding
from ddms_ops.incident import INSTANTS
from ddms_ops.normalize import normalize_alarms, normalize_changes
from ddms_ops.report.model import BEFORE, EXPLAINING, ReportRecord, notebook_words
from ddms_ops.window import parse_instant

CHANGE, DEPLOY, SCALING, ALARM, FINDING, LOCK, COST, PEOPLE = (
    "change", "deploy", "scaling", "alarm", "finding", "lock", "cost", "people",
)  # fmt: skip
SOURCES = frozenset({CHANGE, DEPLOY, SCALING, ALARM, FINDING, LOCK, COST, PEOPLE})
KINDS = {"changes": normalize_changes, "alarms": normalize_alarms}
DEPLOYS = re.compile(
    r"UpdateFunctionCode|PublishVersion|(?:Create|Update)Alias|CreateDeployment|RegisterTaskDefinition|UpdateService\b"
    r"|(?:Create|Update|Execute)(?:Stack|ChangeSet)|StartPipelineExecution|StartBuild|PutImage|UpdateStateMachine"
)
SCALES = re.compile(
    r"DesiredCapacity|DesiredCount|AutoScalingGroup|Scal(?:ing|able)|ProvisionedConcurrency|FunctionConcurrency"
    r"|UpdateTable\b|ModifyDBInstance|ModifyReplicationGroup|UpdateShardCount"
)
SECOND, MINUTE, HOUR, DAY = "second", "minute", "hour", "day"
OWN = "incident"  # evidence of what the incident file itself states
MANY_IDS = 5
TOLD_BY = "told by "
TOLD_TWICE = pd.Timedelta(minutes=1)
ONE_SECOND = pd.Timedelta(seconds=1)
CHANGES = (CHANGE, DEPLOY, SCALING)


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when, of which source, what, and how exactly its time is known.

    `evidence` are ids `<pull>:<row>`, `findings` the ids of findings that say it; `merged` is how many more tellings
    of the same event it stands for.
    """

    time: pd.Timestamp
    source: str
    event: str
    detail: str
    precision: str = SECOND
    evidence: tuple[str, ...] = ()
    merged: int = 0


def events_of(report: ReportRecord) -> tuple[list[Event], list[str]]:
    """All events in order of time, the same event once, and what could not be read for it, in words."""
    lacks: list[str] = []
    read = [event for kind in KINDS for event in _recorded(report, kind, lacks)]
    return merged_events([*read, *_finding_events(report), *people_events(report)]), lacks


def merged_events(events: Iterable[Event]) -> list[Event]:
    """Events in order of time; those that tell the same are one, which says how many it stands for.

    The same: an alarm's change of state within a minute; a change with the same calls on the same thing in the same
    second; findings over the same rows of evidence as another event, or of one subject in the same minute; the same
    words of people at the same time.
    """
    kept: list[Event] = []
    of_row: dict[str, set[int]] = {}
    first = 0
    for event in sorted(events, key=_place):
        while first < len(kept) and event.time - kept[first].time > TOLD_TWICE:
            first += 1
        near = set(range(first, len(kept))).union(*(of_row.get(row, ()) for row in event.evidence))
        twin = next((place for place in sorted(near) if _is_same(kept[place], event)), None)
        if twin is None:
            twin = len(kept)
            kept.append(event)
        else:
            known = kept[twin]
            ids = tuple(dict.fromkeys((*known.evidence, *event.evidence)))[:MANY_IDS]
            kept[twin] = replace(known, evidence=ids, merged=known.merged + 1 + event.merged)
        for row in kept[twin].evidence:
            of_row.setdefault(row, set()).add(twin)
    return sorted(kept, key=_place)


def people_events(report: ReportRecord) -> list[Event]:
    """The instants and notes of the incident."""
    events = [
        Event(stamp, PEOPLE, name, "", _precision_of(report.incident[name], stamp), (OWN,))
        for name in INSTANTS
        if (stamp := report.instant(name)) is not None
    ]
    for line in report.incident.get("notes", "").splitlines():
        time, _, words = line.strip().partition(" ")
        try:
            stamp = parse_instant(time, name="notes")
        except WindowError:
            continue
        events.append(Event(stamp, PEOPLE, words.strip() or "noted", "", _precision_of(time, stamp), (OWN,)))
    return events


def _place(event: Event) -> tuple[object, ...]:
    """By time; at the same time recorded events stand before the findings that tell of them."""
    is_told = event.source in (FINDING, LOCK, COST) or event.detail.startswith(TOLD_BY)
    return (event.time, is_told, event.source, event.event, event.detail)


def _is_same(one: Event, other: Event) -> bool:
    found = (FINDING, LOCK, COST)
    apart = abs(one.time - other.time)
    if one.source == other.source == ALARM:
        return (one.event, one.detail) == (other.event, other.detail) and apart <= TOLD_TWICE
    if other.source in found and one.source not in (*found, PEOPLE):
        recorded = all(each.split(":")[0] in KINDS for each in one.evidence)
        return recorded and bool(other.evidence) and set(other.evidence) <= set(one.evidence)
    if one.source in found and other.source in found:
        return one.time.floor("min") == other.time.floor("min") and one.detail == other.detail
    if one.source in CHANGES and other.source in CHANGES:
        return one.event == other.event and apart < ONE_SECOND and (one.detail == other.detail or _share(one, other))
    return (one.source, one.event, one.detail) == (other.source, other.event, other.detail) and apart < ONE_SECOND


def _share(one: Event, other: Event) -> bool:
    return bool(set(one.evidence) & set(other.evidence))


def _recorded(report: ReportRecord, kind: str, lacks: list[str]) -> list[Event]:
    """Events out of the evidence of one kind of pull."""
    evidence = report.folder / "evidence"
    names = [row.pull for row in report.coverage if row.pull.split("/")[0] == kind and row.rows]
    found: list[Event] = []
    for name in names:
        try:
            [entry] = [entry for entry in read_manifest(evidence) if entry.coverage.pull == name]
            frame = KINDS[kind](read_table(intact(evidence, entry)), name)
        except (EvidenceError, ValueError, KeyError):
            lacks.append(f"{name} could not be read from the evidence")
            continue
        found += _changes(report, frame) if kind == "changes" else _alarms(frame)
    return found


def _changes(report: ReportRecord, frame: pd.DataFrame) -> list[Event]:
    lookback = int((report.window.end - report.baseline.start) / pd.Timedelta(minutes=1)) + 1
    table = suspect_changes(frame, report.window.end, lookback_min=lookback, about="")
    return [
        Event(
            row.first, _kind_of(str(row.calls)), str(row.calls),
            f"{_text(row.resource)}{f' by {_text(row.actor)}' if _text(row.actor) else ''}".strip(),
            evidence=tuple(f"{row.pull}:{place}" for place in row.rows[:MANY_IDS]),
        )
        for row in table.itertuples()
    ]  # fmt: skip


def _alarms(frame: pd.DataFrame) -> list[Event]:
    return [
        Event(
            row.timestamp, ALARM, _text(row.alarm), f"{_text(row.old_state) or '?'} → {_text(row.new_state) or '?'}",
            evidence=(f"{row.pull}:{row.row}",),
        )
        for row in frame.itertuples()
    ]  # fmt: skip


def _kind_of(calls: str) -> str:
    """Whether calls deploy, scale, or change something else."""
    return DEPLOY if DEPLOYS.search(calls) else SCALING if SCALES.search(calls) else CHANGE


def _finding_events(report: ReportRecord) -> list[Event]:
    """When each finding above low began, and changes and alarms that only a finding tells of."""
    events = []
    for finding in report.found:
        is_told = finding.severity.is_above_low and finding.check not in EXPLAINING
        if finding.first_seen is None or not (is_told or finding.check in BEFORE):
            continue
        events.append(_finding_event(report, finding))
    return events


def _finding_event(report: ReportRecord, finding: Finding) -> Event:
    of = f"{notebook_words(report.home(finding))}, {finding.check.replace('_', ' ')}"
    assert finding.first_seen is not None
    ids = [row for ref in finding.evidence for row in ref.ids]
    if finding.check in BEFORE:
        ids = [row for row in ids if row.split(":")[0] in KINDS] or ids
        calls = finding.subject.get("change", finding.statement)
        return Event(finding.first_seen, _kind_of(calls), calls, f"{TOLD_BY}{of}", evidence=tuple(ids[:MANY_IDS]))
    source = COST if finding.check in COST_SIGNS else LOCK if finding.check == "blocking" else FINDING
    precision = _precision_of("", finding.first_seen) if source == COST else _of_pulls(finding)
    event = f"first seen by {of}"
    return Event(finding.first_seen, source, event, finding.statement, precision, tuple(ids[:MANY_IDS]))


def _of_pulls(finding: Finding) -> str:
    """Metrics are known by the minute; what has no fraction of a minute may not be more exact."""
    assert finding.first_seen is not None
    is_metric = all(ref.kind in ("metrics", "costs") for ref in finding.evidence)
    return MINUTE if is_metric or finding.first_seen == finding.first_seen.floor("min") else SECOND


def _precision_of(text: str, stamp: pd.Timestamp) -> str:
    """How exactly an instant was written: to the second, the minute, or, without a clock, the hour or the day."""
    if text and len(text) <= len("2026-03-04"):
        return DAY
    if not text and stamp == stamp.floor("D"):
        return DAY
    if not text:
        return HOUR
    return SECOND if re.search(r"\d:\d{2}:\d{2}", text) and stamp.second else MINUTE


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
