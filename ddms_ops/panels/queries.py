"""Logs Insights queries over the recorded log events of a case."""

import pandas as pd
import pyarrow as pa

from ddms_ops.case import Case
from ddms_ops.checks.tables import Shown, html_table
from ddms_ops.errors import BadInput
from ddms_ops.insights import parse, run_query, with_values
from ddms_ops.redact import redact
from ddms_ops.sources.base import LOG_EVENTS

TOP = 12
CELL_CHARS = 300
NO_EVENTS = LOG_EVENTS.append(pa.field("row", pa.int64())).empty_table()


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
    text = case.profile.queries.get(query, query)
    if not query.strip():
        raise BadInput(f"query: is empty; write a Logs Insights query or one of {', '.join(case.profile.queries)}")
    parsed = with_values(parse(text), {"TENANT_ID_HERE": tenant} if tenant else {})
    return run_query(parsed, case.log_files or NO_EVENTS)
