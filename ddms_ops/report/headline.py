"""The answer on one screen, and how much was hit."""

import re

import pandas as pd

from ddms_ops.checks.cost_basis import SIGNS as COST_SIGNS
from ddms_ops.checks.refs import counted
from ddms_ops.checks.tables import Badge
from ddms_ops.findings import Finding, Verdict
from ddms_ops.report.blocks import COUNTED, DECLARED, FACT, NO_BASIS, Basis, Block, Line, Row, Table
from ddms_ops.report.model import (
    BEFORE,
    LEAKS,
    UNKNOWN,
    WHO,
    ReportRecord,
    basis_of,
    notebook_words,
    place_of,
    pulls_of,
)

ALSO = 4
NAMED = 3
UNSEEN_SECTION = "what-could-not-be-seen"
REACHED = {"actor": "who", "actors": "who", "owner": "whose", "owners": "whose"}
TENANTS = re.compile(r"\btenants?\b")
UNAFFECTED = re.compile(r"no such failure|did not$|no leak|unaffected")
REQUESTS = re.compile(r"\b(?:requests?|events?|jobs?|messages?|executions?|sign-ins?|calls)\b")
RECORDS = re.compile(r"\b(?:records?|rows?|documents?|objects?)\b")


def headline_blocks(report: ReportRecord) -> list[Block]:
    """What, since when, where, who, what changed before, what else, how sure, what is not known, what next."""
    lead = report.leading
    if lead is None:
        return [Line(report.silence)]
    hit, who = hit_of(report, lead)
    before, changed = changes_of(report, lead)
    rows = [
        Row(("Since", lead.first_seen or UNKNOWN), basis_of(lead)),
        Row(("Where", place(lead) or UNKNOWN), basis_of(lead)),
        *(Row(("Driven by", driver.statement), basis_of(driver)) for driver in drivers_of(report, lead)[:1]),
        Row(("Who is hit", who), _basis(hit[:1])),
        Row(("Changed just before", changed), _basis(before[:1])),
        *_also(report, lead),
        Row(("Confidence", lead.confidence or UNKNOWN), basis_of(lead)),
        Row(("Not known", not_seen(report)), Basis(COUNTED, anchor=UNSEEN_SECTION)),
        Row(("Next step", next_step(report, lead)), Basis(DECLARED)),
    ]
    return [
        Line(lead.statement, basis_of(lead), Badge.of(lead.severity)),
        Table(("Question", "Answer"), tuple(rows), "pm answer"),
    ]


def next_step(report: ReportRecord, lead: Finding) -> str:
    """What the runbook says to do for the leading finding and for the change before it."""
    before, _ = changes_of(report, lead)
    steps = dict.fromkeys(step for step in (lead.next_step, *(found.next_step for found in before[:1])) if step)
    return " · ".join(steps) or "none named by the runbook"


def hit_of(report: ReportRecord, lead: Finding) -> tuple[list[Finding], str]:
    """Findings that say who is hit, and their words: of a leak whose records were reached, of costs whose use it is."""
    if lead.check in LEAKS:
        leaks = [lead, *(found for found in report.found if found.check == lead.check and found is not lead)]
        owners = (found.subject.get("owners", found.subject.get("owner", "")) for found in leaks)
        named = "; ".join(dict.fromkeys(owner for owner in owners if owner))
        return leaks, named or UNKNOWN
    checks = ("tenant_costs",) if lead.check in COST_SIGNS else WHO
    found, silence = report.answers(*checks)
    if not found:
        tenant = lead.subject.get("tenant", "")
        is_asked = any(r.id in checks and r.notebook == report.home(lead) for r in report.results)
        return ([lead], f"tenant {tenant}") if tenant else ([], silence if is_asked else UNKNOWN)
    home = report.home(found[0])
    is_other = home != report.home(lead) and found[0].subject.get("explains") != lead.id
    if is_other and (own := clauses_of(lead, TENANTS)):
        return [lead], "; ".join(own)
    if is_other and (tenant := lead.subject.get("tenant", "")):
        return [lead], f"tenant {tenant}"
    return found, f"{f'{notebook_words(home)}: ' if is_other else ''}{found[0].statement}"


