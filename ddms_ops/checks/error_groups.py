"""Which errors are new, which have become more frequent, and which warnings?

Groups of one error name that began together are one finding.
"""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.group_rates import compared_events, exposure, rate_test
from ddms_ops.analysis.impact import Impact
from ddms_ops.analysis.shapes import Shift
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.beginnings import first_event, group_onset
from ddms_ops.checks.compared_groups import known_groups, log_group_names, new_groups, warned_groups
from ddms_ops.checks.differences import difference, in_words, marks_of
from ddms_ops.checks.impacts import hit_by
from ddms_ops.checks.refs import (
    events_in_words,
    log_refs,
    onset_words,
    shown_templates,
    tenants_in_words,
)
from ddms_ops.checks.severities import error_severity, rate_severity, warning_severity, worst
from ddms_ops.checks.steps import next_step
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

MESSAGE_CHARS = 160
SAID = 3
LOOKED_AT = 100
SHOWN = 20
RARE_SHOWN = 10
ANY_ERROR = frozenset(["Error", "Exception", "RuntimeError", "RuntimeException", "Throwable"])  # name no kind
EXPLAINED = 8
TOGETHER = pd.Timedelta(minutes=2)
WORDS = {"new_errors": "New error", "risen_errors": "More of error", "warnings": "More of warning"}
NEW_WARNING = "New warning"
NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class ErrorSign:
    """Events that belong together.

    `messages` are their most frequent templates, `place` the application's innermost frame where there is a trace,
    `before` their events in the baseline, of the log groups that are compared; `since` and `until` bound the time in
    which they exceeded it.
    """

    groups: tuple[str, ...]
    error: str
    messages: tuple[str, ...]
    place: str
    log_group: str
    rows: pd.DataFrame
    before: int
    since: pd.Timestamp
    until: pd.Timestamp
    onset: Shift | None
    ratio: float
    is_rare: bool


def check_new_errors(facts: Facts) -> list[Finding]:
    """Error groups of the window that the baseline does not have; rare ones are LOW."""
    _need_both(facts)
    new, reader = new_groups(facts), _Reader(facts)
    signs = reader.folded([reader.sign([group]) for group in new.head(LOOKED_AT)["group"]])
    rare, common = ([sign for sign in signs if sign.is_rare is is_rare] for is_rare in (True, False))
    return _findings(facts, "new_errors", [*common[:SHOWN], *rare[:RARE_SHOWN]])


def check_risen_errors(facts: Facts) -> list[Finding]:
    """Error groups whose rate has risen at least `triage.rise` times over the baseline's, significantly."""
    _need_both(facts)
    return _findings(facts, "risen_errors", _risen(facts, known_groups(facts)))


def check_warnings(facts: Facts) -> list[Finding]:
    """WARN groups that are new or have risen, significantly.

    HIGH where a telling share of one cell is hit, LOW where clients are told no, else MEDIUM.
    """
    _need_both(facts)
    return _findings(facts, "warnings", _risen(facts, warned_groups(facts)))


def _risen(facts: Facts, groups: pd.DataFrame) -> list[ErrorSign]:
    """The largest of the groups that have risen by `triage.rise`, as one by one and folded."""
    triage, reader = facts.profile.triage, _Reader(facts)
    often = groups[(groups["events"] >= triage.min_events) & (groups["ratio"] >= triage.rise)].head(LOOKED_AT)
    signs = reader.folded([reader.sign([group]) for group in often["group"]])
    return [sign for sign in signs if sign.ratio >= triage.rise and not sign.is_rare][:SHOWN]


def _need_both(facts: Facts) -> None:
    if facts.log_events.empty:
        raise CannotTell("no log events in the window")
    if facts.baseline_log_events.empty:
        raise CannotTell("no log events in the baseline to compare with")


