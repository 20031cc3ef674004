"""One tenant: what there is of it in the window, source by source, and the list of tenants."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.groups import ERROR_LEVELS
from ddms_ops.analysis.impact import is_hit, tenant_table
from ddms_ops.checks.leading import events_of
from ddms_ops.checks.refs import counted
from ddms_ops.coverage import ALL_THERE, Coverage, Status
from ddms_ops.findings import Finding, Verdict
from ddms_ops.hops.audit import audit_coverage, audit_rows
from ddms_ops.hops.audit_columns import audit_tables, tenant_columns
from ddms_ops.hops.database import sql
from ddms_ops.hops.lines import holding, level_notes
from ddms_ops.hops.naming import names_it
from ddms_ops.hops.reading import BASELINE, KINDS, WINDOW, is_tenant, log_coverage, log_notes, named_coverage
from ddms_ops.hops.requests import ended, kind_notes, loose_notes, untied
from ddms_ops.hops.tenant_names import logged_tenants, tenant_id
from ddms_ops.hops.view import View
from ddms_ops.hops.views import Ground, Listed, Tenant
from ddms_ops.redact import redact

COLUMNS = ("source", "rows", "first", "last", "read", "look")
NOT_YET = "not looked at yet"
CROSSED = "trail/crossings"
MOST_SEARCHED = 500_000
ABOUT_REQUESTS = ("error_rate", "latency")


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a tenant's rows: how to look at them, the rows, and their pulls; None where `lack` says why not."""

    name: str
    look: str
    rows: pd.DataFrame | None
    coverage: tuple[Coverage, ...]
    lack: str = NOT_YET

    @property
    def cells(self) -> tuple[object, ...]:
        """A row of the view."""
        if self.rows is None:
            return (self.name, None, pd.NaT, pd.NaT, self.lack, self.look)
        if self.coverage and all(row.status is Status.NOT_CONFIGURED for row in self.coverage):
            return (self.name, None, pd.NaT, pd.NaT, _read(self.coverage), self.look)
        stamps = self.rows["timestamp"] if "timestamp" in self.rows else pd.Series(dtype="datetime64[us, UTC]")
        return (self.name, len(self.rows), stamps.min(), stamps.max(), _read(self.coverage), self.look)


def tenant(case: Ground, given: object) -> Tenant:
    """What there is of one tenant in the window: log events, requests, audit rows, statements, findings.

    The database log and the trail's crossings are only counted where the case has read them; else the row says so, and
    `look` reads them.

    Args:
        case: the case.
        given: the tenant, spelled as the system allows it.

    Returns:
        A view; its frame has source, rows (Int64, null where not looked at or not configured), first and last (UTC),
        read (whether all pulls of it are complete, null of findings) and look, the call that shows them.

    Raises:
        BadInput: neither logs nor audit tables name it.
    """
    name = tenant_id(case, given)
    sources = _sources(case, name)
    frame = pd.DataFrame([source.cells for source in sources], columns=list(COLUMNS)).astype({"rows": "Int64"})
    for edge in ("first", "last"):
        frame[edge] = pd.to_datetime(frame[edge], utc=True).astype("datetime64[us, UTC]")
    pulls = dict.fromkeys(row for source in sources for row in source.coverage)
    call = f"case.tenant({name!r})"
    return Tenant(
        title=f"Tenant {name} in the window",
        frame=frame,
        coverage=tuple(pulls),
        call=call,
        notes=(*kind_notes(case), *level_notes(case), *log_notes(case)),
        hops=tuple(f"{call}.{way}()" for way in ("lines", "requests", "audit", "sql", "findings", "before")),
        case=case,
        id=name,
        _named_by=lambda: findings_of(case, name),
    )


def _sources(case: Ground, name: str) -> list[Source]:
    of = f"tenant={name!r}"
    logs, before = (
        frame[is_tenant(case, frame["tenant"], name)] for frame in (case.log_events, case.baseline_log_events)
    )
    found = ended(case)
    found = found[is_tenant(case, found["tenant"], name)]
    now = log_coverage(case, WINDOW)
    sources = [
        Source("log events", f"case.logs({of})", logs, now),
        Source("log events at ERROR", f"case.logs({of}, level='ERROR')", logs[logs["level"].isin(ERROR_LEVELS)], now),
        Source("requests and jobs", f"case.requests_of({of})", found, now),
        _failed(case, f"case.requests_of({of}, failed=True)", logs, found),
        Source("log events of the baseline", f"case.logs({of}, side='baseline')", before, log_coverage(case, BASELINE)),
        _mentioned(case, name, now),
        *_audited(case, name),
    ]
    return [*sources, *_database(case, name), *_crossings(case, name), _findings(case, name)]


