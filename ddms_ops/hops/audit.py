"""Audit rows of a request or a tenant, out of the tables that the profile declares; the window's only."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ddms_ops.coverage import Coverage
from ddms_ops.errors import BadInput
from ddms_ops.hops.audit_columns import audit_tables, request_columns, tenant_columns, time_column
from ddms_ops.hops.naming import chosen, optional
from ddms_ops.hops.reading import is_tenant, named_coverage, not_configured, numbered_rows, request_id
from ddms_ops.hops.tenant_names import tenant_id
from ddms_ops.hops.views import Ground, Rows

FIRST = ("n", "timestamp", "table")
LAST = ("pull", "row")
NO_TABLE = "the profile declares no table under database.audit"
NO_COLUMN = {
    "tenant": "call it tenant_id, or name it in tenants.trail or in tenants.isolation.columns of the profile",
    "request": "call it request_id or trace_id, or name it in tenants.trail.request of the profile",
}


def audit_rows(case: Ground, *, request: str = "", tenant: str = "", table: str = "") -> Rows:
    """Rows of every declared audit table that name a request or a tenant, by time.

    A tenant is named in any column that holds one: as the row's, or as who acted.

    Args:
        case: the case.
        request: the request's id.
        tenant: the tenant; exactly one of both is given.
        table: of this table only.

    Returns:
        A view; its frame has n, timestamp (UTC), table, the columns of the tables, pull and row.

    Raises:
        BadInput: neither or both, no such tenant, or no such table.
    """
    request, tenant, table = optional("request", request), optional("tenant", tenant), optional("audit table", table)
    if bool(request) == bool(tenant):
        raise BadInput("audit_rows: give a request or a tenant, one of them")
    name = request_id(case, request) if request else tenant_id(case, tenant)
    noun, columns = ("request", request_columns) if request else ("tenant", tenant_columns)
    asked = {table: columns(case, table) for table in audit_tables(case)}
    own = chosen("audit table", table, tuple(asked), how=f"declared: {', '.join(asked) or 'none'}") if table else ""
    tables = [each for each, named in asked.items() if named and own in ("", each)]
    found = [_rows(case, each, _matcher(case, asked[each], name, is_request=bool(request))) for each in tables]
    frame = _together(found)
    what = (f"request={name!r}" if request else f"tenant={name!r}") + (f", table={own!r}" if own else "")
    return Rows(
        title=f"Audit rows of {noun} {name}",
        frame=frame,
        coverage=(*audit_coverage(case, tables, noun), *(_before(case, name) if request and frame.empty else ())),
        call=f"case.audit_rows({what})",
        columns=tuple(
            column for column in frame if column not in LAST and (frame.empty or frame[column].notna().any())
        ),
        notes=_notes(case, tables, frame),
        hops=_leads(frame, is_request=bool(request)),
        case=case,
    )


def audit_coverage(case: Ground, tables: Sequence[str], noun: str) -> tuple[Coverage, ...]:
    """Coverage of the pulls of some audit tables; without any, why no row can name a tenant or a request (`noun`)."""
    if not tables:
        declared = audit_tables(case)
        lack = f"no column of {', '.join(declared)} is known to hold a {noun}: {NO_COLUMN[noun]}"
        return (not_configured("audit", case.window, lack if declared else NO_TABLE),)
    return named_coverage(case, [f"audit/{table}" for table in tables])


def _before(case: Ground, name: str) -> tuple[Coverage, ...]:
    """That a request of the baseline has its audit rows there, where none is read; nothing of one of the window."""
    number = int((case.baseline_log_events["request_id"] == name).sum())
    if not number:
        return ()
    lack = f"its log events are of the baseline ({number:,}); audit tables are read in the window only"
    return (not_configured("audit.baseline", case.baseline, lack),)


def _together(found: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several tables as one, by time."""
    frame = pd.concat([part for part in found if len(part)] or [_empty()], ignore_index=True)
    frame = numbered_rows(frame.sort_values(["timestamp", *LAST], kind="stable"))
    return frame[[*FIRST, *(column for column in frame if column not in (*FIRST, *LAST)), *LAST]]


def _empty() -> pd.DataFrame:
    stamps = pd.Series([], dtype="datetime64[us, UTC]")
    texts = {name: pd.Series([], dtype="str") for name in ("table", "pull")}
    return pd.DataFrame({"timestamp": stamps, **texts, "row": pd.Series([], dtype="int64")})


def _matcher(
    case: Ground, columns: Sequence[str], name: str, *, is_request: bool
) -> Callable[[pd.DataFrame], np.ndarray]:
    """Whether any of the columns holds a name."""

    def matches(rows: pd.DataFrame) -> np.ndarray:
        found = np.zeros(len(rows), dtype=bool)
        for column in columns:
            held = rows[column].astype("str")
            same = (held == name) if is_request else is_tenant(case, held, name)
            found |= same.fillna(value=False).to_numpy(dtype=bool)
        return found

    return matches


def _rows(case: Ground, table: str, matches: Callable[[pd.DataFrame], np.ndarray]) -> pd.DataFrame:
    """Rows of a table that match, with where they stand in the evidence."""
    rows = case.audit(table).to_pandas()
    found = rows[matches(rows)]
    stamps = pd.to_datetime(found[time_column(case, table)], utc=True).astype("datetime64[us, UTC]")
    found = found.drop(columns=time_column(case, table))
    found = found.rename(columns={name: f"{name}_" for name in (*FIRST, *LAST)})  # the table's own columns of that name
    return found.assign(timestamp=stamps, table=table, pull=f"audit/{table}", row=found.index.astype("int64"))


def _notes(case: Ground, tables: Sequence[str], frame: pd.DataFrame) -> tuple[str, ...]:
    if not audit_tables(case):
        return ("The profile declares no audit table; database.audit of the profile names them.",)
    return (f"Looked at in the window: {', '.join(tables)}.",) if tables and frame.empty else ()


def _leads(frame: pd.DataFrame, *, is_request: bool) -> tuple[str, ...]:
    if "request_id" in frame and not is_request and frame["request_id"].notna().any():
        return (f"case.request({str(frame['request_id'].dropna().iloc[0])!r})  # or .request(n) of this view",)
    named = frame["tenant_id"].dropna() if "tenant_id" in frame else frame["timestamp"].head(0)
    return (f"case.tenant({str(named.iloc[0])!r})",) if is_request and len(named) else ()
