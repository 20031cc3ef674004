"""What was given up, and why? Messages in dead-letter queues, their common failure, and the errors that began then."""

import pandas as pd

from ddms_ops.analysis.dead_letters import Growth, common_failures, failures_counted, growth_of
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.capacity_basis import events_began
from ddms_ops.checks.refs import counted, log_refs, shown_template
from ddms_ops.checks.watched import first_step_of, groups_watched, points_of
from ddms_ops.checks.work_basis import (
    SHOWN,
    declaring,
    is_joined,
    met,
    metric_title,
    shown,
    title_of,
    values_of,
    without_points,
)
from ddms_ops.findings import Finding, Severity
from ddms_ops.operations import Pipeline

CHECK = "dead_letters"
TOLD = 2
AFTER = pd.Timedelta(minutes=10)
NOT_RECEIVED = "no message of it was received for the evidence, so their common failure is told by the logs alone"


def check_dead_letters(facts: Facts) -> list[Finding]:
    """Messages that were given up: since when, how many, what they say, and which errors began by then.

    More of them in the window is MEDIUM, or has the severity of the alert that is met; those that were there before and
    did not become more are LOW, as is what a queue holds of which no points tell since when.

    Raises:
        CannotTell: no pipeline declares dead letters, or nothing was found and neither points nor states tell of some.
    """
    watched = declaring(facts, lambda entry: entry.dead or entry.dead_letters, "dead or dead_letters")
    found = [finding for name, entry in watched.items() for finding in _of_pipeline(facts, name, entry)]
    if not found and (lacking := untold(facts, found)):
        raise CannotTell(lacking)
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def untold(facts: Facts, _findings: list[Finding]) -> str:
    """Words for the dead letters of which neither points nor the queue's state tell."""
    lacking = [
        f"neither points nor the state of a queue tell of the dead letters of {title_of(entry)}"
        for entry in facts.profile.pipelines.values()
        if (entry.dead or entry.dead_letters) and points_of(facts, entry.dead).empty and _states(facts, entry).empty
    ]
    return "; ".join((lacking or without_points(facts, "dead")) + _unnamed_words(facts))


def _unnamed_words(facts: Facts) -> list[str]:
    """Words for messages of which neither their file nor they themselves say the queue."""
    facts.pulls("queues")
    is_open = _files(facts).eq("") & facts.queue_messages["source"].isna()
    lost = facts.queue_messages[is_open]
    if lost.empty:
        return []
    files = ", ".join(sorted({shown(name) for name in lost["queue"]})[:TOLD])
    return [
        f"{counted(len(lost), 'message')} of {files} left out: name the file by its queue, as nothing says which it is"
    ]


def _files(facts: Facts) -> pd.Series:
    """The declared queue that each message's file is named by, empty where it is by none."""
    entries = facts.profile.pipelines.values()
    every = [each for entry in entries for each in (*entry.dead_letters, *entry.queues)]
    return facts.queue_messages["queue"].fillna("").astype("str").map(lambda file: _named(file, every)).astype("str")


def dead_messages(facts: Facts, name: str) -> pd.DataFrame:
    """MESSAGES that a pipeline gave up, with `failure`.

    A message is a pipeline's by the file it was exported to, which holds the queue's name, or by the queue that gave
    it up.
    """
    entry = facts.profile.pipelines[name]
    if not (entry.dead or entry.dead_letters):
        return common_failures(facts.queue_messages.iloc[:0])
    facts.pulls("queues")
    held, file = facts.queue_messages, _files(facts)
    is_own = file.isin(entry.dead_letters)
    return common_failures(held[is_own | (file.eq("") & held["source"].isin(entry.queues))])


def _named(file: str, queues: list[str]) -> str:
    """The longest of some queues' names that a file's name holds, empty where it holds none."""
    return max((queue for queue in queues if queue and queue in file), key=len, default="")


def _states(facts: Facts, entry: Pipeline) -> pd.DataFrame:
    facts.pulls("queues")
    return facts.queue_states[facts.queue_states["queue"].isin(entry.dead_letters)]


def _of_pipeline(facts: Facts, name: str, entry: Pipeline) -> list[Finding]:
    points = points_of(facts, entry.dead)
    held = dead_messages(facts, name)
    states = _states(facts, entry)
    if len(points):
        values, before = (values_of(facts, entry.dead, baseline=side) for side in (False, True))
        before = before if is_joined(facts) else before.iloc[:0]
        growth = growth_of(values, before, is_sum=_is_sum(facts, entry.dead))
        rows = points[points["value"] > 0]
    else:
        growth = _told_by_state(facts, states, held)
        rows = states[states["waiting"] > 0]
    if growth.most <= 0:
        return []
    kept = held[held["timestamp"].isna() | (held["timestamp"] < facts.window.end)]
    return [_finding(facts, name, entry, growth, rows, kept)]


def _is_sum(facts: Facts, metric: str) -> bool:
    """Whether a metric counts those that were given up since the point before; `…Visible` is how many there are."""
    declared = facts.profile.metrics.get(metric)
    return declared is not None and declared.statistic == "Sum" and "Visible" not in declared.name


