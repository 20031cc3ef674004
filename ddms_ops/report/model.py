"""What findings.json says, in order: which finding leads, which explain it, what could not be seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ddms_ops.checks.leading import TOGETHER
from ddms_ops.checks.tables import visible
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import Profile
from ddms_ops.errors import WindowError
from ddms_ops.findings import CheckResult, EvidenceRef, Finding, Severity, Verdict
from ddms_ops.report.blocks import COINCIDES, FACT, Basis, Block, Mark, Section
from ddms_ops.window import Window, parse_instant

UNKNOWN = "unknown"
BEFORE = (
    "changes_before", "database_changes", "cost_changes", "leak_changes", "pipeline_changes", "capacity_changes",
    "access_changes",
)  # fmt: skip
WHO = ("who_is_hit", "tenant_database_time", "tenant_costs")
EXPLAINING = (
    "what_differs", "who_is_hit", "plans", "tenant_database_time", "index_candidates", "cost_drivers", "tenant_costs",
    *BEFORE,
)  # fmt: skip
"""Checks whose findings explain the leading one; they are no further findings."""

LEAKS = ("tenant_leaks", "tenant_witnesses")
NOT_ASKED = "not asked for"
NOT_A_PLACE = frozenset({"explains", "group", "message"})
TITLE_CHARS = 160
ORDER_WORDS = (
    "of each notebook the first finding above low, by its own order; among these the worst severity, then the most"
    " agreement (kinds of evidence, then other notebooks whose first finding began within 10 minutes), then one"
    " that a change of the same thing was found for, then the earliest, then the id"
)


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """What a report folder holds; `profile` is the run's own, None where it was not kept or cannot be read."""

    folder: Path
    incident: dict[str, str]
    window: Window
    baseline: Window
    source: str
    tool: str
    generated_at: str
    digest: str
    coverage: tuple[Coverage, ...]
    results: tuple[CheckResult, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    profile: Profile | None = None

    @property
    def title(self) -> str:
        """The incident's title, or else its id."""
        return self.incident.get("title") or self.incident["incident_id"]

    @property
    def notebooks(self) -> tuple[str, ...]:
        """Notebooks with results, in the order of findings.json."""
        return tuple(dict.fromkeys(result.notebook for result in self.results))

    def home(self, finding: Finding) -> str:
        """The notebook that a finding is of."""
        return next((result.notebook for result in self.results if finding in result.findings), "")

    @property
    def leads(self) -> dict[str, Finding]:
        """By notebook its first finding above low that explains no other, the one that leads the report first."""
        found: dict[str, Finding] = {}
        for notebook in self.notebooks:
            own = [f for r in self.results if r.notebook == notebook for f in r.findings if f.severity.is_above_low]
            if own:
                found[notebook] = min(own, key=lambda f: (f.check in EXPLAINING, f.severity.order, f.rank, f.id))
        order = {notebook: self._standing(notebook, found) for notebook in found}
        return {notebook: found[notebook] for notebook in sorted(found, key=lambda name: order[name])}

    def _standing(self, notebook: str, leads: Mapping[str, Finding]) -> tuple[object, ...]:
        """What the order of the notebooks' first findings goes by; see ORDER_WORDS."""
        lead = leads[notebook]
        kinds = len({ref.kind for ref in lead.evidence})
        changes = [
            f for r in self.results if r.id in BEFORE for f in r.findings if f.subject.get("explains") == lead.id
        ]
        apart = min((f.severity.order for f in changes), default=Severity.INFO.order)
        others = sum(began_together(lead, other) for name, other in leads.items() if name != notebook)
        start = lead.first_seen or self.window.end
        return (lead.severity.order, lead.check in EXPLAINING, -kinds, -others, apart, start, lead.id)

    @property
    def leading(self) -> Finding | None:
        """The finding that leads the report, None where none is above low."""
        return next(iter(self.leads.values()), None)

    @property
    def found(self) -> list[Finding]:
        """Findings of all checks, the leading one first, then the worst; ranks are those within a notebook."""
        lead = self.leading
        every = [finding for result in self.results for finding in result.findings]
        return sorted(every, key=lambda f: (f is not lead, f.severity.order, f.rank, f.check, f.id))

    @property
    def missing(self) -> list[Coverage]:
        """Pulls over which "found nothing" may not be said."""
        return [row for row in self.coverage if not row.is_all_there]

    @property
    def unchecked(self) -> list[CheckResult]:
        """Checks that could not be made."""
        return [result for result in self.results if result.status is Verdict.NOT_CHECKED]

    @property
    def silence(self) -> str:
        """What to say when there is no headline."""
        if not self.results:
            return "Nothing was checked, so it cannot be told whether there was a problem."
        if self.missing or self.unchecked:
            return "No finding above low severity, but not everything could be seen: this report cannot tell."
        if others := sum(reason.startswith(NOT_ASKED) for reason in self.skipped.values()):
            ran = "No finding above low severity in the notebooks that were run"
            return f"{ran}; {others} more {'was' if others == 1 else 'were'} not asked for, so this report cannot tell."
        return "No finding above low severity; every pull complete."

    def about(self, check: str) -> list[Finding]:
        """Findings of a check, those about the leading finding first."""
        lead = self.leading.id if self.leading else ""
        own = [finding for finding in self.found if finding.check == check]
        return sorted(own, key=lambda finding: (finding.subject.get("explains") != lead, finding.rank))

    def answers(self, *checks: str) -> tuple[list[Finding], str]:
        """What some checks found, what explains the leading finding first, then what its notebook found.

        Returns:
            Findings of the check that tells most, and, without any, what the silence means.
        """
        lead = self.leading
        home = self.home(lead) if lead else ""
        asked = [result for check in checks for result in self.results if result.id == check]
        asked.sort(key=lambda result: result.notebook != home)
        explains = lead.id if lead else ""
        found = [(finding, result) for result in asked for finding in result.findings]
        if found:
            found.sort(key=lambda pair: (pair[0].subject.get("explains") != explains, pair[1].notebook != home))
            best = found[0][1].findings
            return [finding for finding in self.about(found[0][1].id) if finding in best], ""
        if not asked:
            return [], UNKNOWN
        is_clear = asked[0].status is Verdict.CLEAR
        return [], "nothing found" if is_clear else f"not checked: {asked[0].reason}"

    @property
    def marks(self) -> dict[str, Mark]:
        """The number of each pull in the ledger, with its query, rows and status."""
        return {
            row.pull: Mark(number, visible(_title(row), limit=TITLE_CHARS))
            for number, row in enumerate(sorted(self.coverage, key=lambda row: row.pull), start=1)
        }

    def section(self, *blocks: Block) -> Section:
        """Blocks with the numbers of this report's pulls."""
        return Section(blocks, self.marks)

    def instant(self, name: str) -> pd.Timestamp | None:
        """An instant of the incident, or `generated_at`; None where nobody stated it."""
        text = self.generated_at if name == "generated_at" else self.incident.get(name, "")
        try:
            return parse_instant(text, name=name) if text else None
        except WindowError:
            return None


def began_together(one: Finding, other: Finding) -> bool:
    """Whether two findings began within 10 minutes of each other, or as near as a bill tells: by its hour or day."""
    if one.first_seen is None or other.first_seen is None:
        return False
    slack = max(TOGETHER, _known_to(one, one.first_seen), _known_to(other, other.first_seen))
    return abs(one.first_seen - other.first_seen) <= slack


def _known_to(finding: Finding, start: pd.Timestamp) -> pd.Timedelta:
    """How exactly the start of a finding is known; only bills are known by the hour or the day."""
    if any(ref.kind != "costs" for ref in finding.evidence):
        return pd.Timedelta(0)
    return pd.Timedelta(days=1) if start == start.floor("D") else pd.Timedelta(hours=1)


def basis_of(*findings: Finding, kind: str = "") -> Basis:
    """What findings rest on: a fact of their pulls, or, of a change before something else, what coincides."""
    refs = (ref for finding in findings for ref in finding.evidence)
    kind = kind or (COINCIDES if any(finding.check in BEFORE for finding in findings) else FACT)
    return Basis(kind, pulls_of(refs))


def pulls_of(refs: Iterable[EvidenceRef]) -> tuple[str, ...]:
    """Names of the pulls of references, each once."""
    return tuple(dict.fromkeys(ref.pull for ref in refs))


def place_of(finding: Finding) -> str:
    """Where a finding lies, in the words of its subject."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in finding.subject.items()
        if value and name not in NOT_A_PLACE
    )


def notebook_words(name: str) -> str:
    """`slow_queries` as people say it."""
    return name.replace("_", " ")


def _title(row: Coverage) -> str:
    return f"{row.pull}: {row.rows:,} rows, {row.status.replace('_', ' ')}; {row.query}"
