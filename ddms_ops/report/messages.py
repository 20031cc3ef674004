"""The runbook's messages to people, filled from findings; what no finding and nobody says reads "unknown"."""

import re
from collections import Counter

import pandas as pd

from ddms_ops.operations import Template
from ddms_ops.report.blocks import COINCIDES, COUNTED, DECLARED, FACT, PEOPLE, Basis, Block, Letter, Line, Part
from ddms_ops.report.cells import Contact
from ddms_ops.report.headline import UNSEEN_SECTION, changes_of, hit_of, not_seen
from ddms_ops.report.model import UNKNOWN, ReportRecord, basis_of
from ddms_ops.report.response import STAMP, clock_start, next_level, response_due, severity_label, span_words
from ddms_ops.report.runbook import answered_by, procedures

MOMENTS = (
    ("initial", "First message"), ("update", "Update"), ("resolved", "Resolved"), ("escalation", "Escalation"),
)  # fmt: skip
LEDGER = "which-evidence-is-this-based-on"
Filled = dict[str, tuple[str | Contact, Basis]]


def message_blocks(report: ReportRecord) -> list[Block]:
    """Each message that the profile has a text for, ready to copy."""
    if report.profile is None:
        return [Line("Messages: unknown, for the profile of this run was not kept or cannot be read.")]
    values = field_values(report)
    blocks: list[Block] = []
    for name, title in MOMENTS:
        template: Template | None = getattr(report.profile.templates, name)
        if template is None:
            continue
        if name == "resolved" and report.instant("resolved") is None:
            blocks += [Line(title, is_heading=True), Line("Not written: nobody noted when it was resolved.")]
        else:
            blocks += [Line(title, is_heading=True), Letter(filled(template, values))]
    return blocks or [Line("The profile declares no texts for messages.")]


def filled(template: Template, values: Filled) -> tuple[Part, ...]:
    """The template's text with its placeholders replaced, each piece with what it rests on.

    Args:
        template: of the profile.
        values: words and what they rest on, by field; a field that is missing reads "unknown". Of a placeholder that
            stands there several times the n-th is filled by the n-th field, those after the last field by the last.
    """
    longest = sorted(template.fields, key=len, reverse=True)
    if not longest:
        return (Part(template.text, Basis(DECLARED)),)
    pieces = re.split(f"({'|'.join(re.escape(each) for each in longest)})", template.text)
    seen: Counter[str] = Counter()
    parts = []
    for piece in filter(None, pieces):
        if piece not in template.fields:
            parts.append(Part(piece, Basis(DECLARED)))
            continue
        names = template.fields[piece]
        name = names[min(seen[piece], len(names) - 1)]
        seen[piece] += 1
        parts.append(Part(*values.get(name, (UNKNOWN, Basis(DECLARED)))))
    return tuple(parts)


def field_values(report: ReportRecord) -> Filled:
    """Words for every field of `Template.fields` that this report can fill."""
    people, counted = Basis(PEOPLE), Basis(COUNTED, anchor=UNSEEN_SECTION)
    label, why = severity_label(report)
    derived = f" ({why})" if label and label != report.incident.get("severity", "") else ""
    now = report.instant("generated_at")
    values: Filled = {
        "incident_id": (report.incident["incident_id"], people),
        "title": (report.title, people),
        "system": (report.profile.title if report.profile else report.incident.get("system", UNKNOWN), Basis(DECLARED)),
        "status": status_of(report),
        "severity": (f"{label}{derived}" if label else UNKNOWN, Basis(DECLARED)),
        "severity_words": (f"{_severity_words(report, label)}{derived}", Basis(DECLARED)),
        "detected": (_stamp(report.instant("detected")), people),
        "now": (_stamp(now), Basis(COUNTED, anchor=LEDGER)),
        "resolved": (_stamp(report.instant("resolved")), people),
        "unknowns": (not_seen(report), counted),
        "evidence": (f"evidence manifest {report.digest[:16] or 'none'}", Basis(COUNTED, anchor=LEDGER)),
        "for_people": (UNKNOWN, people),
        "contact": (UNKNOWN, people),
    }
    return values | _of_finding(report) | _of_deadlines(report, now) | _of_steps(report)