def _failed(case: Ground, look: str, logs: pd.DataFrame, found: pd.DataFrame) -> Source:
    """Its requests that failed; none is not said where errors of it belong to no request that ended."""
    failed = found[found["failed"].astype(bool)]
    loose = untied(ended(case), logs[logs["is_error"].astype(bool)]) if failed.empty else logs.head(0)
    lack = f"cannot be told: {counted(len(loose), 'error')} of no request that ended"
    name = "requests and jobs that failed"
    return Source(name, look, None if len(loose) else failed, log_coverage(case, WINDOW), lack)


def _mentioned(case: Ground, name: str, coverage: tuple[Coverage, ...]) -> Source:
    """Log events that hold its id as a text and are nobody's or another's; of very many they are not looked for."""
    events = case.log_events
    others = events[~is_tenant(case, events["tenant"], name)] if len(events) <= MOST_SEARCHED else None
    found = None if others is None else others[holding(case, others, name)]
    look = f"case.logs(contains={name!r})  # its own among them"
    return Source("log events of others that mention it", look, found, coverage)


def _audited(case: Ground, name: str) -> list[Source]:
    of = f"case.audit_rows(tenant={name!r}"
    tables = [table for table in audit_tables(case) if tenant_columns(case, table)]
    if not tables:
        return [Source("audit rows", f"{of})", pd.DataFrame(), audit_coverage(case, (), "tenant"))]
    rows = audit_rows(case, tenant=name).frame
    return [
        Source(
            f"audit rows of {table}",
            f"{of}, table={table!r})",
            rows[rows["table"] == table],
            audit_coverage(case, [table], "tenant"),
        )
        for table in tables
    ]


def _database(case: Ground, name: str) -> list[Source]:
    """Its statements, where the log was read."""
    read = tuple(row for row in case.coverage if row.pull.split("/")[0] == "database_log")
    view = sql(case, tenant=name) if read else None
    logs = () if view is None else tuple(row for row in view.coverage if row.pull.startswith(f"{KINDS[WINDOW]}/"))
    coverage = read if all(row.status is Status.NOT_CONFIGURED for row in read) else (*read, *logs)
    rows = None if view is None else view.frame
    return [Source("statements of the database log", f"case.sql(tenant={name!r})", rows, coverage)]


def _crossings(case: Ground, name: str) -> list[Source]:
    """Rows that cross tenants, of which it is one."""
    if case.profile.tenants is None or case.profile.tenants.trail is None:
        return []
    read = named_coverage(case, [CROSSED])
    if not read:
        return [Source("rows across tenants", "case.crossings", None, ())]
    rows = case.crossings
    its = rows[is_tenant(case, rows["actor"], name) | is_tenant(case, rows["owner"], name)]
    return [Source("rows across tenants", "case.crossings", its, read)]


def _findings(case: Ground, name: str) -> Source:
    """Findings that it is in, once a check was made; their pulls are told with them."""
    found = [{"timestamp": finding.first_seen} for finding, _ in _naming(case, name)]
    frame = pd.DataFrame(found, columns=["timestamp"])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True)
    made = _made(case)
    look = f"case.tenant({name!r}).findings()"
    return Source(f"findings ({counted(made, 'check')} made)", look, frame if made else None, ())


def _made(case: Ground) -> int:
    """How many checks were made, clear or not."""
    return sum(result.status is not Verdict.NOT_CHECKED for result in case.known_results)


def _read(coverage: Sequence[Coverage]) -> str | None:
    """`whole`, or what is not; nothing where no pull was looked at."""
    if not coverage:
        return None
    lacking = [row for row in coverage if row.status not in ALL_THERE]
    if not lacking:
        return "whole"
    states = ", ".join(dict.fromkeys(str(row.status).replace("_", " ") for row in lacking))
    return f"{len(lacking)} of {len(coverage)} pulls {states}"


def _naming(case: Ground, name: str) -> list[tuple[Finding, str]]:
    """Findings that a tenant is in, by rank, and how: named in its words, or by its events and requests."""
    found = []
    for finding in (finding for result in case.known_results for finding in result.findings):
        how = _hit(case, finding, name) or ("named" if _is_named(case, finding, name) else "")
        found += [(finding, how)] if how else []
    return found


