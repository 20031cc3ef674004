"""Statements of the database log: those of a request or a tenant, and one statement with its calls."""

from urllib.parse import quote

import pandas as pd

from ddms_ops.analysis.sql_tags import statement_requests
from ddms_ops.analysis.statement_log import BEFORE, CALLS, NOW
from ddms_ops.analysis.tenant_time import UNKNOWN
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.refs import counted, ms_words
from ddms_ops.coverage import Coverage
from ddms_ops.errors import BadInput
from ddms_ops.hops.naming import chosen, optional
from ddms_ops.hops.reading import WINDOW, doubt, is_tenant, log_coverage, log_notes, numbered_rows, request_id
from ddms_ops.hops.requests import ended
from ddms_ops.hops.tenant_names import tenant_id
from ddms_ops.hops.views import Ground, Listed, Rows, Statement
from ddms_ops.sql_text import shown

TAGGED = 100_000
TIMED = (*CALLS, "fetch")  # a plan repeats the time of its call
SLOWEST = 1_000
OF_REQUEST = """
    SELECT timestamp, side, kind, duration_ms, id AS statement, statement AS text, comment, application, "user",
        database, message, pid, pull, row FROM named
    WHERE contains(comment, $1) OR contains(comment, $2) OR contains(application, $1) ORDER BY server, place
"""
OF_STATEMENT = """
    SELECT timestamp, side, duration_ms, id AS statement, comment, application, "user", database, pid, pull, row
    FROM calls WHERE id = $1 AND side = $2 ORDER BY duration_ms DESC, server, place LIMIT $3
"""
SETTING, TAG = "the session's setting", "the request id that it states"
SWITCH_ON = (
    "No statement of the log says which request sent it: let the application write request_id into a comment of its SQL"
    " (sqlcommenter), or let its application_name end in it. Statements of the same seconds are not linked."
)
NO_CALLS = "The database log has no statement with its duration in the window: set log_min_duration_statement."
SUMS = ["statement", "text", "calls", "total_ms", "known_by"]


def sql(case: Ground, *, request: str = "", tenant: str = "") -> Rows:
    """Statements of the database log that a request sent, or a tenant's, added up by statement.

    Args:
        case: the case.
        request: the request's id: statements that state it in a comment or in their connection's name.
        tenant: the tenant: statements of sessions that set it, else those of its requests; one of both is given.

    Returns:
        A view. Of a request its frame has n, timestamp, side (now, before), kind, duration_ms, statement (id), text
        (without literals), user, database, message, request_id, pull and row; of a tenant SUMS with n: calls and
        total_ms (float64), and known_by, how the tenant is known; by request ids out of the logs, their pulls are in
        the coverage too. Nothing is guessed from times.

    Raises:
        BadInput: neither or both, or no such tenant.
    """
    asked = optional("request", request), optional("tenant", tenant)
    if bool(asked[0]) == bool(asked[1]):
        raise BadInput("sql: give a request or a tenant, one of them")
    return _of_request(case, request_id(case, asked[0])) if asked[0] else _of_tenant(case, tenant_id(case, asked[1]))


def log_of(case: Ground) -> tuple[Coverage, ...]:
    """Coverage of the database log, window and baseline."""
    return (*case.pulls("database_log"), *case.pulls("database_log.baseline"))


def _of_request(case: Ground, name: str) -> Rows:
    coverage = log_of(case)
    events = case.statement_log.rows_of(OF_REQUEST, [name, quote(name, safe="")])
    stated = statement_requests(events)
    frame = numbered_rows(stated[(stated["request_id"] == name) | (stated["trace_id"] == name)])
    spent = frame.loc[frame["kind"].isin(TIMED), "duration_ms"]
    took = f", {ms_words(float(spent.sum()))} in all" if spent.notna().any() else ""
    return Rows(
        title=f"Statements of request {name}{took}",
        frame=frame,
        coverage=coverage,
        call=f"case.sql(request={name!r})",
        columns=("n", "timestamp", "kind", "duration_ms", "statement", "text", "user", "message"),
        notes=() if len(frame) else (_why_none(case),),
        hops=_statement_leads(frame),
        case=case,
    )


