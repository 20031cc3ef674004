"""The runbook's steps for what was found: which the pulls of this report answer already, and a list for people."""

import re
from dataclasses import dataclass

from ddms_ops.checks.tables import Quiet
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import Alert, Profile, Scenario
from ddms_ops.findings import Finding
from ddms_ops.report.blocks import COUNTED, DECLARED, FACT, Basis, Block, Line, Row, Table
from ddms_ops.report.markdown_text import escape_markdown
from ddms_ops.report.model import EXPLAINING, ReportRecord, basis_of

STEPS_HEADING = "## Runbook steps done"
NOTE = "*To be ticked by people: put an x between the brackets. What stands here stays when the report is made again.*"
SIGN_INS = "failed_sign_ins"
ACCESS = (SIGN_INS, "unusual_calls", "opened_access", "hidden_traces")
OF_SECURITY = re.compile(r"(?i)security|unauthori[sz]ed|intrusion|compromise|breach")
LOOKS = re.compile(r"(?i)^(?:check|review|look|analy[sz]e|identify|inspect|verify|monitor|examine|query|list|search)\b")
READS = (
    (re.compile(r"(?i)\b(?:recent deployments?|recent changes?|cloudtrail|deployment history)\b"), ("changes",)),
    (re.compile(r"(?i)(?:(?<!audit )(?<!flow )(?<!access )(?<!trail )\blogs\b|\blambda errors\b)"), ("logs",)),
    (re.compile(r"(?i)\b(?:dlq|dead[- ]letter|queue depth|queue attributes)\b"), ("queues",)),
    (re.compile(r"(?i)\b(?:step functions?|state machine|executions?)\b"), ("workflows",)),
    (re.compile(r"(?i)\b(?:pg_stat_statements|slow quer(?:y|ies))\b"), ("statistics", "database_log")),
    (re.compile(r"(?i)\b(?:cost explorer|costs? by|billing)\b"), ("costs",)),
)  # fmt: skip
"""A step that looks at one of these is answered by a pull of that kind, if it is all there and not empty."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps of one alert or scenario, and the finding that they are for."""

    title: str
    anchor: str
    steps: tuple[str, ...]
    finding: Finding


def procedures(report: ReportRecord) -> list[Procedure]:
    """Alerts and scenarios that findings above low point to, those of leading findings first; the same steps once."""
    profile = report.profile
    if profile is None:
        return []
    leads = list(report.leads.values())
    worth = [f for f in report.found if f.severity.is_above_low and f.check not in EXPLAINING and f not in leads]
    found: dict[tuple[str, ...], Procedure] = {}
    for finding in (*leads, *worth):
        entries: list[tuple[str, Alert | Scenario]] = [*profile.alerts.items(), *profile.scenarios.items()]
        for key, entry in entries:
            if _points_to(finding, watched_for(profile, finding), key, entry):
                found.setdefault(entry.steps, Procedure(entry.title, entry.anchor, entry.steps, finding))
    return list(found.values())


def step_blocks(report: ReportRecord) -> list[Block]:
    """The steps of each procedure, and which of them a pull answers; else the next step of each finding."""
    known = procedures(report)
    if not known:
        return _next_steps(report)
    blocks: list[Block] = []
    for each in known:
        rows = tuple(_step(report, each, place) for place in range(len(each.steps)))
        named = f"{each.title}{f' ({each.anchor})' if each.anchor else ''}"
        blocks += [Line(named, Basis(DECLARED), is_heading=True), Table(("#", "Step", "Done"), rows, "pm steps")]
        blocks.append(Line(f"For: {each.finding.statement}", basis_of(each.finding)))
    return blocks


def answered_by(report: ReportRecord, step: str) -> tuple[Coverage, ...]:
    """The complete pulls that a step only looks at; none where it does more, or where one of them is not complete."""
    if not LOOKS.match(step):
        return ()
    kinds = [kind for pattern, names in READS if pattern.search(step) for kind in names]
    kinds += ["metrics"] if _names_metric(report, step) else []
    rows = [row for row in report.coverage if row.pull.split("/")[0] in kinds and _is_named(row, step)]
    have = [row for row in rows if row.rows]
    return tuple(have) if have and all(row.is_all_there for row in rows) else ()


