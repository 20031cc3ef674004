"""A report folder read back: what the post-mortem and the summary are made of.

Words made here say what coincides. What caused an incident is for people to say.
"""

from dataclasses import dataclass
from pathlib import Path

from ddms_ops.coverage import Coverage, Status
from ddms_ops.declaration import Profile
from ddms_ops.errors import BadInput, EvidenceError, WindowError
from ddms_ops.evidence import PROFILES
from ddms_ops.private import redact_also
from ddms_ops.profile import load_profile
from ddms_ops.report.attachments import coverage_blocks, ledger_blocks, timeline_blocks
from ddms_ops.report.blocks import COUNTED, DECLARED, Basis, Line, Row, Section, Table
from ddms_ops.report.findings_file import NAME, read_document
from ddms_ops.report.glossary import glossary_blocks
from ddms_ops.report.headline import headline_blocks, impact_blocks
from ddms_ops.report.messages import message_blocks
from ddms_ops.report.model import ReportRecord, place_of
from ddms_ops.report.pins import pin_blocks
from ddms_ops.report.reading import result_of, text_of
from ddms_ops.report.response import RESPONSES, response_blocks
from ddms_ops.report.runbook import step_blocks
from ddms_ops.report.weighing import finding_blocks
from ddms_ops.window import Window

__all__ = ["RESPONSES", "Report", "open_report", "place_of", "unseen_pulls"]


@dataclass(frozen=True, slots=True, repr=False)
class Report(ReportRecord):
    """What findings.json says; see `open_report`. Its methods are the sections of a post-mortem."""

    def __repr__(self) -> str:
        counts = f"{len(self.found)} findings of {len(self.results)} checks"
        return f"Report {self.incident['incident_id']}: {counts}, window {self.window}"

    def _repr_html_(self) -> str:
        return self.section(Line(repr(self), Basis(COUNTED, anchor="what-was-found"))).html

    def headline(self) -> Section:
        """The leading finding, since when, where and who; or that there is none, or that it cannot be told."""
        return self.section(*headline_blocks(self))

    def pulls(self) -> Section:
        """Coverage of every pull, and the notebooks that were not run."""
        return self.section(*coverage_blocks(self))

    def impact(self) -> Section:
        """Tenants, requests, records, money and minutes, as far as findings say."""
        return self.section(*impact_blocks(self))

    def timeline(self) -> Section:
        """Alarms, changes, findings and people's notes in order of time, from timeline.csv."""
        return self.section(*timeline_blocks(self))

    def pins(self) -> Section:
        """What people pinned: why, the first rows, the call that gives them, and the file that holds all of them."""
        return self.section(*pin_blocks(self))

    def response_times(self) -> Section:
        """From the first event to detected, acknowledged, mitigated and resolved, and the profile's deadlines."""
        return self.section(*response_blocks(self))

    def findings(self) -> Section:
        """Findings of all notebooks, ranked, and what speaks for and against those above low."""
        return self.section(*finding_blocks(self))

    def unseen(self) -> Section:
        """Pulls that are not complete, checks that could not be made, notebooks that were not run."""
        declared = Basis(DECLARED)
        counted = Basis(COUNTED, anchor="what-was-read")
        rows = [
            Row(("pull", row.pull, row.status.replace("_", " "), row.reason or None), counted) for row in self.missing
        ]
        asked: dict[tuple[str, str], list[str]] = {}
        for result in self.unchecked:
            asked.setdefault((result.notebook, result.reason), []).append(result.question)
        rows += [
            Row((f"check, {name.replace('_', ' ')}", tuple(questions), "not checked", reason or None), counted)
            for (name, reason), questions in asked.items()
        ]
        rows += [Row(("notebook", name, "not run", reason), declared) for name, reason in self.skipped.items()]
        if not rows:
            return self.section(Line("Everything asked for was seen."))
        seen = len(self.missing) + len(self.unchecked) + len(self.skipped)
        words = f"Could not be seen: {seen}. What it would have shown is not in this report."
        own = Basis(COUNTED, anchor="what-could-not-be-seen")
        return self.section(Line(words, own), Table(("Kind", "Which", "Status", "Why"), tuple(rows)))

    def next_steps(self) -> Section:
        """The runbook's steps for what was found, and which of them the pulls of this report answer."""
        return self.section(*step_blocks(self))

    def messages(self) -> Section:
        """The runbook's messages to people, filled."""
        return self.section(*message_blocks(self))

    def ledger(self) -> Section:
        """The evidence manifest: every file with its rows, source, query and hash."""
        return self.section(*ledger_blocks(self))

    def glossary(self) -> Section:
        """What words mean, the methods, and the limits in force."""
        return self.section(*glossary_blocks(self))


def open_report(report_dir: str | Path) -> Report:
    """The report in a folder; what its profile calls private is taken out of all that is shown from then on.

    Raises:
        EvidenceError: no findings.json there, or not one of the shape that is written.
    """
    folder = Path(report_dir)
    document = read_document(folder)
    again = "write the report again with ddms-ops run"
    try:
        incident = {"incident_id": text_of(document["incident"]["incident_id"])}
        incident |= {str(name): str(value) for name, value in document["incident"].items() if value is not None}
        return Report(
            folder=folder,
            incident=incident,
            window=Window.of(**document["window"]),
            baseline=Window.of(**document["baseline"]),
            source=text_of(document["source"]),
            tool=text_of(document["tool"]),
            generated_at=text_of(document.get("generated_at", "")),
            digest=text_of(document.get("manifest_digest", "")),
            coverage=tuple(Coverage.from_dict(row) for row in document["coverage"]),
            results=tuple(result_of(row) for row in document["checks"]),
            skipped={str(name): text_of(reason) for name, reason in (document.get("skipped") or {}).items()},
            profile=own_profile(folder, incident),
        )
    except KeyError as fault:
        raise EvidenceError(f"{folder / NAME}: {fault.args[0]!r} is missing; {again}") from None
    except (AttributeError, TypeError, ValueError, WindowError):
        raise EvidenceError(f"{folder / NAME}: holds a value of the wrong kind; {again}") from None


def own_profile(folder: Path, incident: dict[str, str]) -> Profile | None:
    """`kept_profile`; from then on what it calls private is taken out of all that is shown."""
    profile = kept_profile(folder, incident)
    if profile is not None:
        redact_also(profile.redact, of=str(folder.absolute()))
    return profile


def kept_profile(folder: Path, incident: dict[str, str]) -> Profile | None:
    """The profile that the run was made with, out of its evidence; None where it is not there or cannot be read."""
    kept = folder / "evidence" / PROFILES
    if not kept.is_dir():
        return None
    try:
        return load_profile(incident.get("system", ""), incident.get("environment", ""), folder=kept)
    except BadInput:
        return None


def unseen_pulls(report: ReportRecord) -> list[Coverage]:
    """Pulls that are not complete, those that were never configured last."""
    return sorted(report.missing, key=lambda row: (row.status is Status.NOT_CONFIGURED, row.pull))
