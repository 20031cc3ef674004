"""Requests: those of a group or a tenant, and one with all its log events across log groups."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.analysis.impact import is_hit
from ddms_ops.analysis.threads import healthy_request
from ddms_ops.checks.refs import counted, ms_words
from ddms_ops.checks.tables import visible
from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import BadInput
from ddms_ops.hops.asked import group_id
from ddms_ops.hops.lines import SHOWN, leads, numbered, raw, shown_columns
from ddms_ops.hops.naming import is_chosen, optional
from ddms_ops.hops.reading import BASELINE, WINDOW, doubt, is_tenant, log_coverage, log_notes, numbered_rows, request_id
from ddms_ops.hops.tenant_names import tenant_id
from ddms_ops.hops.views import Ground, Request, Requests

KEPT = (
    "timestamp", "endpoint", "status", "failed", "duration_ms", "tenant", "user", "request_id", "version", "job_type",
    "log_group", "pull", "row",
)  # fmt: skip
ENDED = ("n", "timestamp", "endpoint", "job_type", "status", "failed", "duration_ms", "tenant", "request_id")


def request(case: Ground, given: object) -> Request:
    """All log events of one request, of window and baseline, by time.

    Args:
        case: the case.
        given: the request's id, compared as it is; what is shown in place of one that is redacted will do.

    Returns:
        A view with the columns of `case.logs`; one that was not seen has no rows, which means that it is not there
        only where the view's `is_all_there`.

    Raises:
        BadInput: the id is no text, or empty.
    """
    name = request_id(case, given)
    parts = [frame[_is_request(frame, name)] for frame in (case.log_events, case.baseline_log_events)]
    frame = numbered(case, pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True))
    call = f"case.request({name!r})"
    notes = [*log_notes(case)]
    if len(parts[1]):
        notes.append(f"{counted(len(parts[1]), 'line')} of it in the baseline.")
    return Request(
        title=f"Request {name}{_outcome(frame)}",
        frame=frame,
        coverage=log_coverage(case, WINDOW, BASELINE),
        call=call,
        columns=tuple(column for column in shown_columns(frame, SHOWN) if column != "request_id"),
        notes=tuple(notes),
        hops=_leads(frame, call, name),
        case=case,
        id=name,
        _raw=lambda n: raw(case, frame.iloc[n], f"{call}.raw({n})"),
        _like_it=lambda: healthy(case, frame, call),
    )


def _is_request(frame: pd.DataFrame, name: str) -> pd.Series:
    return (frame["request_id"] == name).fillna(value=False).astype(bool)


def _outcome(frame: pd.DataFrame) -> str:
    """` (POST /x, status 500, 812 ms, 2 log groups)`: what its lines say of it; empty without any."""
    known = {name: frame[name].dropna() for name in ("endpoint", "status", "duration_ms")}
    parts = [str(known["endpoint"].iloc[0])] if len(known["endpoint"]) else []
    parts += [f"status {', '.join(known['status'].astype('str').unique())}"] if len(known["status"]) else []
    parts += [ms_words(float(known["duration_ms"].max()))] if len(known["duration_ms"]) else []
    parts += [counted(frame["log_group"].nunique(), "log group")] if len(frame) else []
    return f" ({', '.join(parts)})" if parts else ""


def _leads(frame: pd.DataFrame, call: str, name: str) -> tuple[str, ...]:
    own = (f"{call}.sql()", f"{call}.audit()")
    failed = len(frame) and frame["is_error"].any() and frame["endpoint"].notna().any()
    return (*own, *([f"{call}.healthy()"] if failed else []), *leads(frame, call, own=name))


def healthy(case: Ground, frame: pd.DataFrame, call: str) -> Request:
    """A usual request of the endpoint of some lines that went well, of the window, else of the baseline.

    Raises:
        BadInput: there is none.
    """
    named = frame["endpoint"].dropna().astype("str")
    endpoint = named.iloc[0] if len(named) else ""
    sides = ((case.log_events, case.requests), (case.baseline_log_events, case.baseline_requests))
    found = next((name for logs, ended in sides if endpoint and (name := healthy_request(logs, ended, endpoint))), "")
    if not found:
        why = f"no request of {endpoint} went well" if endpoint else "its lines name no endpoint, so none is like it"
        raise BadInput(visible(f"{call}.healthy(): {why}{doubt(log_coverage(case, WINDOW, BASELINE))}"))
    return request(case, found)


def requests_of(case: Ground, *, group: str = "", tenant: str = "", failed: bool = False) -> Requests:
    """Requests and jobs that ended in the window, of a group of messages or a tenant, by time.

    Where no event carries an HTTP status, every event counts as a request and errors are the failures. Errors that
    belong to no request that was seen to end are in a note; where nothing else is there, the view is not all there.

    Args:
        case: the case.
        group: only those that events of this group belong to.
        tenant: only this one's.
        failed: only those that failed.

    Returns:
        A view; its frame has n (int64) and KEPT: `failed` (bool) says how each ended.

    Raises:
        BadInput: no such group or tenant.
    """
    group, tenant, failed = optional("group", group), optional("tenant", tenant), is_chosen("failed", failed)
    asked = {"group": group_id(case, group) if group else "", "tenant": tenant_id(case, tenant) if tenant else ""}
    frame = _of(case, asked["group"], asked["tenant"])
    frame = numbered_rows(frame[frame["failed"].astype(bool)] if failed else frame)
    loose = _loose(case, asked["group"], asked["tenant"])
    number = int(frame["failed"].sum())
    least = f"at least {number:,} failed" if number else "whether any failed cannot be told"
    given: dict[str, str | bool] = {name: value for name, value in asked.items() if value}
    words = "".join(f", {name} {value}" for name, value in given.items())
    given |= {"failed": True} if failed else {}
    call = f"case.requests_of({', '.join(f'{name}={value!r}' for name, value in given.items())})"
    return Requests(
        title=f"Requests and jobs of the window{words}; {least if len(loose) else f'{number:,} failed'}",
        frame=frame,
        coverage=(*log_coverage(case, WINDOW), *_not_tied(case, loose, frame)),
        call=call,
        columns=shown_columns(frame, ENDED),
        notes=(*loose_notes(len(loose), "event" if group else "error"), *kind_notes(case), *log_notes(case)),
        hops=_request_leads(frame),
        case=case,
    )


def _of(case: Ground, group: str, tenant: str) -> pd.DataFrame:
    """Requests and jobs of a group, a tenant, both or any."""
    found = ended(case)
    if group:
        errors = case.log_events[case.log_events["group"] == group]
        found = found[is_hit(found, errors).to_numpy(dtype=bool)]
    if tenant:
        found = found[is_tenant(case, found["tenant"], tenant)]
    return found[[name for name in KEPT if name in found.columns]]


def _loose(case: Ground, group: str, tenant: str) -> pd.DataFrame:
    """The group's events, else the errors, of the tenant or of all, that belong to no request that ended."""
    events = case.log_events
    events = events[events["group"] == group] if group else events[events["is_error"].astype(bool)]
    events = untied(ended(case), events)
    return events[is_tenant(case, events["tenant"], tenant)] if tenant else events


