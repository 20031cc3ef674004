"""What a notebook shows: each function takes a case and returns one thing to look at.

Tables are escaped HTML with a plain-text twin; figures are pictures with a text alternative.
Everything rendered is redacted.
"""

import io
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from ddms_ops.analysis.suspects import suspect_changes
from ddms_ops.analysis.timeline import merged_timeline
from ddms_ops.case import Case
from ddms_ops.checks import CHECKS, figures
from ddms_ops.checks.leading import SIGNS, leading
from ddms_ops.checks.refs import shown_template
from ddms_ops.checks.tables import Shown, coverage_table, findings_table, html_table
from ddms_ops.checks.who_is_hit import impact_of
from ddms_ops.errors import BadInput
from ddms_ops.incident import INSTANTS
from ddms_ops.redact import redact
from ddms_ops.sources.base import LOG_EVENTS
from ddms_ops.window import parse_instant

TOP = 12
NO_EVENTS = LOG_EVENTS.append(pa.field("row", pa.int64())).empty_table()
CELL_CHARS = 300


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as PNG, with the words for who cannot see it."""

    png: bytes
    words: str

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return self.words


def _picture(figure: Figure, words: str) -> Picture:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), words)


def coverage_panel(case: Case) -> Shown:
    """Coverage of all that error triage pulls: asked, got, rows, status and why they differ."""
    for kind in ("logs", "logs.baseline", "metrics", "changes", "alarms"):
        case.pulls(kind)
    return coverage_table(case.coverage)


def check_panel(case: Case, *checks: str) -> Shown:
    """What the named checks found, or that they are clear or could not look."""
    for check in checks:
        case.result(check)
    return findings_table([result for result in case.results if result.id in checks])


def findings_panel(case: Case) -> Shown:
    """Findings of every check of error triage, ranked."""
    return check_panel(case, *(check.id for check in CHECKS if check.notebook == "error_triage"))


def error_rate_panel(case: Case) -> Picture:
    """Failing share per minute against the usual share and the profile's limits."""
    return _picture(
        figures.plot_error_rate(case), "Failing share of requests per minute. " + _words(case, "error_rate")
    )


def traffic_panel(case: Case) -> Picture:
    """Requests per minute beside the baseline's."""
    return _picture(figures.plot_traffic(case), "Requests per minute, window and baseline. " + _words(case, "traffic"))


def groups_panel(case: Case) -> Picture:
    """When each of the largest error groups occurred."""
    return _picture(
        figures.plot_groups(case), "Largest error groups over time. " + _words(case, "new_errors", "risen_errors")
    )


def where_panel(case: Case) -> Picture:
    """Failing share by endpoint, version and tenant."""
    return _picture(
        figures.plot_where(case), "Failing share by endpoint, version and tenant. " + _words(case, "who_is_hit")
    )


def metrics_panel(case: Case) -> Picture:
    """The profile's metrics with their targets and alerts."""
    return _picture(figures.plot_metrics(case), "Metrics with their limits. " + _words(case, "alerts"))