def changes_of(report: ReportRecord, lead: Finding) -> tuple[list[Finding], str]:
    """Changes before the leading finding, and the words for the first: those found for it, else its notebook's.

    Of a leak or of costs only their own. A change that another notebook found for something else is not among them,
    nor one of its own notebook that was made later, or longer before than the profile looks back.
    """
    own = "leak_changes" if lead.check in LEAKS else "cost_changes" if lead.check in COST_SIGNS else ""
    names = (own,) if own else BEFORE
    changes = [found for found in report.found if found.check in names]
    found = [each for each in changes if each.subject.get("explains") == lead.id]
    if not found and not own:
        found = [each for each in changes if report.home(each) == report.home(lead) and _is_before(report, each, lead)]
    if found:
        return found, found[0].statement
    asked = [r for r in report.results if r.id in names and r.notebook == report.home(lead)]
    if not asked:
        return [], UNKNOWN
    lacking = next((r.reason for r in asked if r.status is Verdict.NOT_CHECKED), "")
    return [], f"not checked: {lacking}" if lacking else "nothing found"


def _is_before(report: ReportRecord, change: Finding, lead: Finding) -> bool:
    """Whether a change was made before a finding began, within what the profile looks back."""
    if change.first_seen is None or lead.first_seen is None or change.first_seen > lead.first_seen:
        return False
    if report.profile is None:
        return True
    return lead.first_seen - change.first_seen <= pd.Timedelta(minutes=report.profile.triage.change_lookback_min)


def drivers_of(report: ReportRecord, lead: Finding) -> list[Finding]:
    """What the system did that a rise of the bill goes with."""
    if lead.check not in COST_SIGNS:
        return []
    return [found for found in report.about("cost_drivers") if found.subject.get("explains") == lead.id]


def place(lead: Finding) -> str:
    """The place of a finding; of a leak who reached whose records."""
    if lead.check not in LEAKS:
        return place_of(lead)
    return ", ".join(f"{REACHED[name]}: {value}" for name, value in lead.subject.items() if value and name in REACHED)


def other_leads(report: ReportRecord) -> list[tuple[str, Finding]]:
    """The first finding above low of each other notebook."""
    return list(report.leads.items())[1:]


def not_seen(report: ReportRecord) -> str:
    """How much could not be seen, and the first of it by name."""
    counts = (
        f"{len(report.missing)} of {len(report.coverage)} pulls not complete, {len(report.unchecked)} checks not made"
    )
    counts += f", {counted(len(report.skipped), 'notebook')} not run" if report.skipped else ""
    named = [row.pull for row in report.missing if row.reason][:NAMED]
    return f"{counts} ({', '.join(named)})" if named else counts


def _also(report: ReportRecord, lead: Finding) -> list[Row]:
    """What other notebooks lead with, a line each; the last line holds what is left."""
    others = other_leads(report)
    rows = [
        Row((f"Also seen by {notebook_words(name)}", found.statement), basis_of(found))
        for name, found in (others if len(others) <= ALSO else others[: ALSO - 1])
    ]
    rest = others[len(rows) :]
    if rest:
        words = " · ".join(f"{notebook_words(name)}: {found.statement}" for name, found in rest)
        rows.append(Row(("Also seen by", words), basis_of(*(found for _, found in rest))))
    assert lead not in [found for _, found in others]
    return rows


