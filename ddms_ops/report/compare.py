"""Two reports side by side, and all reports of a folder: what is new, gone, recurring.

Across incidents lengths are told as median, quartiles and number: they are few and skewed, and a mean of them misleads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ddms_ops.checks.tables import visible
from ddms_ops.errors import EvidenceError
from ddms_ops.findings import Finding, Verdict
from ddms_ops.incident import INSTANTS
from ddms_ops.report.document import RESPONSES, Report, open_report
from ddms_ops.report.findings_file import NAME

PASSING = frozenset({"start", "version", "group", "explains", "limit_ms", "change"})
"""Parts of a subject that are this incident's own: two incidents of one kind differ in them."""
WORDS = 110
LEAST = 3  # reports with a length, for its quartiles
MINUTE = pd.Timedelta(minutes=1)
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two reports find: of findings by id, of checks and pulls by name."""

    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    unknown: tuple[Finding, ...]
    both: tuple[tuple[Finding, Finding], ...]
    checks: tuple[tuple[str, str, str], ...]
    pulls: tuple[tuple[str, str, str], ...]


def difference(before: Report, after: Report) -> Difference:
    """How the second report differs from the first.

    Args:
        before: a report; `gone` are its findings that the second has not.
        after: another; `new` are its findings that the first has not.

    Returns:
        `unknown` are findings of the first whose check the second could not make, or whose pulls it has not whole:
        whether they are gone is not known.
        `checks` and `pulls` are those whose status differs: name, before, after; "–" where there was none.
    """
    old, new = ({finding.id: finding for finding in report.found} for report in (before, after))
    unmade = {result.id for result in after.results if result.status is Verdict.NOT_CHECKED}
    unmade |= {result.id for result in before.results} - {result.id for result in after.results}
    whole = {row.pull for row in after.coverage if row.is_all_there}
    missing = [finding for name, finding in old.items() if name not in new]
    unseen = {finding.id for finding in missing if {ref.pull for ref in finding.evidence} - whole}
    statuses = [{result.id: str(result.status) for result in report.results} for report in (before, after)]
    pulls = [{row.pull: str(row.status) for row in report.coverage} for report in (before, after)]
    return Difference(
        new=tuple(finding for name, finding in new.items() if name not in old),
        gone=tuple(finding for finding in missing if finding.check not in unmade and finding.id not in unseen),
        unknown=tuple(finding for finding in missing if finding.check in unmade or finding.id in unseen),
        both=tuple((old[name], finding) for name, finding in new.items() if name in old),
        checks=_changed(*statuses),
        pulls=_changed(*pulls),
    )


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    names = sorted({*before, *after})
    rows = [(name, before.get(name, "–"), after.get(name, "–")) for name in names]
    return tuple(row for row in rows if row[1] != row[2])


def difference_lines(before: Report, after: Report) -> list[str]:
    """The difference of two reports as lines of text, redacted by both profiles and made visible."""
    told = difference(before, after)
    lines = [f"before  {_named(before)}", f"after   {_named(after)}"]
    systems = [visible(report.incident.get("system", "")) for report in (before, after)]
    lines += (
        [f"these are two systems, {' and '.join(systems)}: few findings can agree"] if len(set(systems)) > 1 else []
    )
    for title, findings in (("new", told.new), ("gone", told.gone), ("not checked any more", told.unknown)):
        lines.append(f"{title}: {len(findings) or 'none'}")
        lines += [f"  {_told(finding)}" for finding in findings]
    lines.append(f"in both: {len(told.both) or 'none'}")
    lines += [f"  {_told(new)}{_moved(old, new)}" for old, new in told.both]
    for title, rows in (("checks", told.checks), ("pulls", told.pulls)):
        lines += [f"{title} that differ:"] if rows else []
        lines += [f"  {visible(name)}: {old.replace('_', ' ')} → {new.replace('_', ' ')}" for name, old, new in rows]
    return lines


def _named(report: Report) -> str:
    source = visible(report.source)
    return f"{visible(report.incident['incident_id'])}, {report.window} against {report.baseline}, {source}"


def _told(finding: Finding) -> str:
    return f"{finding.severity:<8} {finding.check}: {visible(finding.statement, limit=WORDS)}"


def _moved(old: Finding, new: Finding) -> str:
    """What of a finding is unlike before: severity and amount."""
    parts = [f"{old.severity} → {new.severity}"] if old.severity is not new.severity else []
    if old.observed is not None and new.observed is not None and old.observed != new.observed:
        parts.append(f"{old.observed:.4g} → {new.observed:.4g} {visible(new.unit)}".strip())
    return f" [{'; '.join(parts)}]" if parts else ""


def reports_in(out: Path) -> tuple[list[Report], list[str]]:
    """The reports below a folder by the start of their window, and a line for each that is left out, with the reason.

    Of several runs of one incident it is the one that was made last.

    Raises:
        EvidenceError: no such folder.
    """
    if not out.is_dir():
        raise EvidenceError(f"{out}: no such folder; give the folder of reports, --out reports")
    found, faults = [], []
    for folder in sorted(out.iterdir()):
        if not (folder / NAME).is_file() or folder.name.startswith("."):
            continue
        try:
            report = open_report(folder)
        except EvidenceError as fault:
            faults.append(str(fault))
            continue
        found.append(report)
    latest: dict[str, Report] = {}
    for report in sorted(found, key=_made):
        earlier = latest.get(report.incident["incident_id"])
        faults += [f"{earlier.folder}: an earlier run of {visible(report.incident['incident_id'])}"] if earlier else []
        latest[report.incident["incident_id"]] = report
    return sorted(latest.values(), key=lambda report: (report.window.start, report.folder.name)), faults


def _made(report: Report) -> tuple[str, bool, str]:
    """When a report was made; of equal times the one whose folder bears the incident's name is the last."""
    return report.generated_at, report.incident["incident_id"] == report.folder.name, report.folder.name


