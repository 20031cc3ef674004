"""Endpoints and the statements that their requests sent, as tables."""

import pandas as pd

from ddms_ops.analysis.endpoints import timed_requests
from ddms_ops.analysis.sql_tags import endpoint_statements, statement_requests
from ddms_ops.case import Case
from ddms_ops.checks.slow_endpoints import compared_endpoints
from ddms_ops.checks.tables import Quiet, Shown, html_table, joined, verdict
from ddms_ops.panels.tables import check_panel
from ddms_ops.redact import redact

MOST = 12
TAGGED = 200_000
UNTAGGED = (
    "No statement of the log names its request or route: put them into a comment (sqlcommenter), or the request id into"
    " application_name."
)


def endpoints_table(case: Case) -> Shown:
    """Where the requests' time went, endpoint by endpoint, and by which statements."""
    found = check_panel(case, "slow_endpoints")
    if not case.requests["duration_ms"].notna().any():
        return joined(found, _statements(case))
    table = compared_endpoints(case)
    rows = [
        (
            redact(str(row.Index)),
            f"{row.delta_ms / 1000:+,.2f}",
            f"{row.by_calls_ms / 1000:+,.2f}",
            f"{row.by_mean_ms / 1000:+,.2f}",
            (f"{row.count_now:,}", Quiet(f"before {row.count_before:,}")),
            *(
                _pair(getattr(row, f"{name}_now_ms"), getattr(row, f"{name}_before_ms"))
                for name in ("p50", "p95", "max")
            ),
        )
        for row in table.head(MOST).itertuples()
    ]
    columns = ("endpoint", "Δ s", "by requests", "by time a request", "requests", "p50 ms", "p95 ms", "max ms")
    more = f"; {len(table) - MOST:,} more" if len(table) > MOST else ""
    caption = f"Time of requests against the baseline, scaled to the window's length{more}"
    return joined(found, html_table(columns, rows, caption=caption, align="lrrrrrrr"), _statements(case))


def _statements(case: Case) -> Shown:
    """The statements of each endpoint, joined by request id or tag."""
    read = case.statement_log.tagged(most=TAGGED)
    tagged = statement_requests(read)
    tagged = tagged[tagged[["request_id", "trace_id", "route"]].notna().any(axis=1)]
    if tagged.empty:
        return verdict(UNTAGGED)
    table = endpoint_statements(timed_requests(case.requests), tagged)
    rows = [
        (
            Quiet("of no endpoint that is known") if pd.isna(row.endpoint) else redact(str(row.endpoint)),
            case.statement_text(str(row.statement)),
            int(row.calls),
            f"{row.total_ms / 1000:,.2f}",
            None if pd.isna(row.share) else f"{row.share:.0%}",
        )
        for row in table.head(MOST).itertuples()
    ]
    columns = ("endpoint", "statement", "calls", "s", "of its requests' time")
    there = int(read["there"].iloc[0])
    sampled = f" (1 in {there / len(read):.3g} of all)" if there > len(read) else ""
    caption = f"Statements of {len(tagged):,} calls that name their request or route{sampled}"
    return html_table(columns, rows, caption=caption, align="llrrr")


def _pair(now: float, before: float) -> tuple[object, ...]:
    words = [("–" if pd.isna(value) else f"{value:,.0f}" if value >= 10 else f"{value:.3g}") for value in (now, before)]
    return (words[0], Quiet(f"before {words[1]}"))