def _told_by_state(facts: Facts, states: pd.DataFrame, held: pd.DataFrame) -> Growth:
    """What the state of queues and the messages themselves tell, where there are no points.

    Those that were sent in the window were given up in it, later than they were sent.
    """
    waiting = max(float(states["waiting"].sum()), float(len(held)))
    inside = held.loc[held["timestamp"] >= facts.window.start, "timestamp"]
    since = inside.min() if len(inside) else None
    return Growth(waiting - len(inside), waiting, waiting, float(len(inside)), since)


def _finding(
    facts: Facts, name: str, entry: Pipeline, growth: Growth, rows: pd.DataFrame, held: pd.DataFrame
) -> Finding:
    points = points_of(facts, entry.dead)
    over = met(facts, entry.dead, points) if len(points) and growth.added else None
    severity = Severity.LOW if not growth.added else over[0].severity if over else Severity.MEDIUM
    since, evidence = growth.since, [rows]
    errors = errors_with(facts, entry, since) if since is not None else []
    said = [_came(facts, entry, growth), _limit_words(over[0].words if over else "")]
    said += [_failures(held, growth), *(words for words, _ in errors)]
    return Finding(
        check=CHECK,
        severity=severity,
        statement=f"{title_of(entry)}: " + "; ".join(word for word in said if word),
        subject={"pipeline": name},
        evidence=log_refs(pd.concat([frame[["pull", "row"]] for frame in (*evidence, held, *(e for _, e in errors))])),
        strength=growth.added or growth.most / 1e6,
        first_seen=since,
        last_seen=rows["timestamp"].max() if len(points) and len(rows) else None,
        observed=growth.added or growth.most,
        unit="messages",
        next_step=first_step_of(facts, entry),
    )


def _came(facts: Facts, entry: Pipeline, growth: Growth) -> str:
    """How many were given up, and since when."""
    has_points = len(points_of(facts, entry.dead)) > 0
    what = metric_title(facts, entry.dead) if has_points else "state of the queue and its messages"
    where = f" to {', '.join(shown(each) for each in entry.dead_letters)}" if entry.dead_letters else ""
    if growth.since is not None:
        noun = counted(round(growth.added), "message")
        if not has_points:
            there = f"; {growth.before:,.0f} more were sent before or at a time not said" if growth.before > 0 else ""
            return (
                f"{noun} given up{where} that were sent from {growth.since:%Y-%m-%d %H:%M} UTC on; when they were given"
                f" up is not known without points{there} ({what})"
            )
        there = f" beside {growth.before:,.0f} that were there before" if growth.before > 0 else ""
        left = f", {growth.last:,.0f} there at the end" if growth.last != growth.added else ""
        return f"{noun} given up{where} from {growth.since:%Y-%m-%d %H:%M} UTC{there}{left} ({what})"
    if not has_points:
        return (
            f"{counted(round(growth.most), 'message')} given up{where} when its state was taken ({what});"
            " without points it is not known since when"
        )
    return f"{counted(round(growth.most), 'message')} given up{where} before the window, and no more in it ({what})"


def _limit_words(words: str) -> str:
    return f"it is {words}" if words else ""


def _failures(held: pd.DataFrame, growth: Growth) -> str:
    """What the messages that were received say, the most frequent first."""
    if held.empty:
        return NOT_RECEIVED
    table = failures_counted(held)
    parts = [f"{counted(int(row.messages), 'message')}: {shown(row.Index)}" for row in table.head(TOLD).itertuples()]
    more = f" and {counted(len(table) - TOLD, 'more failure')}" if len(table) > TOLD else ""
    some = f"of {len(held):,} that were received (not all)" if len(held) < growth.most else f"of {len(held):,} received"
    return f"{some}, {', '.join(parts)}{more}"


def errors_with(facts: Facts, entry: Pipeline, since: pd.Timestamp) -> list[tuple[str, pd.DataFrame]]:
    """Error groups of a pipeline's components that are new or rose from before the first message was given up.

    No earlier than `triage.change_lookback_min` before, no later than ten minutes after; the one with most events
    first. Each in words, with its events.
    """
    groups = facts.groups
    groups = groups[groups["is_error"].astype("bool") & groups["trend"].isin(["new", "rising"])]
    groups = groups[groups["log_group"].isin(groups_watched(facts, entry))]
    earliest = since - pd.Timedelta(minutes=facts.profile.triage.change_lookback_min)
    found = []
    for row in groups.itertuples():
        events = facts.log_events[facts.log_events["group"].astype("str") == str(row.group)]
        began = row.first_seen
        if row.trend == "rising":
            before = facts.baseline_log_events[facts.baseline_log_events["group"].astype("str") == str(row.group)]
            began, _ = events_began(facts, events, before)
        if not earliest <= began <= since + AFTER:
            continue
        verb = (
            f"new from {began:%H:%M} UTC"
            if row.trend == "new"
            else f"{row.ratio:.3g} times its baseline, more from {began:%H:%M} UTC"
        )
        words = f"{counted(int(row.events), 'event')} of “{shown(shown_template(events))}” in its logs, {verb}"
        found.append((words, events))
    return found[:TOLD]
