"""What words of a report mean, by which methods it was made, and which limits were in force."""

from ddms_ops.checks.tables import Quiet
from ddms_ops.declaration import Profile
from ddms_ops.report.blocks import Block, Line, Row, Table
from ddms_ops.report.model import ORDER_WORDS, ReportRecord

METHODS = (
    ("fact", "What pulls hold, by the numbers in brackets; each leads to the ledger.", "ddms_ops.findings"),
    ("coincides", "A change that was made before; no more is said than that order.", "ddms_ops.analysis.suspects"),
    ("written by people", "What people noted in the incident file, in the timeline file, or in this report.", "people"),
    ("declared", "What the profile of the system, or a definition of this report, says.", "profile"),
    ("counted", "A count of this report's own tables; the word leads to the table.", "this report"),
    ("confidence", "High with two kinds of evidence, medium with one, low over an incomplete pull or baseline.",
     "ddms_ops.findings.confidence"),
    ("clear", "Looked for and not found, over pulls that are all complete.", "ddms_ops.checks.base.run_check"),
    ("not checked", "Could not be looked for, or not all of it could be seen; the reason is said.",
     "ddms_ops.checks.base.run_check"),
    ("first among findings", ORDER_WORDS, "ddms_ops.report.model"),
    ("began together", "First seen within 10 minutes; a bill within its hour or day.", "ddms_ops.report.model"),
    ("start of a rise", "A scan for the change of a rate, with its significance by shuffling; many looks are counted.",
     "ddms_ops.analysis.onset, ddms_ops.analysis.scan"),
    ("what differs", "Shares inside and outside of each value, exact tests, corrected for how many were compared.",
     "ddms_ops.analysis.contrast"),
    ("message groups", "Messages with their variable parts masked; counts add up to the total.",
     "ddms_ops.analysis.groups"),
    ("more waits than usual", "A scan for stretches of depth or age unlike the baseline; many looks are counted.",
     "ddms_ops.analysis.backlog"),
    ("done at this rate", "What waits at the end, divided by how fast it falls in the last 15 minutes; no forecast.",
     "ddms_ops.analysis.backlog"),
    ("takes longer", "Durations compared by their ranks with the baseline, corrected for the kinds of job compared.",
     "ddms_ops.analysis.endpoints"),
    ("stuck", "Running for longer than the profile says, or than any that ended, when that is longer.",
     "ddms_ops.analysis.stuck"),
    ("full", "What is used, divided by its limit, at or above the profile's share.",
     "ddms_ops.analysis.capacity_course"),
    ("unusual calls", "Calls that their actor had not made in the baseline, beyond how many new ones are expected by"
     " those made once in it (Good and Turing), or from a place that nobody had come from.",
     "ddms_ops.analysis.unusual_calls"),
    ("[kind], [kind 5c0a7e]", "Taken out as private or secret; a person keeps one pseudonym in all of a report. How"
     " often is told at the foot of the page.", "ddms_ops.redact"),
    ("alarm told twice", "The same change of state within a minute is one event.", "ddms_ops.report.events"),
    ("precision", "How exactly an event's time is known: to the second, the minute, the hour or the day.",
     "ddms_ops.report.events"),
)  # fmt: skip


def glossary_blocks(report: ReportRecord) -> list[Block]:
    """Methods, then the limits of the profile that this run was made with."""
    methods = [Row((name, words, Quiet(source))) for name, words, source in METHODS]
    table = Table(("Word", "Meaning", "Source"), tuple(methods), "pm glossary", is_declared=True)
    if report.profile is None:
        return [table, Line("Thresholds: unknown, for the profile of this run was not kept or cannot be read.")]
    limits = [Row((name, value)) for name, value in _limits(report.profile)]
    named = f"Limits of the profile {report.profile.system} in this run"
    return [table, Table(("Threshold", "Value"), tuple(limits), "pm glossary", named, is_declared=True)]


def _limits(profile: Profile) -> list[tuple[str, str]]:
    """Each limit in force with its value."""
    rows = [(f"triage.{name}", str(value)) for name, value in profile.triage.model_dump().items() if value != ""]
    if profile.database is not None:
        rows += _numbers("database", profile.database.model_dump())
    rows += _numbers("costs", profile.costs.model_dump())
    for section, watched in (("pipelines", profile.pipelines), ("capacity", profile.capacity)):
        for name, each in watched.items():
            rows += _numbers(f"{section}.{name}", each.model_dump())
    for name, metric in profile.metrics.items():
        if metric.target or metric.alert:
            kinds = (("target", metric.target), ("alert", metric.alert))
            said = ", ".join(f"{word} {bound} {metric.unit}" for word, bound in kinds if bound)
            rows.append((f"metrics.{name}", said))
    for name, alert in profile.alerts.items():
        sign = f"above {alert.above:g}" if alert.above is not None else f"below {alert.below:g}"
        rows.append((f"alerts.{name}", f"{alert.metric or 'log events'} {sign} for {alert.for_s} s ({alert.severity})"))
    return rows


def _numbers(section: str, values: dict[str, object]) -> list[tuple[str, str]]:
    """The plain numbers of a section."""
    return [
        (f"{section}.{name}", f"{value:g}")
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
