"""Which errors are new, and which have become more frequent?

Groups of one error name that share a telling value (a tenant, an endpoint, …) are one finding.
"""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.fingerprint import attribute_shares, fingerprint
from ddms_ops.analysis.groups import exposure, rate_test
from ddms_ops.analysis.impact import Impact, blast_radius, is_hit
from ddms_ops.analysis.onset import Excursion, counts_per_bucket, excursion, expected_counts
from ddms_ops.analysis.requests import between
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs, shown_template
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

MESSAGE_CHARS = 160
LOOKED_AT = 200
RARE_SHOWN = 10
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
    ratio: float
    is_rare: bool


def check_new_errors(facts: Facts) -> list[Finding]:
    """Error groups of the window that the baseline does not have; rare ones are LOW."""
    _need_both(facts)
    new, reader = _new_groups(facts), _Reader(facts)
    signs = _folded(reader, [reader.sign([group]) for group in new.head(LOOKED_AT)["group"]])
    hidden = {id(sign) for sign in [sign for sign in signs if sign.is_rare][RARE_SHOWN:]}
    return [_finding(facts, "new_errors", sign) for sign in signs if id(sign) not in hidden]


def unlisted_groups(facts: Facts, findings: list[Finding]) -> str:
    """Words for new error groups that are not among the findings, empty when all are."""
    shown = {name for finding in findings for name in finding.subject["group"].split(",")}
    left = _new_groups(facts)[lambda groups: ~groups["group"].isin(shown)]
    if left.empty:
        return ""
    return f"{counted(len(left), 'rare new group')} of {counted(int(left['events'].sum()), 'event')} in all not listed"


def _new_groups(facts: Facts) -> pd.DataFrame:
    groups = facts.groups
    return groups[groups["is_error"] & (groups["events"] > 0) & (groups["baseline_events"] == 0)]


def check_risen_errors(facts: Facts) -> list[Finding]:
    """Error groups whose rate has risen at least `triage.rise` times over the baseline's, significantly."""
    _need_both(facts)
    groups, triage, reader = facts.groups, facts.profile.triage, _Reader(facts)
    known = groups[groups["is_error"] & (groups["baseline_events"] > 0) & (groups["events"] >= triage.min_events)]
    signs = [reader.sign([group]) for group in known["group"]]
    return [_finding(facts, "risen_errors", sign) for sign in signs if sign.ratio >= triage.rise and not sign.is_rare]


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
        compared = max(1, int(facts.groups["is_error"].sum()))
        self._limit = facts.profile.triage.significance / compared  # Bonferroni
        self._populations: dict[frozenset[str], tuple[dict[str, pd.Series], tuple[float, float]]] = {}

    def sign(self, groups: list[str]) -> ErrorSign:
        """What some groups (the largest first) show together."""
        facts, known = self.facts, self._known.loc[groups]
        rows = facts.logs[facts.logs["group"].isin(groups)]
        before = int(known["baseline_events"].sum())
        shares, exposures = self._population(rows)
        ratio, p_value = rate_test(len(rows), before, *exposures)
        is_rare = len(rows) < facts.profile.triage.min_events or p_value >= self._limit
        found = None if is_rare else group_excursion(facts, rows, before)
        stamps = rows["timestamp"]
        return ErrorSign(
            groups=tuple(groups),
            error="" if pd.isna(known["error"].iloc[0]) else redact(str(known["error"].iloc[0])),
            message=shown_template(rows.loc[rows["group"] == groups[0], "message"])[:MESSAGE_CHARS],
            log_group=str(known["log_group"].iloc[0]),
            rows=rows,
            before=before,
            since=stamps.min() if found is None else stamps[stamps >= found.start].min(),
            until=facts.window.end if found is None else found.end,
            marks=fingerprint(rows, shares),
            ratio=ratio,
            is_rare=is_rare,
        )

    def _population(self, rows: pd.DataFrame) -> tuple[dict[str, pd.Series], tuple[float, float]]:
        """Of the rows' log groups: attribute shares over window and baseline, and their exposures."""
        names = frozenset(rows["log_group"].astype("str").unique())
        if names not in self._populations:
            logs, before = self.facts.logs, self.facts.baseline_logs
            shares = attribute_shares([frame[frame["log_group"].isin(names)] for frame in (logs, before)])
            minutes = (self.facts.window.minutes, self.facts.baseline.minutes)
            self._populations[names] = shares, exposure(logs, before, names, minutes=minutes)
        return self._populations[names]


def group_excursion(facts: Facts, rows: pd.DataFrame, before: int) -> Excursion | None:
    """When a group's counts were above what its baseline rate makes expected."""
    counts = counts_per_bucket(rows["timestamp"], facts.window)
    expected = expected_counts(max(before, 0.5) / facts.baseline.minutes, facts.window)
    return excursion(counts, expected, facts.window, refine=before == 0)


def _finding(facts: Facts, check: str, sign: ErrorSign) -> Finding:
    impact = blast_radius(facts.requests, sign.rows, sign.since.floor("min"), sign.until)
    share = cell_share(facts, impact, sign)
    marks = {name: redact(value) for name, value in sign.marks.items()}
    subject = {"group": ",".join(sign.groups), "error": sign.error, "message": sign.message, **marks}
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
    cell = between(facts.requests, impact.since, impact.until)
    for name, value in sign.marks.items():
        if cell[name].notna().any():
            cell = cell[cell[name] == value]
    return float(is_hit(cell, sign.rows).mean()) if len(cell) else 0.0


def _severity(facts: Facts, impact: Impact, share: float) -> Severity:
    """CRITICAL over the error-rate alert, HIGH over the target or a telling share of one cell, else MEDIUM."""
    target, alert = facts.profile.error_rate_limits
    if alert is not None and impact.share > alert:
        return Severity.CRITICAL
    if (target is not None and impact.share > target) or max(share, impact.share) >= facts.profile.triage.high_share:
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