def recurring(reports: Sequence[Report]) -> list[tuple[Finding, list[Report]]]:
    """Findings above low that several reports of one system share, those of most reports first; see `PASSING`."""
    held: dict[tuple[str, Key], dict[str, tuple[Finding, Report]]] = {}
    for report in reports:
        for finding in report.found:
            if finding.severity.is_above_low:
                subject = tuple(sorted((name, value) for name, value in finding.subject.items() if name not in PASSING))
                own = held.setdefault((report.incident.get("system", ""), (finding.check, subject)), {})
                own.setdefault(report.incident["incident_id"], (finding, report))
    many = [list(pairs.values()) for pairs in held.values() if len(pairs) > 1]
    many.sort(key=lambda pairs: (-len(pairs), pairs[0][0].severity.order, pairs[0][0].id))
    return [(pairs[0][0], [report for _, report in pairs]) for pairs in many]


def response_lengths(report: Report) -> dict[str, pd.Timedelta | None]:
    """Length of each of `RESPONSES`, None where an end of it is not known, or where they contradict each other."""
    known = {name: stamp for name in INSTANTS if (stamp := report.instant(name)) is not None}
    if report.leading is not None and report.leading.first_seen is not None:
        known["began"] = report.leading.first_seen
    return {
        measure: known[end] - known[start] if start in known and end in known and known[end] >= known[start] else None
        for measure, start, end, _ in RESPONSES
    }


def reports_lines(out: Path) -> list[str]:
    """All reports of a folder, what recurs, and how long responses took, as lines of text.

    Raises:
        EvidenceError: no such folder.
    """
    reports, faults = reports_in(out)
    if not reports:
        return [f"no report in {out}", *faults]
    lines = []
    for report in reports:
        lead = report.leading
        words = f"{lead.severity}: {lead.statement}" if lead else report.silence
        unseen = len(report.missing) + len(report.unchecked)
        doubt = f" (not seen: {unseen})" if unseen else ""
        lines.append(
            f"{report.window.start:%Y-%m-%d %H:%M}  {visible(report.incident['incident_id'])}"
            f"  {visible(report.incident.get('system', ''))}  {visible(words, limit=WORDS)}{doubt}"
        )
    shared = recurring(reports)
    lines.append(f"recurring: {len(shared) or 'none'}")
    for finding, where in shared:
        names = ", ".join(visible(report.incident["incident_id"]) for report in where)
        lines.append(f"  {len(where)} of {len(reports)}: {_told(finding)} ({names})")
    lines.append("response times: median, quartiles, of how many incidents")
    lines += [f"  {_spread(measure, reports)}" for measure, *_ in RESPONSES]
    return [*lines, *faults]


def _spread(measure: str, reports: Sequence[Report]) -> str:
    lengths = [length for report in reports if (length := response_lengths(report)[measure]) is not None]
    minutes = pd.Series([length / MINUTE for length in lengths], dtype="float64")
    unknown = f", unknown in {len(reports) - len(minutes)}" if len(minutes) < len(reports) else ""
    if minutes.empty:
        return f"{measure}: unknown in all {len(reports)}"
    quartiles = f" ({minutes.quantile(0.25):,.0f} to {minutes.quantile(0.75):,.0f})" if len(minutes) >= LEAST else ""
    return f"{measure}: {minutes.median():,.0f} min{quartiles}, n = {len(minutes)}{unknown}"