class _Reader:
    """Reads signs out of groups; what groups of the same log groups share is computed once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known = facts.groups.set_index("group")
        compared = max(1, int((facts.groups["is_error"] | (facts.groups["level"] == "WARN")).sum()))
        self._limit = facts.profile.triage.significance / compared  # Bonferroni
        self._now, self._before = (
            compared_events(frame, facts.not_compared) for frame in (facts.log_events, facts.baseline_log_events)
        )
        counts = self._before["group"].value_counts()
        self._counted_before = pd.Series(counts.to_numpy(), index=counts.index.astype("str"))
        self._exposures: dict[frozenset[str], tuple[float, float]] = {}

    def sign(self, groups: list[str]) -> ErrorSign:
        """What some groups (the largest first) show together."""
        facts, known = self.facts, self._known.loc[groups]
        rows = facts.log_events[facts.log_events["group"].isin(groups)]
        compared = compared_events(rows, facts.not_compared)
        before = int(self._counted_before.reindex(groups).sum())
        ratio, p_value = rate_test(len(compared), before, *self._exposure(compared))
        least = facts.profile.triage.min_events
        is_rare = len(compared) < least or p_value >= self._limit
        found = None if is_rare else group_onset(facts, compared, groups)
        stamps = compared["timestamp"]
        since = stamps.min() if found is None else first_event(facts, found, stamps)
        until = facts.window.end if found is None or found.end is None else found.end
        return ErrorSign(
            groups=tuple(groups),
            error="" if pd.isna(known["error"].iloc[0]) else redact(str(known["error"].iloc[0])),
            messages=tuple(text[:MESSAGE_CHARS] for text in shown_templates(rows, most=SAID)),
            place=_place(known["frames"].iloc[0]),
            log_group=str(known["log_group"].iloc[0]),
            rows=rows,
            before=before,
            since=since,
            until=until,
            onset=found,
            ratio=ratio,
            is_rare=is_rare or int(((stamps >= since) & (stamps < until)).sum()) < least,
        )

    def folded(self, signs: list[ErrorSign]) -> list[ErrorSign]:
        """The same signs, those of one error name, or of the same requests, that began together as one.

        Rare ones join what they fall into.
        """
        kept: list[ErrorSign] = []
        for sign in signs:
            kin = next((known for known in kept if _is_kin(known, sign)), None)
            if kin is None:
                kept.append(sign)
            else:
                kept[kept.index(kin)] = self.sign([*kin.groups, *sign.groups])
        return kept

    def _exposure(self, rows: pd.DataFrame) -> tuple[float, float]:
        names = frozenset(rows["log_group"].astype("str").unique())
        if names not in self._exposures:
            minutes = (self.facts.window.minutes, self.facts.baseline.minutes)
            self._exposures[names] = exposure(self._now, self._before, names, minutes=minutes)
        return self._exposures[names]


def _place(frames: object) -> str:
    """The innermost of frames as `traces.application_frames` names them, redacted; empty without."""
    return "" if pd.isna(frames) else redact(str(frames).split(" > ")[0])[:MESSAGE_CHARS]


def _is_kin(known: ErrorSign, other: ErrorSign) -> bool:
    """Whether a sign says the same as one that is known."""
    if _are_same_requests(known, other):
        return True
    if not known.error or known.error != other.error or known.is_rare:
        return False
    if known.error in ANY_ERROR and not set(known.rows["endpoint"].dropna()) & set(other.rows["endpoint"].dropna()):
        return False
    if other.is_rare:
        return bool(other.since >= known.since - TOGETHER)
    return abs(known.since - other.since) <= TOGETHER


def _are_same_requests(known: ErrorSign, other: ErrorSign) -> bool:
    """Whether nearly the same requests of one log group logged both, from about the same time on."""
    if known.is_rare or other.is_rare or known.log_group != other.log_group:
        return False
    if abs(known.since - other.since) > TOGETHER:
        return False
    one, two = (set(sign.rows["request_id"].dropna()) for sign in (known, other))
    return len(one & two) >= NEARLY_ALL * max(len(one), len(two), 1)


def _findings(facts: Facts, check: str, signs: list[ErrorSign]) -> list[Finding]:
    """The signs as findings; the largest say what sets them apart."""
    explained = [sign.groups for sign in signs if not sign.is_rare][:EXPLAINED]
    return [_finding(facts, check, sign, is_explained=sign.groups in explained) for sign in signs]


def _finding(facts: Facts, check: str, sign: ErrorSign, *, is_explained: bool) -> Finding:
    hit = hit_by(facts, sign.rows, sign.since.floor("min"), sign.until)
    found = difference(facts, sign.groups) if is_explained else None
    marks = marks_of(found) if found else {}
    share = found.explanations[0].share if found and found.explanations else hit.impact.share
    subject = {"group": ",".join(sign.groups), "error": sign.error, "message": sign.messages[0], **marks}
    if check == "warnings":
        severity = warning_severity(facts, sign.rows, share)
    else:
        severity = worst(error_severity(facts, hit, share), rate_severity(facts, sign.rows))
    one_in = facts.sample[0] if facts.sample else 1
    fails = bool(hit.are_requests and hit.impact.failed)
    return Finding(
        check=check,
        severity=Severity.LOW if sign.is_rare else severity,
        statement=_statement(facts, check, sign, hit.impact, marks, share),
        subject={**{name: value for name, value in subject.items() if value}, "log_group": sign.log_group},
        evidence=log_refs(sign.rows),
        strength=float(len(sign.rows)),
        first_seen=sign.since,
        last_seen=sign.rows["timestamp"].max(),
        observed=len(sign.rows) * one_in / facts.window.minutes,
        baseline=sign.before * one_in / facts.baseline.minutes,
        unit="events/min",
        next_step=next_step(facts.profile, f"{sign.error} {sign.messages[0]}", fails=fails),
    )


def _without(facts: Facts, sign: ErrorSign) -> list[str]:
    """Words for log groups of some of the events that nothing was read of in the baseline."""
    left = sign.rows.loc[sign.rows["pull"].isin(facts.not_compared), "log_group"]
    return [f"compared without {log_group_names(left)}, of which nothing was read in the baseline"] if len(left) else []


def _statement(facts: Facts, check: str, sign: ErrorSign, impact: Impact, marks: dict[str, str], share: float) -> str:
    words = NEW_WARNING if check == "warnings" and not sign.before else WORDS[check]
    what = " ".join(part for part in (words, sign.error, in_words(marks)) if part)
    since = f"since {sign.since:%Y-%m-%d %H:%M} UTC{onset_words(sign.onset)}"
    earlier = int((sign.rows["timestamp"] < sign.since).sum())
    stray = f" and {earlier:,} before it" if earlier else ""
    parts = [f"{what}: {events_in_words(facts, len(sign.rows) - earlier)} {since}{stray}"]
    before = events_in_words(facts, sign.before) if facts.sample else f"{sign.before:,}"
    parts += [f"{before} in the baseline"] if sign.before else []
    parts += [tenants_in_words(impact)] if len(impact.hit) else []
    parts += [f"{share:.0%} fail there"] if marks and impact.failed else []
    others = f" ({len(sign.groups)} groups)" if len(sign.groups) > 1 else ""
    place = f" (at {sign.place})" if sign.place else ""
    parts += _without(facts, sign)
    return f"{', '.join(parts)}. It says{others}: {'; also: '.join(sign.messages)}{place}"
