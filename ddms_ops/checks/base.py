"""What a check is, and the one place where it is run.

A check may say CLEAR only when every pull it needs is complete; a check that breaks is NOT_CHECKED.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import pandas as pd

from ddms_ops.analysis.counters import CounterSpans
from ddms_ops.analysis.lock_waits import Chain
from ddms_ops.analysis.statement_log import StatementLog
from ddms_ops.checks.access_facts import AccessFacts
from ddms_ops.checks.basis import Basis
from ddms_ops.checks.container_facts import ContainerFacts
from ddms_ops.checks.cost_facts import CostFacts
from ddms_ops.checks.log_facts import LogFacts
from ddms_ops.checks.tenant_facts import TenantFacts
from ddms_ops.checks.work_facts import WorkFacts
from ddms_ops.coverage import Coverage, Status
from ddms_ops.declaration import Profile
from ddms_ops.deployment import Database
from ddms_ops.findings import CheckResult, Finding, Verdict, confidence
from ddms_ops.incident import Incident
from ddms_ops.normalize.statistics_frames import StatisticsFrames
from ddms_ops.redact import redact
from ddms_ops.window import Window

NAMED_PULLS = 3
TWINS = ("logs", "metrics", "database_log")  # kinds of pulls that the baseline has too
BROKEN = "the check failed"
NOT_REACHED = "its section was not reached"


class CannotTell(Exception):
    """A check has nothing to judge; the message says what is lacking."""


class Facts(LogFacts, TenantFacts, CostFacts, WorkFacts, ContainerFacts, AccessFacts, Protocol):
    """What a check may read; frames are in the schemas, logs also `with_groups`."""

    @property
    def incident(self) -> Incident:
        """The incident, times absolute."""
        ...

    @property
    def profile(self) -> Profile:
        """The system's declaration."""
        ...

    @property
    def window(self) -> Window:
        """The incident window."""
        ...

    @property
    def baseline(self) -> Window:
        """The window it is compared with."""
        ...

    @property
    def metrics(self) -> pd.DataFrame:
        """METRICS of the window."""
        ...

    @property
    def baseline_metrics(self) -> pd.DataFrame:
        """METRICS of the baseline."""
        ...

    @property
    def changes(self) -> pd.DataFrame:
        """CHANGES of the window and before."""
        ...

    @property
    def alarms(self) -> pd.DataFrame:
        """ALARMS of the window."""
        ...

    @property
    def database(self) -> Database:
        """The profile's database, or what holds where none is declared."""
        ...

    @property
    def statement_log(self) -> StatementLog:
        """The Postgres log of window and baseline."""
        ...

    @property
    def tenant_time(self) -> pd.DataFrame:
        """Calls and time of each tenant's statements."""
        ...

    @property
    def statistics(self) -> StatisticsFrames:
        """Snapshots of the database's statistics."""
        ...

    @property
    def counter_spans(self) -> CounterSpans:
        """What the counters of statements gained in window and baseline."""
        ...

    @property
    def counted_basis(self) -> tuple[Basis | None, str]:
        """What a comparison by the counters rests on, or why there is none."""
        ...

    @property
    def statement_basis(self) -> Basis:
        """What the comparison of statements rests on; raises CannotTell where there is nothing."""
        ...

    def sampled_sessions(self, side: str) -> pd.DataFrame:
        """Samples of sessions of `now` or `before`."""

    @property
    def lock_waits(self) -> pd.DataFrame:
        """Lock waits of window and baseline; see `checks.blocking.all_waits`."""
        ...

    @property
    def lock_chains(self) -> list[Chain]:
        """Chains of lock waits of window and baseline; see `checks.blocking.all_chains`."""
        ...

    @property
    def plans(self) -> pd.DataFrame:
        """Plans of the log that can be read; see `checks.plans.read_plans`."""

    @property
    def is_joined(self) -> bool:
        """Whether baseline and window touch."""
        ...

    def masked_text(self, statement: str) -> str:
        """A statement without its literals, empty where it is not known."""

    def statement_text(self, statement: str) -> str:
        """A statement as a report shows it."""

    def pulls(self, kind: str) -> list[Coverage]:
        """Coverage of the pulls of one kind, pulled now if need be."""
        ...

    def result(self, check: str) -> CheckResult:
        """Result of another check."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """One question of one notebook.

    `needs` are kinds of pulls that must be complete to say CLEAR; `note` says what the findings leave out;
    `doubt` says why nothing found may not mean clear, though every pull is complete; `quiet` what to know when clear.
    """

    id: str
    notebook: str
    question: str
    needs: tuple[str, ...]
    judge: Callable[[Facts], list[Finding]]
    note: Callable[[Facts, list[Finding]], str] = lambda _facts, _findings: ""
    doubt: Callable[[Facts], str] = lambda _facts: ""
    quiet: Callable[[Facts], str] = lambda _facts: ""


def run_check(check: Check, facts: Facts) -> CheckResult:
    """The check's result: findings with their confidence, CLEAR, or NOT_CHECKED with the reason."""

    def result(status: Verdict, reason: str = "", findings: tuple[Finding, ...] = ()) -> CheckResult:
        return CheckResult(check.id, check.notebook, check.question, status, reason, findings)

    try:
        return result(*_judged(check, facts))
    except CannotTell as lack:
        return result(Verdict.NOT_CHECKED, str(lack))
    except Exception as fault:  # a check that breaks must not take the report with it
        return result(Verdict.NOT_CHECKED, f"{BROKEN}: {type(fault).__name__}")


