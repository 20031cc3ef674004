"""Which errors are new, and which have become more frequent?

Groups of one error name that share a telling value (a tenant, an endpoint, …) are one finding.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.fingerprint import attribute_shares, fingerprint
from ddms_ops.analysis.groups import rate_test
from ddms_ops.analysis.impact import Impact, blast_radius, is_hit
from ddms_ops.analysis.onset import Excursion, bucket_s, counts_per_bucket, excursion
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

MESSAGE_CHARS = 160
SHOWN = 20
WORDS = {"new_errors": "New error", "risen_errors": "More of error"}


@dataclass(frozen=True, slots=True)
class ErrorSign:
    """Error events that belong together, and what sets them apart.

    `before` are their events in the baseline; `since` and `until` bound the time in which they exceeded it.
    """

    groups: tuple[str, ...]
    error: str
    message: str
    log_group: str
    rows: pd.DataFrame
    before: int
    since: pd.Timestamp
    until: pd.Timestamp
    marks: dict[str, str]
    is_rare: bool


def check_new_errors(facts: Facts) -> list[Finding]:
    """Error groups of the window that the baseline does not have; rare ones are LOW."""
    _need_both(facts)
    groups = facts.groups
    new = groups[groups["is_error"] & (groups["events"] > 0) & (groups["baseline_events"] == 0)]
    reader = _Reader(facts)
    signs = _folded(reader, [reader.sign([group]) for group in new.head(SHOWN)["group"]])
    return [_finding(facts, "new_errors", sign) for sign in signs]


def check_risen_errors(facts: Facts) -> list[Finding]:
    """Error groups whose rate has risen at least `triage.rise` times over the baseline's, significantly."""
    _need_both(facts)
    groups = facts.groups
    risen = groups[
        groups["is_error"] & (groups["baseline_events"] > 0) & (groups["ratio"] >= facts.profile.triage.rise)
    ]
    reader = _Reader(facts)
    signs = [reader.sign([group]) for group in risen.head(SHOWN)["group"]]
    return [_finding(facts, "risen_errors", sign) for sign in signs if not sign.is_rare]


def _need_both(facts: Facts) -> None:
    if facts.logs.empty:
        raise CannotTell("no log events in the window")
    if facts.baseline_logs.empty:
        raise CannotTell("no log events in the baseline to compare with")


def _folded(reader: "_Reader", signs: list[ErrorSign]) -> list[ErrorSign]:
    """The same signs, those of one error name with a mark in common as one."""
    kept: list[ErrorSign] = []
    for sign in signs:
        kin = next(
            (k for k in kept if sign.error and k.error == sign.error and k.marks.items() & sign.marks.items()), None
        )
        if kin is None:
            kept.append(sign)
        else:
            kept[kept.index(kin)] = reader.sign([*kin.groups, *sign.groups])
    return kept


class _Reader:
    """Reads signs out of groups; what groups of the same log groups share is computed once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known = facts.groups.set_index("group")
        self._compared = max(1, int(facts.groups["is_error"].sum()))
        self._populations: dict[frozenset[str], tuple[dict[str, pd.Series], tuple[int, int]]] = {}

    def sign(self, groups: list[str]) -> ErrorSign:
        """What some groups (the largest first) show together."""
        facts, known = self.facts, self._known.loc[groups]
        rows = facts.logs[facts.logs["group"].isin(groups)]
        before = int(known["baseline_events"].sum())
        shares, exposure = self._population(rows)
        is_rare = not self._is_significant(len(rows), before, exposure)
        found = None if is_rare else group_excursion(facts, rows, before)
        stamps = rows["timestamp"]
        return ErrorSign(
            groups=tuple(groups),
            error="" if pd.isna(known["error"].iloc[0]) else redact(str(known["error"].iloc[0])),
            message=redact(str(known["template"].iloc[0]))[:MESSAGE_CHARS],
            log_group=str(known["log_group"].iloc[0]),
            rows=rows,
            before=before,
            since=stamps.min() if found is None else stamps[stamps >= found.start].min(),
            until=facts.window.end if found is None else found.end,
            marks=fingerprint(rows, shares),
            is_rare=is_rare,
        )

    def _is_significant(self, events: int, before: int, exposure: tuple[int, int]) -> bool:
        """Whether there are enough events, at another rate than the baseline's.

        The p-value is corrected for the error groups compared (Bonferroni).
        """
        triage = self.facts.profile.triage
        p_value = rate_test(events, before, *exposure)[1]
        return events >= triage.min_events and p_value < triage.significance / self._compared

    def _population(self, rows: pd.DataFrame) -> tuple[dict[str, pd.Series], tuple[int, int]]:
        """Of the rows' log groups: attribute shares over window and baseline, and events that are no error in each."""
        names = frozenset(rows["log_group"].astype("str").unique())
        if names not in self._populations:
            frames = [logs[logs["log_group"].isin(names)] for logs in (self.facts.logs, self.facts.baseline_logs)]
            now, before = (int((~frame["is_error"]).sum()) for frame in frames)
            self._populations[names] = attribute_shares(frames), (now, before)
        return self._populations[names]