def timeline_panel(case: Case) -> Picture:
    """Alarms, first errors, changes and people's notes on one axis; also written to timeline.csv."""
    events = timeline(case)
    text = events.assign(time=events["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for name in ("event", "detail"):  # a spreadsheet must not read a name as a formula
        text[name] = ["'" + value if value[:1] in ("=", "+", "-", "@") else value for value in text[name]]
    text.to_csv(case.folder / "timeline.csv", index=False)
    return _picture(figures.plot_timeline(case, events), f"Timeline of {len(events)} events; listed in timeline.csv.")


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


def groups_table(case: Case) -> Shown:
    """The largest error groups with counts, what is masked and a redacted example; and the sum of all groups."""
    groups = case.groups
    errors = groups[groups["is_error"]].head(TOP)
    rows = [
        (
            row.group,
            "" if pd.isna(row.error) else redact(str(row.error)),
            shown_template(_examples(case, row.group))[:CELL_CHARS],
            redact(str(_examples(case, row.group).iloc[0]))[:CELL_CHARS],
            f"{row.events:,}",
            f"{row.baseline_events:,}",
            "new" if row.ratio == float("inf") else "" if pd.isna(row.ratio) else f"{row.ratio:.2f}×",
            "" if pd.isna(row.first_seen) else f"{row.first_seen:%H:%M:%S}",
        )
        for row in errors.itertuples()
    ]
    total, others = int(groups["events"].sum()) if len(groups) else 0, groups[~groups["is_error"]]
    caption = (
        f"{len(errors)} of {len(groups) - len(others)} error groups; with {len(others)} groups of other events"
        f" they hold {total:,} events, the {len(case.logs):,} log events of the window"
    )
    columns = ("group", "error", "template", "example", "events", "baseline", "rate", "first seen (UTC)")
    return html_table(columns, rows, caption=caption)


def _examples(case: Case, group: str) -> pd.Series:
    """Messages of a group, of the window or else of the baseline."""
    found = case.logs.loc[case.logs["group"] == group, "message"]
    return found if len(found) else case.baseline_logs.loc[case.baseline_logs["group"] == group, "message"]


def tenants_table(case: Case) -> Shown:
    """Tenants hit by the leading finding: requests, failures, share; and how many were not hit."""
    result = case.result("who_is_hit")
    sign = leading(case) if result.findings else None
    if sign is None or sign.check == "traffic":
        return check_panel(case, "who_is_hit")
    impact = impact_of(case, sign)
    rows = [
        (redact(str(row.Index)), f"{row.requests:,}", f"{row.failed:,}", f"{row.share:.1%}")
        for row in impact.hit.head(TOP).itertuples()
    ]
    hit = len(impact.hit)
    caption = f"{min(TOP, hit)} worst of {hit} tenants hit; {len(impact.tenants) - hit} had traffic and no such failure"
    return html_table(("tenant", "requests since it began", "hit", "share of theirs"), rows, caption=caption)


def query_panel(case: Case, query: str, tenant: str = "") -> Shown:
    """Rows of a named query of the profile, or of a Logs Insights query, over the window's evidence.

    Args:
        case: the case.
        query: a name in the profile's `queries`, or the query itself; empty means the profile's first.
        tenant: takes the place of TENANT_ID_HERE.
    """
    query = query or next(iter(case.profile.queries), "")
    if not query:
        return html_table(("query",), [], caption="The profile names no query; set the parameter `query`")
    found = query_rows(case, query, tenant=tenant)
    rows = [[redact(str(value))[:CELL_CHARS] for value in row] for row in found.head(TOP).itertuples(index=False)]
    return html_table(list(found.columns), rows, caption=f"{min(TOP, len(found))} of {len(found):,} rows of the query")


def query_rows(case: Case, query: str, *, tenant: str = "") -> pd.DataFrame:
    """All rows of a Logs Insights query over the window's recorded log events.

    Raises:
        QueryError: the query is wrong or uses what is not supported.
        BadInput: neither a query nor the name of one.
    """
    from ddms_ops.insights import parse, run_query, with_values

    text = case.profile.queries.get(query, query)
    if not query.strip():
        raise BadInput(f"query: is empty; write a Logs Insights query or one of {', '.join(case.profile.queries)}")
    parsed = with_values(parse(text), {"TENANT_ID_HERE": tenant} if tenant else {})
    return run_query(parsed, case.log_files or NO_EVENTS)


def unseen_panel(case: Case) -> Shown:
    """What could not be seen: pulls that are not complete and checks that could not be made."""
    rows = [("pull", row.pull, str(row.status), row.reason) for row in case.coverage if row.status not in ("complete",)]
    rows += [
        ("check", result.question, "not checked", result.reason)
        for result in case.results
        if result.status == "not_checked"
    ]
    rows += [
        ("check", result.question, "found", result.reason)
        for result in case.results
        if result.findings and result.reason
    ]
    unparsed = int((~case.logs["is_parsed"]).sum()) if len(case.logs) else 0
    if unparsed:
        rows.append(("log events", "begin as JSON and are not", f"{unparsed:,}", "kept as text, without fields"))
    return html_table(
        ("what", "which", "status", "why"),
        rows,
        caption="What could not be seen" if rows else "Everything asked for was seen",
    )


def steps_panel(case: Case) -> Shown:
    """Next steps from the runbook for what was found: of the alerts met first, then of what findings point to."""
    profile = case.profile
    findings = sorted((f for result in case.results for f in result.findings), key=lambda finding: finding.rank)
    met = [profile.alerts[finding.subject["alert"]].title for finding in findings if finding.check == "alerts"]
    steps = {alert.title: alert.steps for alert in profile.alerts.values()}
    steps |= {scenario.title: scenario.steps for scenario in profile.scenarios.values()}
    pointed = [title for title in steps if any(finding.next_step.startswith(f"{title}: ") for finding in findings)]
    rows = [
        (title, str(n), step) for title in dict.fromkeys([*met, *pointed]) for n, step in enumerate(steps[title], 1)
    ]
    others = dict.fromkeys(f.next_step for f in findings if f.check == "traffic" and f.next_step)
    return html_table(
        ("runbook", "step", "do"),
        [*rows, *(("", "", step) for step in others)],
        caption=profile.runbook or profile.title,
    )
