"""A report in at most 15 lines, for a chat; records' words in it cannot become links, pictures or mentions."""

import re
import shlex
from pathlib import Path

from ddms_ops.checks.tables import visible
from ddms_ops.findings import Finding
from ddms_ops.report.document import Report, open_report, place_of, unseen_pulls

NAME = "summary.md"
EXPLAINING = (
    "what_differs", "changes_before", "who_is_hit", "plans", "tenant_database_time", "database_changes",
    "index_candidates",
)  # fmt: skip
"""Checks whose findings explain the leading one; they are no further findings."""

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
    hit = report.about("who_is_hit") or report.about("tenant_database_time")
    before = report.about("changes_before") or report.about("database_changes")
    steps = list(dict.fromkeys(step for step in (lead.next_step, *(f.next_step for f in before[:1])) if step))
    return [
        f"- **{lead.severity}**, confidence {lead.confidence or 'unknown'}: {escape_markdown(lead.statement)}",
        f"- Since: {since} · Where: {escape_markdown(place_of(lead)) or 'unknown'}",
        f"- Who is hit: {escape_markdown(hit[0].statement) if hit else 'unknown'}",
        *(f"- Just before: {escape_markdown(finding.statement)}" for finding in before[:1]),
        f"- Next step: {escape_markdown(' · '.join(steps)) or 'none named by the runbook'}",
    ]


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