def _is_named(case: Ground, finding: Finding, name: str) -> bool:
    names = {name, redact(name)}
    values = pd.Series([part.strip() for value in finding.subject.values() for part in value.split(",")], dtype="str")
    is_subject = any(is_tenant(case, values, each).any() for each in names)
    return is_subject or any(names_it(finding.statement, each) for each in names)


def _hit(case: Ground, finding: Finding, name: str) -> str:
    """`4 requests of it` that a finding about errors or slow requests is about, else how many events; empty if none."""
    found = ended(case)
    if "group" in finding.subject:
        rows = case.log_events[case.log_events["group"].isin(finding.subject["group"].split(","))]
        found = found[is_hit(found, rows).to_numpy(dtype=bool)]
    elif finding.check in ABOUT_REQUESTS:
        rows = found = events_of(case, finding)
    else:
        return ""
    for noun, part in (("request", found), ("event", rows)):
        if number := int(is_tenant(case, part["tenant"], name).sum()):
            return f"{counted(number, noun)} of it"
    return ""


def findings_of(case: Ground, name: str) -> View:
    """Findings of the checks made so far that a tenant is in, by rank: by name, or by its events and requests.

    Returns:
        A view; its frame has id, severity, statement, first_seen (UTC), confidence and how.
    """
    found = _naming(case, name)
    rows = [(f.id, str(f.severity), f.statement, f.first_seen, f.confidence, how) for f, how in found]
    frame = pd.DataFrame(rows, columns=["id", "severity", "statement", "first_seen", "confidence", "how"])
    frame["first_seen"] = pd.to_datetime(frame["first_seen"], utc=True).astype("datetime64[us, UTC]")
    checks = _made(case)
    note = (
        f"{counted(checks, 'check')} made so far; a section that was not run has none here, and what is found of all,"
        " such as a metric, is nobody's."
        if checks
        else "No check was made."
    )
    return View(
        title=f"Findings that tenant {name} is in",
        frame=frame,
        coverage=tuple(case.coverage),
        call=f"case.tenant({name!r}).findings()",
        notes=(note,),
        hops=tuple(f"case.finding({each.id!r})" for each, _ in found[:1]),
    )


def tenants_seen(case: Ground) -> Listed[Tenant]:
    """Tenants that the logs of window or baseline name, most failures first; each opens by its id.

    One that is spelled in several ways which the system takes for one is one row, by the most frequent of them.

    Returns:
        A view; its frame has tenant, events (log events of the window), requests (int64), failed (Int64), share (failed
        of requests, 0..1, NaN without requests) and errors_apart (int64), errors that belong to no request or job that
        ended. With these and no request that failed, failed and share are null.
    """
    names = logged_tenants(case)
    table = tenant_table(ended(case))
    table = table.reindex(pd.Index(names, dtype="str", name="tenant"))
    table["events"] = case.log_events["tenant"].dropna().astype("str").value_counts().reindex(names)
    loose = untied(ended(case), case.log_events[case.log_events["is_error"].astype(bool)])
    table["errors_apart"] = loose["tenant"].dropna().astype("str").value_counts().reindex(names)
    counts = ["events", "requests", "failed", "errors_apart"]
    table[counts] = table[counts].fillna(0).astype("int64")
    order = ["failed", "errors_apart", "events", "tenant"]
    frame = table.reset_index().sort_values(order, ascending=[False, False, False, True], ignore_index=True)
    frame = frame[["tenant", "events", "requests", "failed", "share", "errors_apart"]].astype({"failed": "Int64"})
    frame.loc[(frame["failed"] == 0) & (frame["errors_apart"] > 0), ["failed", "share"]] = None
    ids = tuple(str(name) for name in frame["tenant"])
    return Listed(
        title="Tenants of the logs, window and baseline",
        frame=frame,
        coverage=log_coverage(case, WINDOW, BASELINE),
        call="case.tenants_seen",
        columns=tuple(frame.columns if len(loose) else frame.columns[:-1]),
        notes=(*loose_notes(len(loose)), *kind_notes(case), *level_notes(case), *log_notes(case)),
        hops=tuple(f"case.tenant({name!r})" for name in ids[:1]),
        noun="tenant",
        ids=ids,
        _opened=lambda name: tenant(case, name),
    )