def _why_none(case: Ground) -> str:
    """Why no statement is known to be a request's, and what to switch on."""
    calls = case.statement_log.stats(NOW)["calls"].sum()
    if not calls:
        return _no_calls(case)
    tagged = _tagged(case)
    stating = int((tagged["request_id"].notna() | tagged["trace_id"].notna()).sum())
    if not stating:
        return SWITCH_ON
    return (
        f"{stating:,} of {calls:,.0f} calls of the window in the log state a request, none of them this one;"
        " calls shorter than log_min_duration_statement are not logged."
    )


def _no_calls(case: Ground) -> str:
    """What to switch on where the log was read whole; else that it was not."""
    lacking = doubt(case.pulls("database_log"))
    return f"No call of the database log was read{lacking}." if lacking else NO_CALLS


def _tagged(case: Ground) -> pd.DataFrame:
    return statement_requests(case.statement_log.tagged(most=TAGGED))


def _statement_leads(frame: pd.DataFrame) -> tuple[str, ...]:
    return tuple(f"case.statement({str(name)!r})" for name in frame["statement"].dropna().unique()[:1])


def _of_tenant(case: Ground, name: str) -> Rows:
    by_session = case.tenant_time[case.tenant_time["side"] == NOW]
    is_told = len(by_session) > 0 and bool((by_session["tenant"] != UNKNOWN).any())
    found = by_session[is_tenant(case, by_session["tenant"], name)] if is_told else _by_requests(case, name)
    frame = found.groupby("statement", as_index=False, sort=True)[["calls", "total_ms"]].sum()
    frame["text"] = [shown(case.statement_log.texts.get(each, each)) for each in frame["statement"]]
    frame = frame.assign(known_by=SETTING if is_told else TAG)[SUMS].astype({"text": "str", "known_by": "str"})
    frame = numbered_rows(frame.sort_values(["total_ms", "statement"], ascending=[False, True]))
    calls = float(case.statement_log.stats(NOW)["calls"].sum())
    known = float(by_session.loc[by_session["tenant"] != UNKNOWN, "calls"].sum()) if is_told else None
    return Rows(
        title=f"Statements of tenant {name} in the window, by statement",
        frame=frame,
        coverage=log_of(case) if is_told else (*log_of(case), *log_coverage(case, WINDOW)),
        call=f"case.sql(tenant={name!r})",
        notes=(_how_known(case, calls, known), *(() if is_told else log_notes(case))),
        hops=_statement_leads(frame),
        case=case,
    )


def _by_requests(case: Ground, name: str) -> pd.DataFrame:
    """Calls that state a request of a tenant."""
    found = ended(case)
    ids = found.loc[is_tenant(case, found["tenant"], name) & found["request_id"].notna(), "request_id"].astype("str")
    logs = case.log_events
    ids = pd.concat([ids, logs.loc[is_tenant(case, logs["tenant"], name), "request_id"].dropna().astype("str")])
    tagged = _tagged(case)
    its = tagged[tagged["request_id"].isin(ids) | tagged["trace_id"].isin(ids)]
    return its.rename(columns={"duration_ms": "total_ms"}).assign(calls=1.0)


def _how_known(case: Ground, calls: float, known: float | None) -> str:
    if not calls:
        return _no_calls(case)
    if known is not None:
        return f"Known by {SETTING}: of {calls:,.0f} calls of the window in the log {known:,.0f} have a tenant so."
    tagged = _tagged(case)
    stating = int((tagged["request_id"].notna() | tagged["trace_id"].notna()).sum())
    names = ", ".join(case.database.tenant_settings[:2])
    switch = (
        f" To know more, let sessions set their tenant ({names}) and log it, or let statements state their request."
    )
    return f"No session of the log sets a tenant; known by {TAG}: {stating:,} of {calls:,.0f} calls state one.{switch}"


