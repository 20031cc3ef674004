"""Logs Insights queries over the recorded log events of a case."""

import pandas as pd
import pyarrow as pa

from ddms_ops.errors import BadInput
from ddms_ops.hops.reading import WINDOW, log_coverage, log_notes
from ddms_ops.hops.tenant_names import tenant_id
from ddms_ops.hops.views import Ground, Rows
from ddms_ops.insights import is_cut, parse, run_query, with_values
from ddms_ops.interrupts import stopped_as
from ddms_ops.sources.base import LOG_EVENTS

NO_EVENTS = LOG_EVENTS.append(pa.field("row", pa.int64())).empty_table()
PLACEHOLDER = "TENANT_ID_HERE"


def query_rows(case: Ground, query: str, *, tenant: str = "") -> pd.DataFrame:
    """All rows of a Logs Insights query over the window's recorded log events.

    Args:
        case: the case.
        query: the query, or the name of one in the profile.
        tenant: takes the place of TENANT_ID_HERE.

    Raises:
        QueryError: the query is wrong or uses what is not supported.
        BadInput: neither a query nor the name of one, or no tenant for one that asks for it.
    """
    if not isinstance(query, str) or not query.strip():
        raise BadInput(f"query: is empty; write a Logs Insights query or one of {', '.join(case.profile.queries)}")
    asked = parse(case.profile.queries.get(query, query))
    filled = with_values(asked, {PLACEHOLDER: tenant})
    if not tenant and filled != asked:
        raise BadInput(f"query: it asks for {PLACEHOLDER}; give the tenant too: tenant='…'")
    events = [path for path, name, _ in case.log_pulls if name.startswith("logs/")] or NO_EVENTS
    with stopped_as("running the query"):
        return run_query(filled, events)


def insights(case: Ground, query: str, *, tenant: str = "") -> Rows:
    """Rows of a Logs Insights query, or of one that the profile names, over the window's recorded log events.

    Args:
        case: the case.
        query: as one would write it in the console.
        tenant: takes the place of TENANT_ID_HERE.

    Returns:
        A view; its frame has the columns that Insights would show. Counts over a sample are the sample's; times, also
        those of the window, are as recorded, whatever clock was off.

    Raises:
        QueryError: the query is wrong or uses what is not supported.
        BadInput: neither a query nor the name of one, no such tenant, or none for a query that asks for it.
    """
    name = tenant_id(case, tenant) if tenant else ""
    frame = query_rows(case, query, tenant=name)
    given = f", tenant={name!r}" if name else ""
    is_named = query in case.profile.queries
    return Rows(
        title=f"Insights query {query}" if is_named else "Insights query",
        frame=frame,
        coverage=log_coverage(case, WINDOW),
        call=f"case.insights({query!r}{given})",
        notes=(*_cut_notes(case, query, len(frame)), *log_notes(case, is_recorded=True)),
        hops=_others(case, query, given),
        case=case,
    )


def _cut_notes(case: Ground, query: str, rows: int) -> tuple[str, ...]:
    """That there may be more events than a query without `limit` gives."""
    told = f"Cut at {rows:,} rows, as Insights does without `limit`: there may be more; end it with | limit 100000."
    return (told,) if is_cut(parse(case.profile.queries.get(query, query)), rows) else ()


def _others(case: Ground, query: str, given: str) -> tuple[str, ...]:
    """Other queries of the profile; those about a tenant where one was given."""
    known = [(name, PLACEHOLDER in text) for name, text in case.profile.queries.items() if name != query]
    calls = [f"case.insights({name!r}{given if needs else ''})" for name, needs in known if given or not needs]
    return tuple(calls[:3])