def _is_named(row: Coverage, step: str) -> bool:
    """Whether a step names what a pull of logs holds: "the logs" alone are those of no log group in particular."""
    kind, _, name = row.pull.partition("/")
    words = re.findall(r"[a-z0-9]{3,}", name.lower())
    return kind != "logs" or any(re.search(rf"\b{word}\b", step.lower()) for word in words)


def checklist(report: ReportRecord, earlier: str = "") -> str:
    """The Markdown of the list that people tick; what they wrote stays, steps that are new are added below it.

    Args:
        report: the report.
        earlier: the section as people left it; empty for a new one.
    """
    lines: list[str] = []
    for each in procedures(report):
        title = f"**{escape_markdown(each.title)}**"
        if title not in earlier:
            lines += ["", title, "", *(f"- [ ] {escape_markdown(step)}" for step in each.steps)]
    if earlier:
        return "\n".join([earlier.rstrip(), *lines]) if lines else earlier
    return "\n".join([STEPS_HEADING, "", NOTE, *(lines or ["", "- [ ] …"])])


def watched_for(profile: Profile, finding: Finding) -> str:
    """The alert or scenario that the profile names for what a finding is about; empty where it names none."""
    pipeline = profile.pipelines.get(finding.subject.get("pipeline", ""))
    capacity = profile.capacity.get(finding.subject.get("capacity", ""))
    named = next((each.runbook for each in (pipeline, capacity) if each and each.runbook), "")
    return named or _access_runbook(profile, finding)


def _access_runbook(profile: Profile, finding: Finding) -> str:
    """The runbook of section `access`: of refused sign-ins, of other calls only if it is one about security."""
    name = profile.access.runbook if profile.access and finding.check in ACCESS else ""
    entry: Alert | Scenario | None = profile.alerts.get(name) or profile.scenarios.get(name)
    is_of_security = entry is not None and OF_SECURITY.search(f"{name} {entry.title}")
    return name if finding.check == SIGN_INS or is_of_security else ""


def _points_to(finding: Finding, runbook: str, key: str, entry: Alert | Scenario) -> bool:
    if "alert" in finding.subject:  # it is its own; others may begin with the same step
        return key == finding.subject["alert"]
    named = {finding.subject.get(name, "") for name in ("runbook", "scenario")} | {runbook}
    step = finding.next_step
    return bool({key, entry.title} & named) or step.startswith(f"{entry.title}: ") or step in entry.steps


def _step(report: ReportRecord, procedure: Procedure, place: int) -> Row:
    step = procedure.steps[place]
    pulls = tuple(row.pull for row in answered_by(report, step))
    if not pulls:
        return Row((place + 1, step, "by people"), Basis(DECLARED))
    named = f"{pulls[0]}{f' and {len(pulls) - 1} more' if len(pulls) > 1 else ''}"
    return Row((place + 1, step, f"answered by {named}"), Basis(FACT, pulls))


def _names_metric(report: ReportRecord, step: str) -> bool:
    """Whether a step names a metric of the profile by its title or its name in CloudWatch."""
    metrics = report.profile.metrics.values() if report.profile else ()
    lower = step.lower()
    return any(name and name.lower() in lower for metric in metrics for name in (metric.title, metric.name))


def _next_steps(report: ReportRecord) -> list[Block]:
    """The next step of each finding, strongest first, each once."""
    steps: dict[str, list[Finding]] = {}
    for finding in report.found:
        if finding.next_step:
            steps.setdefault(finding.next_step, []).append(finding)
    rows = tuple(
        Row((place, step, tuple(Quiet(f.id) for f in found)), basis_of(*found))
        for place, (step, found) in enumerate(steps.items(), start=1)
    )
    if rows:
        return [Table(("#", "Next step", "For finding"), rows, "pm steps")]
    return [Line("No finding names a next step of the runbook.", Basis(COUNTED, anchor="what-was-found"))]
