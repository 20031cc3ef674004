"""Which endpoints take more time than before, and is it more calls or slower ones?"""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import pandas as pd

from ddms_ops.analysis.endpoints import (
    carriers,
    common_factor,
    durations_of,
    endpoints_compared,
    rise_of,
    share_p_value,
    slower_p_value,
    timed_requests,
    together,
)
from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.onset import counts_per_bucket, expected_counts, onset_of
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shapes import Shift
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import log_refs, of_sample, onset_words
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

CHECK = "slow_endpoints"
SHOWN = 10
NAME_CHARS = 120
SMALL = 0.05  # of the baseline's time of all endpoints: more time than this is worth more than LOW
SLOW = 0.95
UNSEEN = 0.5  # requests that a baseline without any may have missed
SLOWER, MORE, NEW, OVER = "became slower", "got more calls", "is new", "over the latency alert"


@dataclass(frozen=True, slots=True)
class _Sides:
    """Timed requests and durations of window and baseline, both compared, and the factors all endpoints share."""

    now: pd.DataFrame
    before: pd.DataFrame
    table: pd.DataFrame
    durations: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
    slower: float = 1.0
    more: float = 1.0


def check_slow_endpoints(facts: Facts) -> list[Finding]:
    """Endpoints whose requests became slower, which are called more, or which are new; the ten that weigh most.

    An endpoint is slower where its median or p95 is the square root of `triage.rise` times the baseline's, beyond
    chance at `triage.significance` over all endpoints; it is called more at `triage.surge` times the baseline's rate.
    HIGH where its p95 is over the profile's latency alert and was not, LOW under `triage.rise` or where the time
    that it takes more is under a twentieth of all, else MEDIUM. What nearly all endpoints share is one finding.

    Raises:
        CannotTell: no durations in the window; none in the baseline, and no endpoint is over the alert.
    """
    now, before = timed_requests(facts.requests), timed_requests(facts.baseline_requests)
    if now.empty:
        raise CannotTell("no request of the window carries a duration; map it as duration_ms or duration_s")
    if before.empty:
        return _without_baseline(facts, now, before)
    table = endpoints_compared(now, before, scale=facts.window.length / facts.baseline.length)
    sides = _Sides(now, before, table, (durations_of(now), durations_of(before)))
    sides = _with_factors(facts, sides)
    names = [str(name) for name in table.index[table["count_now"] >= facts.profile.triage.min_events]]
    signs = [(name, _signs(facts, sides, name, len(names))) for name in names]
    found = [_judged(facts, sides, name, its) for name, its in signs if its]
    found += _shared(facts, sides, {name for name, its in signs if its})
    return sorted(found, key=lambda each: (each.severity.order, -each.strength, each.id))[:SHOWN]


def compared_endpoints(facts: Facts) -> pd.DataFrame:
    """`endpoints_compared` of a case, for a table."""
    now, before = timed_requests(facts.requests), timed_requests(facts.baseline_requests)
    return endpoints_compared(now, before, scale=facts.window.length / facts.baseline.length)


def without_comparison(facts: Facts, findings: list[Finding]) -> str:
    """What the findings leave out where nothing could be compared; else empty."""
    is_alone = bool(findings) and facts.baseline_requests["duration_ms"].isna().all()
    return "no durations in the baseline: only endpoints over the latency alert are listed" if is_alone else ""


def _with_factors(facts: Facts, sides: _Sides) -> _Sides:
    """The same with the factors by which nearly all endpoints became slower, or are called more."""
    triage, table = facts.profile.triage, sides.table
    both = table[(table["count_now"] >= triage.min_events) & (table["count_before"] >= triage.min_events)]
    both = both[(both["p50_before_ms"] > 0) & (both["p50_now_ms"] > 0)]
    slower = common_factor(both["p50_now_ms"] / both["p50_before_ms"], within=sqrt(triage.rise))
    usual = both["p50_before_ms"]
    pooled = [np.concatenate([[], *(side[name] / usual[name] for name in both.index)]) for side in sides.durations]
    is_sure = slower >= sqrt(triage.rise) and slower_p_value(pooled[0], pooled[1]) < triage.significance
    more = common_factor(both["calls_now"] / both["calls_before"], within=sqrt(triage.surge))
    more = more if more >= triage.surge else 1.0
    return replace(sides, slower=slower if is_sure else 1.0, more=more)