def group_excursion(facts: Facts, rows: pd.DataFrame, before: int) -> Excursion | None:
    """When a group's counts were above what its baseline rate makes expected."""
    counts = counts_per_bucket(rows["timestamp"], facts.window)
    per_bucket = max(before, 0.5) / facts.baseline.minutes * bucket_s(facts.window) / 60
    return excursion(counts, np.full(len(counts), per_bucket), facts.window, refine=before == 0)


def _finding(facts: Facts, check: str, sign: ErrorSign) -> Finding:
    impact = blast_radius(facts.requests, sign.rows, sign.since.floor("min"), sign.until)
    share = cell_share(facts, impact, sign)
    subject = {"group": ",".join(sign.groups), "error": sign.error, "message": sign.message, **sign.marks}
    return Finding(
        check=check,
        severity=Severity.LOW if sign.is_rare else _severity(facts, impact, share),
        statement=_statement(check, sign, impact, share),
        subject={**{name: value for name, value in subject.items() if value}, "log_group": sign.log_group},
        evidence=log_refs(sign.rows),
        strength=float(len(sign.rows)),
        first_seen=sign.since,
        last_seen=sign.rows["timestamp"].max(),
        observed=len(sign.rows) / facts.window.minutes,
        baseline=sign.before / facts.baseline.minutes,
        unit="events/min",
        next_step=next_step(facts.profile, f"{sign.error} {sign.message}"),
    )


def cell_share(facts: Facts, impact: Impact, sign: ErrorSign) -> float:
    """Share of the requests of the marked endpoint, version and tenant that the errors failed, 0..1."""
    cell = facts.requests
    cell = cell[(cell["timestamp"] >= impact.since) & (cell["timestamp"] < impact.until)]
    for name, value in sign.marks.items():
        if cell[name].notna().any():
            cell = cell[cell[name] == value]
    return float(is_hit(cell, sign.rows).mean()) if len(cell) else 0.0


def _severity(facts: Facts, impact: Impact, share: float) -> Severity:
    """CRITICAL over the error-rate alert, HIGH over the target or a telling share of one cell, else MEDIUM."""
    target, alert = facts.profile.error_rate_limits
    if alert is not None and impact.share > alert:
        return Severity.CRITICAL
    if (target is not None and impact.share > target) or share >= facts.profile.triage.high_share:
        return Severity.HIGH
    return Severity.MEDIUM


def _statement(check: str, sign: ErrorSign, impact: Impact, share: float) -> str:
    places = {"endpoint": "on {}", "version": "in version {}", "tenant": "of tenant {}", "job_type": "in {} jobs"}
    marks = {} if sign.is_rare else sign.marks
    where = [form.format(redact(marks[name])) for name, form in places.items() if name in marks]
    what = " ".join(part for part in (WORDS[check], sign.error, *where) if part)
    parts = [f"{what}: {counted(len(sign.rows), 'event')} since {sign.since:%Y-%m-%d %H:%M} UTC"]
    parts += [f"{sign.before:,} in the baseline"] if sign.before else []
    seen, hit = len(impact.tenants), len(impact.hit)
    parts += [f"{hit} of {seen} tenants hit ({hit / seen:.0%})"] if hit else []
    parts += [f"{share:.0%} of the requests there failed"] if marks and impact.failed else []
    others = f" ({len(sign.groups)} messages)" if len(sign.groups) > 1 else ""
    return f"{', '.join(parts)}. It says{others}: {sign.message}"