def status_of(report: ReportRecord) -> tuple[str, Basis]:
    """How far the incident is by what people noted, no further: that something coincides identifies nothing."""
    if report.instant("resolved"):
        return "Resolved", Basis(PEOPLE)
    if report.instant("mitigated"):
        return "Monitoring", Basis(PEOPLE)
    return "Investigating", Basis(DECLARED)


def _of_finding(report: ReportRecord) -> Filled:
    lead = report.leading
    if lead is None:
        silent = (report.silence, Basis(COUNTED, anchor=UNSEEN_SECTION))
        return {"what": silent, "impact": (UNKNOWN, Basis(DECLARED))}
    hit, who = hit_of(report, lead)
    before, changed = changes_of(report, lead)
    basis = basis_of(lead, kind=FACT)
    of_hit = basis_of(*hit[:1], kind=FACT) if hit else Basis(COUNTED, anchor=UNSEEN_SECTION)
    is_known = bool(hit) and who != UNKNOWN
    return {
        "what": (lead.statement, basis),
        "impact": (who if is_known else UNKNOWN, of_hit),
        "affected": (who if is_known else UNKNOWN, of_hit),
        "began": (_stamp(lead.first_seen), basis),
        "duration": (_duration(report), basis),
        "changed": (changed, basis_of(before[0], kind=COINCIDES) if before else Basis(COUNTED, anchor=UNSEEN_SECTION)),
    }


def _duration(report: ReportRecord) -> str:
    """From the first event until it was resolved or mitigated; while neither is noted, until the report was made."""
    lead = report.leading
    end = report.instant("resolved") or report.instant("mitigated") or report.instant("generated_at")
    if lead is None or lead.first_seen is None or end is None or end < lead.first_seen:
        return UNKNOWN
    is_over = report.instant("resolved") or report.instant("mitigated")
    words = span_words((end - lead.first_seen).total_seconds() / 60)
    return words if is_over else f"{words} at {end:{STAMP}} UTC, no end noted"


def _of_deadlines(report: ReportRecord, now: pd.Timestamp | None) -> Filled:
    profile, basis = report.profile, Basis(DECLARED)
    start, _ = clock_start(report)
    label, _ = severity_label(report)
    if profile is None:
        return {}
    values: Filled = {}
    if start is not None and label in profile.severities:
        due = response_due(profile.severities[label], start)
        values["due"] = (_stamp(due), basis)
    if report.instant("resolved"):
        values["next_update"] = ("none, it is resolved", Basis(PEOPLE))
    elif now is not None and profile.templates.update_min is not None:
        values["next_update"] = (_stamp(now + pd.Timedelta(minutes=profile.templates.update_min)), basis)
    who, since = next_level(report)
    values["escalate_to"] = (Contact(who), basis)
    if since is not None and not report.instant("mitigated") and not report.instant("resolved"):
        words = f"not mitigated as far as people noted; {who} from {_stamp(since)}"
        values["why_escalate"] = (Contact(words), basis)
    return values


def _of_steps(report: ReportRecord) -> Filled:
    """Steps that pulls answered, and those that are left to people."""
    steps = [step for each in procedures(report) for step in each.steps]
    answers = {step: tuple(row.pull for row in answered_by(report, step)) for step in steps}
    done = [step for step in answers if answers[step]]
    ahead = [step for step in answers if not answers[step]]
    if not steps:
        ahead = list(dict.fromkeys(found.next_step for found in report.found if found.next_step))
    values: Filled = {
        f"done_{place}": (f"records read for: {step}", Basis(FACT, answers[step]))
        for place, step in enumerate(done[:2], start=1)
    }
    values |= {f"next_step_{place}": (step, Basis(DECLARED)) for place, step in enumerate(ahead[:2], start=1)}
    if done:
        pulls = tuple(dict.fromkeys(pull for step in done for pull in answers[step]))
        values["done"] = ("records read for: " + "; ".join(done), Basis(FACT, pulls))
    if ahead:
        values["next_steps"] = ("to be done: " + "; ".join(ahead[:3]), Basis(DECLARED))
    return values


def _severity_words(report: ReportRecord, label: str) -> str:
    if report.profile is None or label not in report.profile.severities:
        return label or UNKNOWN
    return f"{label} ({report.profile.severities[label].description})"


def _stamp(stamp: pd.Timestamp | None) -> str:
    return f"{stamp:{STAMP}} UTC" if stamp is not None else UNKNOWN