def _signs(facts: Facts, sides: _Sides, name: str, tests: int) -> frozenset[str]:
    """What is unlike the baseline in an endpoint, beyond what all endpoints share."""
    triage, row = facts.profile.triage, sides.table.loc[name]
    level = triage.significance / max(tests, 1)
    _, alert = facts.profile.latency_limits
    is_over = alert is not None and row["p95_now_ms"] > alert
    if not row["count_before"]:
        _, p_value = rate_test(row["count_now"], 0, facts.window.minutes, facts.baseline.minutes)
        return frozenset([NEW, OVER] if is_over else [NEW]) if p_value / 2 < level else frozenset()
    signs = {MORE} if _is_more(facts, sides, name, level) else set()
    now, before = (side[name] for side in sides.durations)
    if len(before) < triage.min_events:
        return frozenset(signs)
    if rise_of(row) / sides.slower >= sqrt(triage.rise) and slower_p_value(now / sides.slower, before) < level:
        signs.add(SLOWER)
    is_own = sides.slower == 1.0 or SLOWER in signs
    if alert is not None and is_own and is_over and alert >= row["p95_before_ms"]:
        ratio = (now > alert).mean() / max((before > alert).mean(), 1 / (2 * len(before)))
        if ratio >= triage.rise and share_p_value(now, before, alert) < level:
            signs |= {OVER, SLOWER}
    return frozenset(signs)


def _is_more(facts: Facts, sides: _Sides, name: str, level: float) -> bool:
    """Whether calls came at `triage.surge` times the baseline's rate; their variance over mean makes them fewer."""
    row = sides.table.loc[name]
    if row["calls_now"] < facts.profile.triage.surge * sides.more * row["calls_before"]:
        return False
    stamps = sides.before.loc[sides.before["endpoint"] == name, "timestamp"]
    counts = counts_per_bucket(stamps, facts.baseline)
    spread = max(1.0, float(counts.var() / counts.mean())) if counts.any() else 1.0
    now, before = (int(row[f"count_{side}"] / spread) for side in ("now", "before"))
    _, p_value = rate_test(now, before, facts.window.minutes * sides.more, facts.baseline.minutes)
    return p_value / 2 < level


def _judged(facts: Facts, sides: _Sides, name: str, signs: frozenset[str]) -> Finding:
    """The finding about one endpoint that is unlike its baseline."""
    row, triage = sides.table.loc[name], facts.profile.triage
    now, before = (side[side["endpoint"] == name] for side in (sides.now, sides.before))
    is_slower = SLOWER in signs and (OVER in signs or MORE not in signs or row["by_mean_ms"] >= row["by_calls_ms"])
    weight = float(max(row["delta_ms"], row["by_mean_ms"] if is_slower else 0.0))
    usual = before["duration_ms"].quantile(SLOW) if is_slower else -1.0
    rows, earlier = (side[side["duration_ms"] > usual] for side in (now, before))
    added = sides.table["delta_ms"].clip(lower=0).sum()
    began = _began(facts, rows, earlier)
    is_little = signs == {SLOWER} and _height(facts, now, before, began) / sides.slower < triage.rise
    is_small = is_little or weight < SMALL * sides.table["total_before_ms"].sum()
    share = f"; {row['delta_ms'] / added:.0%} of what all endpoints took more" if row["delta_ms"] > 0 else ""
    return _finding(
        facts,
        subject={"endpoint": redact(name)[:NAME_CHARS]},
        verb=NEW if NEW in signs else SLOWER if is_slower else MORE,
        row=row,
        severity=Severity.HIGH if OVER in signs else Severity.LOW if is_small else Severity.MEDIUM,
        rows=rows if len(rows) else now,
        began=began,
        tail=_with_whom(facts, now, before) + share,
        strength=weight,
    )


def _shared(facts: Facts, sides: _Sides, own: set[str]) -> list[Finding]:
    """What nearly all endpoints share: one finding for slower calls, one for more of them; `own` have their own."""
    _, alert = facts.profile.latency_limits
    now, before = (side[~side["endpoint"].isin(own)] for side in (sides.now, sides.before))
    row = together(now, before, sides.table[~sides.table.index.isin(own)])
    findings = []
    for verb, factor in ((SLOWER, sides.slower), (MORE, sides.more)):
        if factor == 1.0:
            continue
        usual = before["duration_ms"].quantile(SLOW) if verb == SLOWER else -1.0
        rows, earlier = (side[side["duration_ms"] > usual] for side in (now, before))
        began = _began(facts, rows, earlier)
        is_over = alert is not None and row["p95_now_ms"] > alert >= row["p95_before_ms"]
        is_little = verb == SLOWER and _height(facts, now, before, began) < facts.profile.triage.rise
        findings.append(
            _finding(
                facts,
                subject={"endpoint": "all other endpoints" if own else "all endpoints"},
                verb=verb,
                row=row,
                severity=Severity.HIGH
                if is_over and verb == SLOWER
                else Severity.LOW
                if is_little
                else Severity.MEDIUM,
                rows=rows if len(rows) else now,
                began=began,
                tail=f"; nearly each of {len(sides.table) - len(own)} by about {factor:.2g} times",
                strength=float(abs(row["delta_ms"])),
            )
        )
    return findings