def statements(case: Ground) -> Listed[Statement]:
    """Statements of the window in the database log, the most time first; each opens by its id.

    Returns:
        A view; its frame has statement, text, calls, total_ms, mean_ms, p95_ms and max_ms (float64).
    """
    table = case.statement_log.stats(NOW).sort_values(["total_ms"], ascending=False, kind="stable").reset_index()
    texts = case.statement_log.texts
    table["text"] = pd.Series([shown(texts.get(name, name)) for name in table["statement"]], dtype="str")
    names = tuple(str(name) for name in table["statement"])
    frame = table[["statement", "text", "calls", "total_ms", "mean_ms", "p95_ms", "max_ms"]]
    return Listed(
        title="Statements of the database log in the window",
        frame=frame,
        coverage=tuple(case.pulls("database_log")),
        call="case.statements",
        notes=() if len(frame) else (_no_calls(case),),
        hops=tuple(f"case.statement({name!r})" for name in names[:1]),
        noun="statement",
        ids=names,
        _opened=lambda name: statement(case, name),
    )


def statement(case: Ground, given: object) -> Statement:
    """One statement: its slowest calls in the window, and how often and how long it ran now and before.

    Args:
        case: the case.
        given: its id, or the only one that begins so.

    Returns:
        A view; its frame has n, timestamp, duration_ms, user, application's request_id and route, pull and row of at
        most 1,000 calls, the slowest first. No rows where the log does not hold it; the counters may.

    Raises:
        BadInput: neither the log nor the counters know it.
    """
    how = f"case.statements lists those of the log{doubt((*log_of(case), *case.pulls('statistics')))}"
    name = chosen("statement", given, _known(case, given), how=how)
    calls = case.statement_log.rows_of(OF_STATEMENT, [name, NOW, SLOWEST])
    frame = numbered_rows(statement_requests(calls))
    call = f"case.statement({name!r})"
    hops = [f"case.request({str(each)!r})" for each in frame["request_id"].dropna().head(1)]
    there = case.statement_log.stats(NOW)
    total = float(there["calls"].get(name, 0.0))
    cut = f"; the slowest {SLOWEST:,} of {total:,.0f} calls" if total > SLOWEST else ""
    return Statement(
        title=f"Statement {name}{cut}: {case.statement_text(name)}",
        frame=frame,
        coverage=(*log_of(case), *case.pulls("statistics")),
        call=call,
        columns=("n", "timestamp", "duration_ms", "user", "database", "request_id", "route", "pid"),
        notes=(*_sides(case, name), *_compared(case, name)),
        hops=tuple(hops),
        case=case,
        id=name,
    )


def _known(case: Ground, given: object) -> list[str]:
    """Ids of the log, and the one given where only counters or samples of sessions hold it."""
    known = list(case.statement_log.ids)
    is_other = isinstance(given, str) and given.strip() not in known and bool(case.masked_text(given.strip()))
    return [*known, str(given).strip()] if is_other else known


def _sides(case: Ground, name: str) -> tuple[str, ...]:
    """`now: 13 calls, 4,110 ms in all, p95 600 ms`, and the same of the baseline."""
    words = []
    for side in (NOW, BEFORE):
        stats = case.statement_log.stats(side)
        if name in stats.index:
            row = stats.loc[name]
            spent = f"{ms_words(row['total_ms'])} in all, p50 {ms_words(row['p50_ms'])}, p95 {ms_words(row['p95_ms'])}"
            words.append(f"{side}: {counted(int(row['calls']), 'call')}, {spent}")
        else:
            words.append(f"{side}: no call in the log")
    return ("; ".join(words),)


def _compared(case: Ground, name: str) -> tuple[str, ...]:
    """How the comparison of statements sees it, where there is one."""
    try:
        bridge = case.statement_basis.bridge
    except CannotTell as lack:
        return (f"Window and baseline cannot be compared: {lack}.",)
    if name not in bridge.index:
        return ()
    row = bridge.loc[name]
    kind = case.statement_basis.kind
    return (f"By the {kind}: {row['delta_ms'] / 1000:+,.2f} s against the baseline, scaled to the window's length.",)
