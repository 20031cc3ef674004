"""A report in at most 15 lines, for a chat; records' words in it cannot become links, pictures or mentions."""

import shlex
from pathlib import Path

from ddms_ops.findings import Finding
from ddms_ops.report.document import Report, open_report, unseen_pulls
from ddms_ops.report.headline import changes_of, drivers_of, hit_of, next_step, other_leads, place
from ddms_ops.report.markdown_text import code, escape_markdown
from ddms_ops.report.model import EXPLAINING, LEAKS, UNKNOWN, notebook_words
from ddms_ops.report.pins import pins_line

__all__ = ["EXPLAINING", "code", "escape_markdown", "in_all", "summary_lines", "write_summary"]
NAME = "summary.md"
LINES = 15
OTHERS = 3
UNSEEN = 3
DIGEST_CHARS = 16


def summary_lines(report: Report) -> list[str]:
    """The report in at most 15 lines of Markdown.

    Args:
        report: of `open_report`.
    """
    lead = report.leading
    incident = report.incident["incident_id"]
    head = [f"**{escape_markdown(report.title)}** ({escape_markdown(incident)}) · {report.window}"]
    head += [f"- {report.silence}"] if lead is None else _headline(report, lead)
    digest = report.digest[:DIGEST_CHARS] or "none"
    pinned = pins_line(report)
    tail = [
        *_unseen(report),
        *([f"- {escape_markdown(pinned)}"] if pinned else []),
        f"- Evidence manifest `{digest}`; verify: {code(_command(report.folder))}",
    ]
    also = _also(report, LINES - len(head) - len(tail) - 1)
    shown = {lead.id} if lead else set()
    shown |= {found.id for _, found in other_leads(report)}
    others = [found for found in report.found if found.check not in EXPLAINING and found.id not in shown]
    room = min(OTHERS, max(0, LINES - len(head) - len(also) - len(tail) - 1))
    also += [f"- Also ({finding.severity}): {escape_markdown(finding.statement)}" for finding in others[:room]]
    if len(others) > room:
        also.append(f"- {in_all(len(report.found))}, in the report")
    return [*head, *also, *tail]


def write_summary(report_dir: Path) -> None:
    """Write summary.md into a report folder.

    Raises:
        EvidenceError: no findings.json there that can be read.
    """
    lines = summary_lines(open_report(report_dir))
    (Path(report_dir) / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def in_all(number: int) -> str:
    """How many findings there are, counted as the table of findings does: every row of it."""
    return f"{number:,} findings in all"


def _headline(report: Report, lead: Finding) -> list[str]:
    since = f"{lead.first_seen:%Y-%m-%d %H:%M} UTC" if lead.first_seen is not None else UNKNOWN
    before, _ = changes_of(report, lead)
    hit, who = hit_of(report, lead)
    who = who if hit else UNKNOWN
    return [
        f"- **{lead.severity}**, confidence {lead.confidence or UNKNOWN}: {escape_markdown(lead.statement)}",
        f"- Since: {since} · {_where(lead)}",
        f"- Who is hit: {escape_markdown(who)}",
        *(f"- Driven by: {escape_markdown(finding.statement)}" for finding in drivers_of(report, lead)[:1]),
        *(f"- Just before: {escape_markdown(finding.statement)}" for finding in before[:1]),
        f"- Next step: {escape_markdown(next_step(report, lead))}",
    ]


def _also(report: Report, room: int) -> list[str]:
    """What other notebooks lead with, a line each; the last line holds what is left."""
    words = [f"Also seen by {notebook_words(name)}: {found.statement}" for name, found in other_leads(report)]
    lines = words if len(words) <= room else [*words[: room - 1], " · ".join(words[room - 1 :])]
    return [f"- {escape_markdown(line)}" for line in lines]


def _where(lead: Finding) -> str:
    """The place of the leading finding; of a leak who reached whose records."""
    if lead.check not in LEAKS:
        return f"Where: {escape_markdown(place(lead)) or UNKNOWN}"
    words = escape_markdown(place(lead)) or "who: unknown"
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