def _without_baseline(facts: Facts, now: pd.DataFrame, before: pd.DataFrame) -> list[Finding]:
    """Endpoints over the alert where nothing can be compared."""
    _, alert = facts.profile.latency_limits
    limit = np.inf if alert is None else alert
    table = endpoints_compared(now, before, scale=1.0)
    over = table[(table["count_now"] >= facts.profile.triage.min_events) & (table["p95_now_ms"] > limit)]
    if over.empty:
        raise CannotTell("no durations in the baseline to compare with")
    return [
        _finding(
            facts,
            subject={"endpoint": redact(str(name))[:NAME_CHARS]},
            verb=OVER,
            row=row,
            severity=Severity.HIGH,
            rows=now[(now["endpoint"] == name) & (now["duration_ms"] > limit)],
            began=None,
            tail=f"; the alert is {_ms(limit)} at p95, and there is no baseline to compare with",
            strength=float(row["total_now_ms"]),
        )
        for name, row in over.head(SHOWN).iterrows()
    ]


def _finding(
    facts: Facts,
    *,
    subject: dict[str, str],
    verb: str,
    row: pd.Series,
    severity: Severity,
    rows: pd.DataFrame,
    began: Shift | None,
    tail: str,
    strength: float,
) -> Finding:
    since = rows["timestamp"].min() if began is None else began.start
    why = (("by_calls_ms", "their number"), ("by_mean_ms", "their length"))
    parts = ", ".join(f"{_ms(row[name], sign=True)} by {what}" for name, what in why)
    usual = f", {row['calls_before']:,.0f} of {_ms(row['mean_before_ms'])} expected" if row["calls_before"] else ""
    sides = [float(row[f"calls_{side}" if verb == MORE else f"p95_{side}_ms"]) for side in ("now", "before")]
    return Finding(
        check=CHECK,
        severity=severity,
        statement=(
            f"{subject['endpoint']} {verb} since {since:%Y-%m-%d %H:%M} UTC{onset_words(began)}:"
            f" {row['calls_now']:,.0f} requests of {_ms(row['mean_now_ms'])} on average{usual},"
            f" {_ms(row['delta_ms'], sign=True)} in all"
            f"{f' ({parts})' if usual else ''}{of_sample(facts)}; {_spread(row)}{tail}"
        ),
        subject={**subject, "signal": verb},
        evidence=log_refs(rows),
        strength=strength,
        first_seen=since,
        last_seen=rows["timestamp"].max(),
        observed=sides[0],
        baseline=sides[1] if usual else None,
        unit="requests" if verb == MORE else "ms",
        next_step=next_step(facts.profile, "timeout", fails=False),
    )


def _began(facts: Facts, rows: pd.DataFrame, earlier: pd.DataFrame) -> Shift | None:
    """When requests of a kind came oftener than in the baseline."""
    counts = counts_per_bucket(rows["timestamp"], facts.window)
    usual = max(len(earlier), UNSEEN) / facts.baseline.minutes
    return onset_of(counts, expected_counts(usual, facts.window), facts.window)


def _height(facts: Facts, now: pd.DataFrame, before: pd.DataFrame, began: Shift | None) -> float:
    """By what factor the median or the p95 rose while the shift went on, whichever more."""
    if began is not None:
        inside = between(now, began.start, began.end or facts.window.end)
        now = inside if len(inside) >= facts.profile.triage.min_events else now
    pairs = [[side["duration_ms"].quantile(part) for side in (now, before)] for part in (0.5, SLOW)]
    return max(late / early if early > 0 else 1.0 for late, early in pairs)


def _with_whom(facts: Facts, now: pd.DataFrame, before: pd.DataFrame) -> str:
    """The few tenants that most of the added time is of, in words; empty where it is many."""
    found = carriers(now, before, scale=facts.window.length / facts.baseline.length)
    if found is None:
        return ""
    names = ", ".join(redact(name)[:NAME_CHARS] for name in found.names)
    noun = "tenant" if len(found.names) == 1 else "tenants"
    return f"; {found.share:.0%} of it with {noun} {names} ({found.share_of_calls:.0%} of its requests)"


def _spread(row: pd.Series) -> str:
    """`p50 240 ms from 70 ms, …`; without `from` where there was none."""
    words = []
    for name in ("p50", "p95", "p99", "max"):
        was = row[f"{name}_before_ms"]
        words.append(f"{name} {_ms(row[f'{name}_now_ms'])}" + ("" if pd.isna(was) else f" from {_ms(was)}"))
    return ", ".join(words)


def _ms(value: float, *, sign: bool = False) -> str:
    """`240 ms`, `0.31 ms`, `312 s`."""
    size = abs(value)
    number = f"{size / 1000:,.0f} s" if size >= 10_000 else f"{size:,.0f} ms" if size >= 10 else f"{size:.3g} ms"
    return f"{'-' if value < 0 else '+'}{number}" if sign else number
