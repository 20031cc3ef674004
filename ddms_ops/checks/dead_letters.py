"""What was given up, and why? Messages in dead-letter queues, their common failure, and the errors that began then."""

import pandas as pd

from ddms_ops.analysis.dead_letters import Growth, common_failures, failures_counted, growth_of
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs, shown_template
from ddms_ops.checks.watched import first_step_of, groups_watched, points_of
from ddms_ops.checks.work_basis import (
    SHOWN,
    declaring,
    met,
    metric_title,
    series_of,
    shown,
    title_of,
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
    return "; ".join(lacking or without_points(facts, "dead"))


def dead_messages(facts: Facts, name: str) -> pd.DataFrame:
    """MESSAGES that a pipeline gave up, with `failure`.

    A message is a pipeline's by the file it was exported to, which holds the queue's name; by the queue that gave it
    up; else where only one pipeline declares dead letters.
    """
    entry = facts.profile.pipelines[name]
    if not (entry.dead or entry.dead_letters):
        return common_failures(facts.queue_messages.iloc[:0])
    facts.pulls("queues")
    held = facts.queue_messages
    every = [each for other in facts.profile.pipelines.values() for each in (*other.dead_letters, *other.queues)]
    queue = held["queue"].fillna("").astype("str")
    is_own = queue.map(lambda file: _named(file, every)).isin(entry.dead_letters)
    is_unnamed = ~queue.map(lambda file: bool(_named(file, every))).astype("bool")
    is_sent = held["source"].isin(entry.queues)
    is_only = sum(bool(other.dead or other.dead_letters) for other in facts.profile.pipelines.values()) == 1
    return common_failures(held[is_own | (is_unnamed & (is_sent | (held["source"].isna() & is_only)))])


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
        growth = growth_of(
            series_of(facts, entry.dead), series_of(facts, entry.dead, baseline=True), is_sum=_is_sum(facts, entry.dead)
        )
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
    """What the state of queues and the messages themselves tell, where there are no points."""
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
    what = metric_title(facts, entry.dead) if entry.dead else "state of the queue"
    where = f" to {', '.join(shown(each) for each in entry.dead_letters)}" if entry.dead_letters else ""
    if growth.since is not None:
        there = f" beside {growth.before:,.0f} that were there before" if growth.before > 0 else ""
        left = f", {growth.last:,.0f} there at the end" if growth.last != growth.added else ""
        noun = counted(round(growth.added), "message")
        return f"{noun} given up{where} from {growth.since:%Y-%m-%d %H:%M} UTC{there}{left} ({what})"
    if points_of(facts, entry.dead).empty:
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
    """New or risen error groups of a pipeline's components that began before the first message was given up.

    No earlier than `triage.change_lookback_min` before, no later than ten minutes after; the one with most events
    first. Each in words, with its events.
    """
    groups = facts.groups
    groups = groups[groups["is_error"].astype("bool") & groups["trend"].isin(["new", "rising"])]
    groups = groups[groups["log_group"].isin(groups_watched(facts, entry))]
    earliest = since - pd.Timedelta(minutes=facts.profile.triage.change_lookback_min)
    found = []
    for row in groups.itertuples():
        events = facts.logs[facts.logs["group"].astype("str") == str(row.group)]
        began = row.first_seen
        if row.trend == "new" and not earliest <= began <= since + AFTER:
            continue
        verb = f"new from {began:%H:%M} UTC" if row.trend == "new" else f"{row.ratio:.3g} times its baseline"
        words = f"{counted(int(row.events), 'event')} of “{shown(shown_template(events))}” in its logs, {verb}"
        found.append((words, events))
    return found[:TOLD]