def _judged(check: Check, facts: Facts) -> tuple[Verdict, str, tuple[Finding, ...]]:
    needed = [coverage for kind in check.needs for coverage in facts.pulls(kind)]
    found = check.judge(facts)
    missing = [coverage for coverage in needed if not coverage.is_all_there]
    if found:
        marked = (replace(one, confidence=confidence(one.evidence, _incomplete(facts, one))) for one in found)
        return Verdict.FOUND, check.note(facts, found), tuple(marked)
    if missing:
        return Verdict.NOT_CHECKED, f"found nothing, but {_named(missing)}", ()
    why = check.doubt(facts)
    return (Verdict.NOT_CHECKED, f"found nothing, but {why}", ()) if why else (Verdict.CLEAR, check.quiet(facts), ())


def is_absent(facts: Facts, *kinds: str) -> bool:
    """Whether the source has nothing of these kinds of pulls: none of them is configured."""
    return all(pull.status is Status.NOT_CONFIGURED for kind in kinds for pull in facts.pulls(kind))


def unknown_levels(facts: Facts) -> str:
    """Words for events whose level the profile does not map, and for log groups that state none; else empty."""
    logs = facts.log_events
    unknown = logs.loc[logs["level"].isna() & logs["stated_level"].notna(), "stated_level"].astype("str")
    if len(unknown):
        names = ", ".join(redact(name)[:20] for name in sorted(unknown.unique())[:NAMED_PULLS])
        return f"{len(unknown):,} log events have a level that the profile does not map: {names}"
    says = logs["level"].notna() | logs["status"].notna()
    mute = says.groupby(logs["log_group"].astype("str")).agg(["any", "size"])
    mute = mute[~mute["any"]]
    if mute.empty:
        return ""
    names = ", ".join(redact(str(name)) for name in mute.index[:NAMED_PULLS])
    return f"no event of {names} ({mute['size'].sum():,} in all) has a level or a status, so errors may go unnoticed"


def _incomplete(facts: Facts, finding: Finding) -> frozenset[str]:
    """Pulls behind a finding that are not all there, or whose baseline is not or is empty."""
    found = set()
    for ref in finding.evidence:
        first, slash, rest = ref.pull.partition("/")
        twin = f"{first}.baseline{slash}{rest}" if first in TWINS else ref.pull
        rows = [row for kind in {ref.kind, twin.split("/")[0]} for row in facts.pulls(kind)]
        if any(row.pull in (ref.pull, twin) and not row.is_all_there for row in rows):
            found.add(ref.pull)
        twins = [row for row in rows if row.pull.split("/")[0] == twin.split("/")[0] != ref.kind]
        if twins and all(row.status is Status.EMPTY for row in twins):
            found.add(ref.pull)
    return frozenset(found)


def _named(missing: list[Coverage]) -> str:
    shown = [f"{coverage.pull} is {coverage.status.replace('_', ' ')}" for coverage in missing[:NAMED_PULLS]]
    more = [f"{len(missing) - NAMED_PULLS} more are not complete"] if len(missing) > NAMED_PULLS else []
    return ", ".join([*shown, *more])
