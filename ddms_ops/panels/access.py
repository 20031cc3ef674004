"""Who was refused, who made calls that are new, what the leading actor did, and what was opened."""

from typing import Protocol

import pandas as pd

from ddms_ops.analysis.call_kinds import SENSITIVE
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.unusual_calls import by_somebody, refused_calls
from ddms_ops.checks.access_words import few, shown
from ddms_ops.checks.base import Facts
from ddms_ops.checks.hidden_traces import hidden
from ddms_ops.checks.opened_access import Effect, opened
from ddms_ops.checks.refs import counted
from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined, verdict
from ddms_ops.findings import Verdict

MOST, STEPS = 12, 40
NOTHING_READ = "No sign-in was read: the profile declares no access, or no log event of its components tells of any."
NO_CALLS = "There is no call of a person or a program in the window."


class Accessed(Facts, Protocol):
    """A case whose sign-ins and calls are read."""


def refused_table(case: Accessed) -> Shown:
    """Refused sign-ins by address, then by user: tries, refused, share of them, and the same in the baseline."""
    now, before = case.sign_ins, case.baseline_sign_ins
    if now.empty and before.empty:
        return verdict(NOTHING_READ)
    total = int(now["is_refused"].sum())
    words = f"{total:,} of {counted(len(now), 'request or sign-in')} refused; {int(before['is_refused'].sum()):,} of"
    parts = [verdict(f"{words} {len(before):,} in the baseline.")]
    parts += [_refused_by(name, other, now, before) for name, other in (("address", "user"), ("user", "address"))]
    return joined(*parts)


def _refused_by(name: str, other: str, now: pd.DataFrame, before: pd.DataFrame) -> Shown:
    """Addresses or users with the most refused tries."""
    table = now[now[name].notna()].groupby(name).agg(
        refused=("is_refused", "sum"), tries=("is_refused", "size"), others=(other, "nunique"),
        first=("timestamp", "min"), last=("timestamp", "max"),
    )  # fmt: skip
    table = table[table["refused"] > 0].reset_index().sort_values(["refused", name], ascending=[False, True])
    earlier = before[before["is_refused"]][name].value_counts()
    every = max(int(now["is_refused"].sum()), 1)
    rows = [
        (
            shown(getattr(row, name)), int(row.refused), f"{row.refused / every:.0%}", int(row.tries),  # type: ignore[call-overload,operator]
            int(row.others), int(earlier.get(getattr(row, name), 0)), row.first, row.last,  # type: ignore[call-overload]
        )
        for row in table.head(MOST).itertuples()
    ]  # fmt: skip
    more = f", the first {MOST} of {len(table):,}" if len(table) > MOST else ""
    others = "users" if other == "user" else "addresses"
    columns = (name, "refused", "of all refused", "tries", others, "refused before", "first", "last")
    return html_table(columns, rows, caption=f"Refused by {name}{more}", align="lrrrrrll")


