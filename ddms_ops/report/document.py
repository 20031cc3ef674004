"""A report folder read back: what the post-mortem and the summary are made of.

Words made here say what coincides. What caused an incident is for people to say.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ddms_ops.checks.tables import (
    Badge,
    Quiet,
    Shown,
    coverage_table,
    findings_table,
    html_table,
    joined,
    lead_line,
    verdict,
)
from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import EvidenceError, WindowError
from ddms_ops.findings import CheckResult, Finding, Severity, Verdict
from ddms_ops.report.attachments import ledger_table, timeline_table
from ddms_ops.report.findings_file import NAME, read_document
from ddms_ops.report.reading import result_of, text_of
from ddms_ops.window import Window, parse_instant

WORTH_A_HEADLINE = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
UNKNOWN = "unknown"
WHO = ("who_is_hit", "tenant_database_time", "tenant_costs")
BEFORE = ("changes_before", "database_changes", "cost_changes")
NOT_A_PLACE = frozenset({"explains", "group", "message"})
RESPONSES = (
    (
        "Time to detect",
        "began",
        "detected",
        "from the first event of the strongest finding until somebody, or an alarm, noticed",
    ),
    ("Time to acknowledge", "detected", "acknowledged", "from noticed until somebody took it on"),
    ("Time to mitigate", "detected", "mitigated", "from noticed until users were no longer hit"),
    ("Time to resolve", "detected", "resolved", "from noticed until what was broken was repaired"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What findings.json says; see `open_report`. Its methods are the sections of a post-mortem."""

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

    def __repr__(self) -> str:
        counts = f"{len(self.found)} findings of {len(self.results)} checks"
        return f"Report {self.incident['incident_id']}: {counts}, window {self.window}"

    def _repr_html_(self) -> str:
        return verdict(repr(self)).html

    @property
    def title(self) -> str:
        """The incident's title, or else its id."""
        return self.incident.get("title") or self.incident["incident_id"]

    @property
    def found(self) -> list[Finding]:
        """Findings of all checks, strongest first; ranks are those within a notebook."""
        return sorted(
            (finding for result in self.results for finding in result.findings),
            key=lambda finding: (finding.severity.order, finding.rank),
        )

    @property
    def leading(self) -> Finding | None:
        """The strongest finding above low severity."""
        return next((finding for finding in self.found if finding.severity in WORTH_A_HEADLINE), None)

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
        return "No finding above low severity; every pull complete."

    def about(self, check: str) -> list[Finding]:
        """Findings of a check, those about the leading finding first."""
        lead = self.leading.id if self.leading else ""
        own = [finding for finding in self.found if finding.check == check]
        return sorted(own, key=lambda finding: (finding.subject.get("explains") != lead, finding.rank))

    def _not_seen(self) -> str:
        return f"{len(self.missing)} of {len(self.coverage)} pulls not complete, {len(self.unchecked)} checks not made"

    def _answer(self, *checks: str, most: int = 1) -> object:
        """What some checks found: what explains the leading finding first, then what its notebook found.

        Without any finding, what the silence of its notebook's check means, else of another's.
        """
        lead = self.leading
        home = next((result.notebook for result in self.results if lead in result.findings), "")
        asked = [result for check in checks for result in self.results if result.id == check]
        asked.sort(key=lambda result: result.notebook != home)
        found = [(finding, result) for result in asked for finding in result.findings]
        if found:
            explains = lead.id if lead else ""
            found.sort(key=lambda pair: (pair[0].subject.get("explains") != explains, pair[1].notebook != home))
            own = [finding for finding in self.about(found[0][1].id) if finding in found[0][1].findings]
            return tuple(finding.statement for finding in own[:most])
        if not asked:
            return UNKNOWN
        return "nothing found" if asked[0].status is Verdict.CLEAR else f"not checked: {asked[0].reason}"

    def headline(self) -> Shown:
        """The strongest finding, since when, where and who; or that there is none, or that it cannot be told."""
        lead = self.leading
        if lead is None:
            return verdict(self.silence)
        rows = [
            ("Since", lead.first_seen or UNKNOWN),
            ("Where", place_of(lead) or UNKNOWN),
            *([("Driven by", self._answer("cost_drivers"))] if lead.check == "cost_rise" else []),
            ("Who is hit", self._answer(*WHO)),
            ("Changed just before", self._answer(*BEFORE)),
            ("Confidence", lead.confidence or UNKNOWN),
            ("Not seen", self._not_seen()),
        ]
        return joined(lead_line(Badge.of(lead.severity), lead.statement), html_table(("Question", "Answer"), rows))

    def pulls(self) -> Shown:
        """Coverage of every pull."""
        return coverage_table(self.coverage)

    def impact(self) -> Shown:
        """How much, how long and who, as far as findings say."""
        lead = self.leading
        if lead is None:
            return verdict(self.silence)
        rows = [
            ("Observed", _amount(lead.observed, lead.unit)),
            ("Usual", _amount(lead.baseline, lead.unit)),
            ("First event", lead.first_seen),
            ("Last event in the window", lead.last_seen),
            ("Who is hit", self._answer(*WHO, most=5)),
        ]
        return html_table(("Measure", "Value"), rows, align="ll")

    def timeline(self) -> Shown:
        """Changes, alarms, first errors and people's notes in order of time, from timeline.csv."""
        return timeline_table(self.folder)

    def response_times(self) -> Shown:
        """From the first event to detected, acknowledged, mitigated and resolved; unknown where nobody said."""
        instants = {
            name: _instant(self.incident.get(name, ""))
            for name in ("detected", "acknowledged", "mitigated", "resolved")
        }
        instants["began"] = self.leading.first_seen if self.leading else None
        rows = [
            (
                measure,
                _length(instants[start], instants[end]),
                instants[start] or UNKNOWN,
                instants[end] or UNKNOWN,
                Quiet(meaning),
            )
            for measure, start, end, meaning in RESPONSES
        ]
        return html_table(("Measure", "Length", "From", "To", "Meaning"), rows, align="lr")

    def findings(self) -> Shown:
        """Findings of each notebook, ranked."""
        names = dict.fromkeys(result.notebook for result in self.results)
        if len(names) < 2:
            return findings_table(self.results)
        parts = [(name, [result for result in self.results if result.notebook == name]) for name in names]
        shown = ((verdict(name.replace("_", " ").capitalize()), findings_table(results)) for name, results in parts)
        return joined(*(part for pair in shown for part in pair))

    def unseen(self) -> Shown:
        """Pulls that are not complete and checks that could not be made."""
        rows = [("pull", row.pull, Badge.of(row.status), row.reason or None) for row in self.missing]
        rows += [
            ("check", result.question, Badge.of(result.status), result.reason or None) for result in self.unchecked
        ]
        words = f"Could not be seen: {len(rows)}. What it would have shown is not in this report."
        return (
            joined(verdict(words), html_table(("Kind", "Which", "Status", "Why"), rows))
            if rows
            else verdict("Everything asked for was seen.")
        )

    def next_steps(self) -> Shown:
        """The runbook's next step for each finding, strongest first, each once."""
        steps: dict[str, list[Finding]] = {}
        for finding in self.found:
            if finding.next_step:
                steps.setdefault(finding.next_step, []).append(finding)
        rows = [
            (place, step, tuple(Quiet(f.id) for f in found))
            for place, (step, found) in enumerate(steps.items(), start=1)
        ]
        return (
            html_table(("#", "Next step", "For finding"), rows)
            if rows
            else verdict("No finding names a next step of the runbook.")
        )

    def ledger(self) -> Shown:
        """The evidence manifest: every file with its rows, source, query and hash."""
        return ledger_table(self.folder, self.digest)