def impact_blocks(report: ReportRecord) -> list[Block]:
    """Tenants, requests, records, money and minutes, as findings say; unknown, and why, where none does."""
    lead = report.leading
    if lead is None:
        return [Line(report.silence)]
    hit, who = hit_of(report, lead)
    about = [found for found in report.found if found.subject.get("explains") == lead.id]
    others = [found for _, found in other_leads(report)]
    told = list({id(found): found for found in (*hit, lead, *about, *others)}.values())
    is_whole = lead.check in LEAKS or lead.check in COST_SIGNS
    tenants = _row("Tenants", (who,), hit[:1]) if hit and is_whole else _clauses(report, "Tenants hit", told, TENANTS)
    rows = [
        tenants,
        _clauses(report, "Tenants verified unaffected", told, UNAFFECTED),
        _clauses(report, "Requests, jobs or messages", told, REQUESTS),
        _records(report),
        _money(report),
        _minutes(lead),
        _row("Observed", (amount(lead.observed, lead.unit),), [lead]),
        _row("Usual", (amount(lead.baseline, lead.unit),), [lead]),
    ]
    return [Table(("Measure", "Value"), tuple(rows))]


def clauses_of(finding: Finding, pattern: re.Pattern[str]) -> list[str]:
    """Clauses of a statement that speak of something and begin with one that has a number."""
    clauses = [clause.strip() for clause in finding.statement.split("; ") if pattern.search(clause)]
    clauses = [clause for clause in clauses if pattern is UNAFFECTED or not UNAFFECTED.search(clause)]
    return clauses if clauses and any(character.isdigit() for character in clauses[0]) else []


def amount(value: float | None, unit: str) -> str:
    """A value with its unit, a ratio as percent."""
    if value is None:
        return UNKNOWN
    return f"{value:.2%}" if unit == "ratio" else f"{value:,.4g} {unit}".strip()


def _basis(findings: list[Finding]) -> Basis:
    return basis_of(*findings) if findings else Basis(COUNTED, anchor=UNSEEN_SECTION)


def _row(measure: str, words: tuple[str, ...], findings: list[Finding]) -> Row:
    pulls = pulls_of(ref for finding in findings for ref in finding.evidence)
    return Row((measure, words), Basis(FACT, pulls) if findings else NO_BASIS)


def _clauses(report: ReportRecord, measure: str, findings: list[Finding], pattern: re.Pattern[str]) -> Row:
    """The first finding with clauses that speak of something, and those clauses; of another notebook it is named."""
    home = report.home(report.leading) if report.leading else ""
    for finding in findings:
        if clauses := clauses_of(finding, pattern):
            other = report.home(finding)
            named = (f"{notebook_words(other)}: {clauses[0]}", *clauses[1:]) if other != home else tuple(clauses)
            return _row(measure, named[:2], [finding])
    return Row((measure, f"{UNKNOWN}: no finding says it"))


def _records(report: ReportRecord) -> Row:
    """What each finding of the first check of leaks says of records; one line each, for no one of them says all."""
    leaks = [found for found in report.found if found.check in LEAKS]
    said = [
        (found, clauses[0])
        for found in leaks
        if found.check == leaks[0].check and (clauses := clauses_of(found, RECORDS))
    ]
    if not said:
        return Row(("Records", f"{UNKNOWN}: no finding says it"))
    return _row("Records", tuple(words for _, words in said), [found for found, _ in said])


def _money(report: ReportRecord) -> Row:
    costs = [found for found in report.found if found.check in COST_SIGNS]
    if costs:
        return _row("Money", (costs[0].statement,), costs[:1])
    asked = [result for result in report.results if result.id in COST_SIGNS]
    if not asked:
        why = report.skipped.get("cost_spike", "the costs were not looked at")
    else:
        why = asked[0].reason or "no rise above what was expected"
    return Row(("Money", f"{UNKNOWN}: {why}"), Basis(COUNTED, anchor=UNSEEN_SECTION))


def _minutes(lead: Finding) -> Row:
    if lead.first_seen is None or lead.last_seen is None:
        lacking = "when it began" if lead.first_seen is None else "when it was last seen"
        return Row(("Minutes", f"{UNKNOWN}: the leading finding does not say {lacking}"))
    minutes = (lead.last_seen - lead.first_seen).total_seconds() / 60
    words = (f"{minutes:,.0f} min from the first to the last event or period in the window",)
    stretch = f"{lead.first_seen:%Y-%m-%d %H:%M:%S} to {lead.last_seen:%Y-%m-%d %H:%M:%S} UTC"
    return _row("Minutes", (*words, stretch), [lead])