def untied(found: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Events that belong to no request or job that ended: they name no request id, or one of which no end was seen.

    Args:
        found: requests and jobs of one side, as `ended` has them.
        events: log events of the same side; both have the index of the side's log events.
    """
    apart = events[~events.index.isin(found.index)]
    asked = pa.array(apart["request_id"].dropna().astype("str").unique(), type=pa.large_string())
    is_seen = pc.is_in(pa.array(found["request_id"].astype("str"), type=pa.large_string()), asked)
    seen = found.loc[is_seen.to_numpy(zero_copy_only=False), "request_id"]
    return apart[~apart["request_id"].isin(seen.unique())]


def loose_notes(number: int, noun: str = "error") -> tuple[str, ...]:
    """That so many errors, or events of a group, are `untied`; nothing where none is."""
    belong, they = ("belongs", "it") if number == 1 else ("belong", "they")
    told = (
        f"{counted(number, noun)} {belong} to no request or job that was seen to end; what {they} hit is not counted."
    )
    return (told,) if number else ()


def _not_tied(case: Ground, loose: pd.DataFrame, frame: pd.DataFrame) -> tuple[Coverage, ...]:
    """That an empty list is no proof, where events belong to no request that ended."""
    if loose.empty or len(frame):
        return ()
    lack = f"of no request or job that was seen to end: {counted(len(loose), 'event')}"
    return (Coverage("requests", "logs", "request ids", case.window, None, 0, None, Status.PARTIAL, lack),)


def ended(case: Ground) -> pd.DataFrame:
    """Requests and jobs that ended in the window; where none has a status, every event."""
    return case.outcomes if case.has_requests else case.requests


def kind_notes(case: Ground) -> tuple[str, ...]:
    """What counts as a request where no event has a status."""
    return () if case.has_requests else ("No event carries an HTTP status: each event is counted, errors as failed.",)


def _request_leads(frame: pd.DataFrame) -> tuple[str, ...]:
    """The first that failed, else the first, by its id."""
    known = frame[frame["request_id"].notna()]
    if known.empty:
        return ()
    worst = known.sort_values("failed", ascending=False, kind="stable").iloc[0]
    hops = (f"case.request({str(worst['request_id'])!r})  # or .request(n) of this view",)
    return hops if pd.isna(worst["tenant"]) else (*hops, f"case.tenant({str(worst['tenant'])!r})")