def open_report(report_dir: str | Path) -> Report:
    """The report in a folder.

    Raises:
        EvidenceError: no findings.json there, or not one of the shape that is written.
    """
    folder = Path(report_dir)
    document = read_document(folder)
    again = "write the report again with ddms-ops run"
    try:
        return Report(
            folder=folder,
            incident={"incident_id": text_of(document["incident"]["incident_id"])}
            | {str(name): str(value) for name, value in document["incident"].items() if value is not None},
            window=Window.of(**document["window"]),
            baseline=Window.of(**document["baseline"]),
            source=text_of(document["source"]),
            tool=text_of(document["tool"]),
            generated_at=text_of(document.get("generated_at", "")),
            digest=text_of(document.get("manifest_digest", "")),
            coverage=tuple(Coverage.from_dict(row) for row in document["coverage"]),
            results=tuple(result_of(row) for row in document["checks"]),
        )
    except KeyError as fault:
        raise EvidenceError(f"{folder / NAME}: {fault.args[0]!r} is missing; {again}") from None
    except (AttributeError, TypeError, ValueError, WindowError):
        raise EvidenceError(f"{folder / NAME}: holds a value of the wrong kind; {again}") from None


def place_of(finding: Finding) -> str:
    """Where a finding lies, in the words of its subject."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in finding.subject.items()
        if value and name not in NOT_A_PLACE
    )


def unseen_pulls(report: Report) -> list[Coverage]:
    """Pulls that are not complete, those that were never configured last."""
    return sorted(report.missing, key=lambda row: (row.status is Status.NOT_CONFIGURED, row.pull))


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:.2%}" if unit == "ratio" else f"{value:,.4g} {unit}".strip()


def _instant(text: str) -> pd.Timestamp | None:
    return parse_instant(text) if text else None


def _length(start: pd.Timestamp | None, end: pd.Timestamp | None) -> str:
    if start is None or end is None:
        return UNKNOWN
    minutes = (end - start) / pd.Timedelta(minutes=1)
    return f"{minutes:,.0f} min" if minutes >= 0 else f"{-minutes:,.0f} min before"
