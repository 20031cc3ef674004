"""Logs Insights queries over the recorded log events of a case."""

from ddms_ops.case import Case
from ddms_ops.checks.tables import Shown, html_table
from ddms_ops.hops.queries import PLACEHOLDER, query_rows
from ddms_ops.redact import redact_cell

__all__ = ["query_panel", "query_rows"]
TOP = 12
CELL_CHARS = 300


def query_panel(case: Case, query: str, tenant: str = "") -> Shown:
    """Rows of a named query of the profile, or of a Logs Insights query, over the window's evidence.

    Args:
        case: the case.
        query: a name in the profile's `queries`, or the query itself; empty means the first that needs no tenant.
        tenant: takes the place of TENANT_ID_HERE.
    """
    own = (name for name, text in case.profile.queries.items() if tenant or PLACEHOLDER not in text)
    query = query or next(own, "")
    if not query:
        return html_table(("query",), [], caption="The profile names no query; set the parameter `query`")
    found = query_rows(case, query, tenant=tenant)
    names = list(found.columns)
    rows = [
        [redact_cell(name, str(value))[:CELL_CHARS] for name, value in zip(names, row, strict=True)]
        for row in found.head(TOP).itertuples(index=False)
    ]
    return html_table(names, rows, caption=f"{min(TOP, len(found))} of {len(found):,} rows of the query")
