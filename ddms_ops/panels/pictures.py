"""Figures of a case as pictures, each with words for who cannot see it."""

import io
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from ddms_ops.analysis.suspects import suspect_changes
from ddms_ops.analysis.timeline import merged_timeline
from ddms_ops.case import Case
from ddms_ops.checks import figures
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.cost_basis import must_have_bill
from ddms_ops.checks.differences import found_difference
from ddms_ops.checks.figures_costs import plot_spending
from ddms_ops.checks.figures_statements import plot_statements
from ddms_ops.checks.leading import SIGNS, leading_or_none
from ddms_ops.checks.refs import of_sample
from ddms_ops.checks.tables import Shown, verdict
from ddms_ops.incident import INSTANTS
from ddms_ops.panels.compared import compared
from ddms_ops.redact import redact
from ddms_ops.report.timeline_file import spreadsheet_cell
from ddms_ops.window import parse_instant


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as PNG, with the words for who cannot see it."""

    png: bytes
    words: str

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return self.words


def picture(figure: Figure, words: str) -> Picture:
    """A drawn figure, with the words for who cannot see it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), words)


def when_panel(case: Case) -> Picture:
    """Failing share, traffic and the largest error groups over time."""
    words = _words(case, "error_rate", "new_errors", "risen_errors", "traffic")
    title = f"Failing share, requests per minute and error groups{of_sample(case)}"
    return picture(figures.plot_when(case), f"{title}. {words}")


def where_panel(case: Case) -> Picture:
    """Failing share by the attributes that differ most, and by endpoint, version and tenant."""
    found = leading_or_none(case)
    best = found_difference(case, found).explanations[:1] if found and found.check != "traffic" else ()
    rows, named = compared(case)
    named += of_sample(case)
    figure = figures.plot_where(rows, [name for explanation in best for name in explanation.cell], named=named)
    return picture(figure, f"Failing share of the {named} by attribute. {_words(case, 'what_differs')}")


def metrics_panel(case: Case) -> Picture:
    """The profile's metrics with their targets and alerts."""
    return picture(figures.plot_metrics(case), "Metrics with their limits. " + _words(case, "alerts"))


def timeline_panel(case: Case) -> Picture:
    """Alarms, first errors, changes and people's notes on one axis; also written to timeline.csv."""
    events = timeline(case)
    text = events.assign(time=events["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for name in ("event", "detail"):
        text[name] = [spreadsheet_cell(value) for value in text[name]]
    text.to_csv(case.folder / "timeline.csv", index=False)
    return picture(figures.plot_timeline(case, events), f"Timeline of {len(events)} events; listed in timeline.csv.")


def _words(case: Case, *checks: str) -> str:
    """First finding of the checks, as the text alternative of a picture."""
    results = [case.result(check) for check in checks]
    found = [finding.statement for result in results for finding in result.findings]
    if found:
        return found[0]
    return "; ".join(f"{result.question} {result.status.replace('_', ' ')}" for result in results)


def timeline(case: Case) -> pd.DataFrame:
    """The merged timeline of a case, redacted; see `analysis.timeline.merged_timeline`."""
    lookback = case.profile.triage.change_lookback_min + case.window.minutes
    changes = suspect_changes(case.changes, case.window.end, lookback_min=int(lookback) + 1, about="")
    findings = [finding for check in SIGNS for finding in case.result(check).findings if finding.severity.is_above_low]
    onsets = [(f.first_seen, f"first event of {f.check.replace('_', ' ')}", f.statement) for f in findings]
    people = {name: parse_instant(text, name=name) for name in INSTANTS if (text := getattr(case.incident, name))}
    events = merged_timeline(changes, case.alarms, pd.DataFrame(onsets, columns=["time", "event", "detail"]), people)
    return events.assign(**{name: [redact(str(text)) for text in events[name]] for name in ("event", "detail")})


def statements_panel(case: Case) -> Picture | Shown:
    """The bridge of database time as bars, and the times of the statement on top."""
    try:
        basis = case.statement_basis
    except CannotTell as lack:
        return verdict(f"Nothing to draw: {lack}.")
    return picture(plot_statements(case, basis), f"Difference of database time. {_words(case, 'slow_statements')}")


def spending_panel(case: Case) -> Picture | Shown:
    """Cost by day beside what was expected, and the bridge."""
    try:
        must_have_bill(case)
    except CannotTell as lack:
        return verdict(f"Nothing to draw: {lack}.")
    return picture(plot_spending(case), f"Cost by day beside what was expected. {_words(case, 'cost_rise')}")
