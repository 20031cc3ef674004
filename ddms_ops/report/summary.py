"""A report in at most 15 lines, for a chat; records' words in it cannot become links, pictures or mentions."""

import re
import shlex
from pathlib import Path

from ddms_ops.checks.cost_basis import SIGNS
from ddms_ops.checks.tables import visible
from ddms_ops.findings import Finding
from ddms_ops.report.document import Report, open_report, place_of, unseen_pulls

NAME = "summary.md"
EXPLAINING = (
    "what_differs", "changes_before", "who_is_hit", "plans", "tenant_database_time", "database_changes",
    "index_candidates", "leak_changes", "cost_drivers", "tenant_costs", "cost_changes",
)  # fmt: skip
"""Checks whose findings explain the leading one; they are no further findings."""

LEAKS = ("tenant_leaks", "tenant_witnesses")
REACHED = {"actor": "who", "actors": "who", "owner": "whose", "owners": "whose"}

OTHERS = 3
UNSEEN = 3
DIGEST_CHARS = 16
CHARS = 400
SPECIAL = re.compile(r"[\\`*\[\]<>~|$&]|(?<!\w)_|_(?!\w)|(?<=:)//|(?<=www)\.|@", re.IGNORECASE)


def summary_lines(report: Report) -> list[str]:
    """The report in at most 15 lines of Markdown.

    Args:
        report: of `open_report`.
    """
    lead = report.leading
    incident = report.incident["incident_id"]
    lines = [f"**{escape_markdown(report.title)}** ({escape_markdown(incident)}) · {report.window}"]
    lines += [f"- {report.silence}"] if lead is None else _headline(report, lead)
    others = [finding for finding in report.found if finding is not lead and finding.check not in EXPLAINING]
    lines += [f"- Also ({finding.severity}): {escape_markdown(finding.statement)}" for finding in others[:OTHERS]]
    if len(others) > OTHERS:
        lines.append(f"- {in_all(len(report.found))}, in the report")
    lines += _unseen(report)
    lines.append(
        f"- Evidence manifest `{report.digest[:DIGEST_CHARS] or 'none'}`; verify: {code(_command(report.folder))}"
    )
    return lines


def write_summary(report_dir: Path) -> None:
    """Write summary.md into a report folder.

    Raises:
        EvidenceError: no findings.json there that can be read.
    """
    lines = summary_lines(open_report(report_dir))
    (Path(report_dir) / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line: no links, pictures, HTML, mentions or mathematics."""
    return SPECIAL.sub(lambda match: f"\\{match[0]}", visible(text, limit=CHARS))


def code(text: str) -> str:
    """A code span, also around backticks."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{visible(text)}{pad}{ticks}"


def in_all(number: int) -> str:
    """How many findings there are, counted as the table of findings does: every row of it."""
    return f"{number:,} findings in all"


def _headline(report: Report, lead: Finding) -> list[str]:
    since = f"{lead.first_seen:%Y-%m-%d %H:%M} UTC" if lead.first_seen is not None else "unknown"
    before = _before(report, lead)
    steps = list(dict.fromkeys(step for step in (lead.next_step, *(f.next_step for f in before[:1])) if step))
    return [
        f"- **{lead.severity}**, confidence {lead.confidence or 'unknown'}: {escape_markdown(lead.statement)}",
        f"- Since: {since} · {_where(lead)}",
        f"- Who is hit: {escape_markdown(_hit(report, lead)) or 'unknown'}",
        *(f"- Driven by: {escape_markdown(finding.statement)}" for finding in _drivers(report, lead)[:1]),
        *(f"- Just before: {escape_markdown(finding.statement)}" for finding in before[:1]),
        f"- Next step: {escape_markdown(' · '.join(steps)) or 'none named by the runbook'}",
    ]


def _before(report: Report, lead: Finding) -> list[Finding]:
    """Changes before the leading finding; of a leak only those before it."""
    if lead.check in LEAKS:
        return [found for found in report.about("leak_changes") if found.subject.get("explains") == lead.id]
    if lead.check in SIGNS:
        return [found for found in report.about("cost_changes") if found.subject.get("explains") == lead.id]
    return report.about("changes_before") or report.about("database_changes")


def _drivers(report: Report, lead: Finding) -> list[Finding]:
    """What the system did that a rise of the bill goes with."""
    return [found for found in report.about("cost_drivers") if found.subject.get("explains") == lead.id]


def _hit(report: Report, lead: Finding) -> str:
    """Who is hit; of a leak the tenants whose records were reached, most rows first."""
    if lead.check in LEAKS:
        leaks = [found for found in report.found if found.check == lead.check]
        owners = (found.subject.get("owners", found.subject.get("owner", "")) for found in leaks)
        return "; ".join(owner for owner in dict.fromkeys(owners) if owner)
    if lead.check in SIGNS:
        users = [found for found in report.about("tenant_costs") if found.subject.get("explains") == lead.id]
        return users[0].statement if users else ""
    hit = report.about("who_is_hit") or report.about("tenant_database_time")
    return hit[0].statement if hit else ""


def _where(lead: Finding) -> str:
    """The place of the leading finding; of a leak who reached whose records."""
    if lead.check not in LEAKS:
        return f"Where: {escape_markdown(place_of(lead)) or 'unknown'}"
    named = [f"{REACHED[name]}: {value}" for name, value in lead.subject.items() if value and name in REACHED]
    words = escape_markdown(", ".join(named)) or "who: unknown"
    return f"{words[0].upper()}{words[1:]}"


def _unseen(report: Report) -> list[str]:
    pulls = [f"{row.pull} ({row.status.replace('_', ' ')})" for row in unseen_pulls(report)]
    checks = [f"{result.id} (not checked)" for result in report.unchecked]
    lines = []
    for name, things in (("pulls", pulls), ("checks", checks)):
        if things:
            more = f" and {len(things) - UNSEEN} more" if len(things) > UNSEEN else ""
            lines.append(f"- Not seen, {name}: {escape_markdown(', '.join(things[:UNSEEN]))}{more}")
    return lines


def _command(folder: Path) -> str:
    return f"ddms-ops verify {shlex.quote(str(folder))}"