def actors_table(case: Accessed) -> Shown:
    """Actors with calls that they had not made before, in the order of the findings, then by name."""
    unusual = case.unusual
    if not unusual:
        return verdict("No actor made a call that it had not made in the baseline.")
    order = [finding.subject["actor"] for finding in case.result("unusual_calls").findings]
    badges = {found.subject["actor"]: Badge.of(found.severity) for found in case.result("unusual_calls").findings}
    ranked = sorted(unusual, key=lambda one: (_place(order, shown(one.actor)), one.actor))
    rows = [
        (
            (shown(one.actor), Quiet(shown(one.actor_type))), badges.get(shown(one.actor)), len(one.calls), one.before,
            (one.new["name"].nunique(), Quiet(few(one.new["name"]) or None)),
            (len(one.sensitive), Quiet(few(one.sensitive["name"]) or None)), len(one.refused),
            few(one.from_new["source_ip"]) or None,
        )
        for one in ranked[:MOST]
    ]  # fmt: skip
    more = f", the first {MOST} of {len(ranked):,}" if len(ranked) > MOST else ""
    columns = ("actor", "severity", "calls", "before", "new calls", "sensitive", "refused", "new addresses")
    return html_table(columns, rows, caption=f"Actors with something new{more}", align="llrrllrl")


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def actor_timeline(case: Accessed) -> Shown:
    """Calls of the leading actor in the order of time; calls alike, one after the other, are one line."""
    actor = leading_actor(case)
    calls = by_somebody(between(case.calls, case.window.start, case.window.end))
    calls = calls[calls["actor"].fillna("").map(shown) == actor].sort_values(["timestamp", "row"])
    if calls.empty:
        return verdict(NO_CALLS)
    keys = ["name", "error", "source_ip"]
    steps = (calls[keys].fillna("") != calls[keys].fillna("").shift()).any(axis=1).cumsum()
    bursts = [rows for _, rows in calls.groupby(steps)]
    told = [rows for rows in bursts if rows["name"].iloc[0] in SENSITIVE or len(refused_calls(rows))]
    kept = bursts if len(bursts) <= STEPS else told[:STEPS]
    rows = [_step(burst) for burst in kept]
    left = (
        f"; {len(kept):,} of {len(bursts):,} steps: those that are sensitive or refused"
        if len(kept) < len(bursts)
        else ""
    )
    caption = f"{counted(len(calls), 'call')} of {actor}{left}"
    return html_table(("at", "call", "times", "on", "from", "outcome"), rows, caption=caption, align="llrlll")


def _step(rows: pd.DataFrame) -> tuple[object, ...]:
    first = rows.iloc[0]
    name = shown(first["name"])
    what = Badge(name, "high") if first["name"] in SENSITIVE and pd.isna(first["error"]) else name
    outcome = Quiet("done") if pd.isna(first["error"]) else shown(first["error"])
    return (
        first["timestamp"],
        what,
        len(rows),
        few(rows["resource"].dropna()) or None,
        shown(first["source_ip"]),
        outcome,
    )


def leading_actor(case: Accessed) -> str:
    """The actor of the worst finding that names one, as findings name it; without any the one with most calls."""
    names = ("unusual_calls", "hidden_traces", "opened_access")
    found = [(f.severity.order, place, -f.strength, f.subject["actor"]) for place, name in enumerate(names)
             for f in case.result(name).findings]  # fmt: skip
    if found:
        return min(found)[-1]
    counts = by_somebody(case.calls)["actor"].value_counts()
    return shown(min(counts.index, key=lambda name: (-counts[name], str(name)))) if len(counts) else ""


def opened_table(case: Accessed) -> Shown:
    """What was opened and what watching was taken away, the worst first; what was refused or failed quietly."""
    told = case.result("opened_access")
    if told.status is Verdict.NOT_CHECKED and case.calls.empty:
        return verdict(f"{told.reason[:1].upper()}{told.reason[1:]}.")
    every = [*opened(case), *hidden(case)]
    every.sort(key=lambda one: (one.severity.order, one.rows["timestamp"].min()))
    rows = [_effect(one) for one in every[:MOST]]
    more = f", the first {MOST} of {len(every):,}" if len(every) > MOST else ""
    columns = ("at", "severity", "call", "what it does", "on", "by", "outcome")
    return html_table(columns, rows, caption=f"What was opened or switched off{more}", align="lllllll")


def _effect(one: Effect) -> tuple[object, ...]:
    first = one.rows.sort_values("timestamp").iloc[0]
    times = Quiet(counted(len(one.rows), "time")) if len(one.rows) > 1 else None
    call = (shown(first["name"]), times) if times else shown(first["name"])
    outcome = Quiet("done") if pd.isna(first["error"]) else shown(first["error"])
    what = few(one.rows["resource"].dropna()) or None
    return first["timestamp"], Badge.of(one.severity), call, one.words, what, shown(first["actor"]), outcome
