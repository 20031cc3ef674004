"""What is really in an export: counted from what was drawn, for tests and drills to compare with.

truth.json holds what follows, and `seed`, `events_asked`, `audit_rows` (rows by table), `database` (see
`database.write_database`), `leak` (see `leak_truth`), and what `work_truth` says. Times are ISO with Z; a minute is
its first instant. A request is affected when it fails, is answered with 200 though it failed, or needed more than one
attempt, because of the scenario.

    scenario, system: names.
    kind: "error" (a planted error, whatever it shows as), "traffic", "log_level", "latency" (a statement became slow;
        `database` says which, why and for whom; the errors are those calls that timed out), "leak" (documents are
        shown to other tenants, nothing fails; see `leak`), "work" (documents wait, nothing fails; see `work`), or
        None on a quiet day.
    is_quiet: nothing above low is to be found: a quiet day, or more lines without more errors.
    gradual: the error grows from nothing.
    shows_as: "failure" (5xx), "answer" (200 with an error in it), "retry", "job" (the worker's), "slow", or None.
    onset: minute of the first event that shows it, by a right clock, or None; planted_at: the minute meant.
    error, message_contains, endpoint, zone, mark: of the first cause, else of the planted fault with most
        requests; None where it has none. message_contains are words of its message that never vary. mark is
        the strongest attribute, {"name", "value"}: name is a key of the events ("tenantId", "az", "jobType")
        or "endpoint" (method and path); None where nothing sets the failing apart.
    version: the new version or None; version_before.
    errors: one entry a planted fault, most requests first: error, message_contains, endpoint, zone, mark,
        requests (affected ones; jobs where the worker fails).
    causes: one entry a cause with a start of its own, first start first: onset, planted_at, error,
        message_contains, endpoint, mark, requests, change. Empty where there is one cause or none.
    tenants: affected ones by name (where traffic falls all that were seen); tenants_seen: how many;
        tenant_share: affected / seen.
    failing_requests, failing_by_tenant: planted failures and answers.
    affected_requests, affected_by_tenant: these and those tried again, since the onset.
    failing_jobs: {"attempts", "jobs" (given up), "by_job_type" (attempts)} of the planted job fault.
    retries: {"baseline", "window"}: lines of attempts that failed.
    lines: {"baseline", "window"}: lines of the API's log by level, as logged ("plain": not JSON).
    requests: {"baseline", "window", "since_onset"}: total and 5xx (background included), by logged time.
    traffic_left: share of the usual traffic from the onset on.
    skew: {"stream", "minutes"} of the log stream whose clock is minutes ahead (negative: behind), or None.
    change: first planted call {"name", "resource", "time"} or None; change_calls: all planted ones;
        innocent_changes: further writes well before or after that explain nothing.
    events: by log group; trail_records.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddms_ops.simulate.cloudtrail import event_time
from ddms_ops.simulate.dms.api_log import ATTEMPT, DEBUG, DETAIL, REPORT, WRONG_CLOCK_MS, ApiEvents
from ddms_ops.simulate.dms.attributes import stream_names
from ddms_ops.simulate.dms.catalog import JOBS, OLD_VERSION
from ddms_ops.simulate.dms.jobs import PLANTED, Jobs
from ddms_ops.simulate.dms.leaks import Crossings
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.scenario import MINUTE_MS, Call, Fault, Scenario

Told = dict[str, object]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything that an export is written from."""

    requests: Requests
    crossings: Crossings
    events: ApiEvents
    jobs: Jobs


def truth_of(scenario: Scenario, drawn: Drawn, salt: int, events: dict[str, int], trail_records: int) -> Told:
    """The truth about an export; the module says what is in it."""
    requests = drawn.requests
    seen = sorted(requests.names[place] for place in np.unique(requests.tenant))
    affected = _by_tenant(requests, _affected(scenario, requests)) or _by_job_tenant(scenario, drawn)
    hit = sorted(affected) if scenario.kind != "traffic" else seen
    errors = _errors(scenario, requests, drawn.jobs)
    causes = _causes(scenario, requests)
    keys = ("error", "message_contains", "endpoint", "zone", "mark")
    told = next(iter([*causes, *errors]), {})
    return {
        **_named(scenario, drawn),
        **{name: told.get(name) for name in keys},
        "errors": errors,
        "causes": causes,
        "tenants": hit,
        "tenants_seen": len(seen),
        "tenant_share": round(len(hit) / len(seen), 4),
        "failing_requests": int(requests.is_planted.sum()),
        "failing_by_tenant": _by_tenant(requests, requests.is_planted),
        "affected_requests": int(_affected(scenario, requests).sum()),
        "affected_by_tenant": affected,
        "failing_jobs": _failing_jobs(drawn.jobs),
        **_lines(scenario, drawn),
        "requests": _requests(scenario, requests),
        "traffic_left": scenario.traffic_left,
        "skew": _skew(scenario, requests, salt),
        **_changes(scenario),
        "events": events,
        "trail_records": trail_records,
    }


def _named(scenario: Scenario, drawn: Drawn) -> Told:
    """What was meant, and when it began."""
    return {
        "scenario": scenario.name,
        "system": scenario.system,
        "onset": _onset(scenario, drawn),
        "planted_at": scenario.onset,
        "kind": scenario.kind,
        "is_quiet": scenario.kind in (None, "log_level"),
        "gradual": any(fault.is_gradual for fault in scenario.faults),
        "shows_as": _shows_as(scenario),
        "version": scenario.new_version,
        "version_before": OLD_VERSION,
    }


def _shows_as(scenario: Scenario) -> str | None:
    if scenario.dropped_index:
        return "slow"
    if not scenario.faults:
        return "job" if scenario.job_fault else None
    error = scenario.faults[0].error
    return "retry" if error.retries else "answer" if error.in_answer else "failure"


def _affected(scenario: Scenario, requests: Requests) -> NDArray[np.bool_]:
    since_ms = scenario.end_ms if scenario.onset_ms is None else scenario.onset_ms
    return requests.is_planted | ((requests.attempts > 0) & (requests.time_ms >= since_ms))


def _by_tenant(requests: Requests, is_counted: NDArray[np.bool_]) -> dict[str, int]:
    counts = np.bincount(requests.tenant[is_counted], minlength=len(requests.names))
    return dict(sorted((requests.names[place], int(count)) for place, count in enumerate(counts) if count))


def _by_job_tenant(scenario: Scenario, drawn: Drawn) -> dict[str, int]:
    """Failed attempts at jobs by tenant, where jobs alone fail."""
    if scenario.faults:
        return {}
    tenants = drawn.jobs.tenant[drawn.jobs.error == PLANTED]
    counts = np.bincount(tenants, minlength=len(drawn.requests.names))
    return dict(sorted((drawn.requests.names[place], int(count)) for place, count in enumerate(counts) if count))


def _onset(scenario: Scenario, drawn: Drawn) -> str | None:
    if scenario.faults:
        return _first_minute(drawn.requests, _affected(scenario, drawn.requests))
    jobs = drawn.jobs
    if scenario.job_fault is None:
        return scenario.onset
    planted = jobs.error == PLANTED
    return _minute((jobs.time_ms + jobs.skew_ms[jobs.stream])[planted])


def _first_minute(requests: Requests, is_counted: NDArray[np.bool_]) -> str | None:
    """Minute of the first of these requests, by their logs' clocks but the one that is minutes off."""
    skew_ms = requests.skew_ms[requests.stream]
    skew_ms = np.where(abs(skew_ms) > WRONG_CLOCK_MS, 0, skew_ms)
    return _minute((requests.time_ms + skew_ms)[is_counted])


def _minute(times_ms: NDArray[np.int64]) -> str | None:
    return event_time(int(times_ms.min()) // MINUTE_MS * MINUTE_MS) if len(times_ms) else None


def _errors(scenario: Scenario, requests: Requests, jobs: Jobs) -> list[Told]:
    """One entry a planted fault, the one with most requests first."""
    affected = _affected(scenario, requests)
    entries = [
        {**_entry(fault, requests), "requests": int((affected & _its_requests(requests, place)).sum())}
        for place, fault in enumerate(scenario.faults, requests.first_planted)
    ]
    if scenario.job_fault is not None and not scenario.faults:
        failed = np.unique(jobs.request[jobs.error == PLANTED])
        entries.append({**_entry(scenario.job_fault, requests), "requests": len(failed)})
    return sorted(entries, key=lambda entry: -int(str(entry["requests"])))


def _its_requests(requests: Requests, place: int) -> NDArray[np.bool_]:
    return (requests.error == place) | (requests.retried == place)


def _entry(fault: Fault, requests: Requests) -> Told:
    return {
        "error": fault.error.name,
        "message_contains": fault.contains,
        "endpoint": fault.endpoint,
        "zone": fault.zone,
        "mark": _mark(fault, requests),
    }


def _mark(fault: Fault, requests: Requests) -> dict[str, str] | None:
    """The attribute that sets the failing apart most."""
    if fault.tenant_rank is not None:
        return {"name": "tenantId", "value": requests.names[fault.tenant_rank - 1]}
    if fault.zone is not None:
        return {"name": "az", "value": fault.zone}
    if fault.endpoint is not None:
        return {"name": "endpoint", "value": fault.endpoint}
    jobs = [job.name for job in JOBS if job.name in fault.error.actions]
    return {"name": "jobType", "value": jobs[0]} if jobs else None


def _causes(scenario: Scenario, requests: Requests) -> list[Told]:
    """One entry a fault where they begin at different times."""
    if len({fault.after_min for fault in scenario.faults}) < 2:
        return []
    found = []
    for place, fault in enumerate(scenario.faults):
        is_its = _affected(scenario, requests) & _its_requests(requests, requests.first_planted + place)
        calls = [call for call in scenario.changes if call.is_planted and call.fault == place]
        found.append(
            {
                "onset": _first_minute(requests, is_its),
                "planted_at": event_time(scenario.begins_ms(fault)),
                **_entry(fault, requests),
                "requests": int(is_its.sum()),
                "change": _call(scenario, calls[0]) if calls else None,
            }
        )
    return found


def _failing_jobs(jobs: Jobs) -> Told:
    planted = jobs.error == PLANTED
    counts = np.bincount(jobs.job_type[planted], minlength=len(JOBS))
    by_type = {job.name: int(count) for job, count in zip(JOBS, counts, strict=True) if count}
    return {"attempts": int(planted.sum()), "jobs": int((planted & jobs.is_final).sum()), "by_job_type": by_type}


def _lines(scenario: Scenario, drawn: Drawn) -> Told:
    """Lines of the API's log by level and attempts that failed, per period."""
    events, requests = drawn.events, drawn.requests
    levels = np.full(len(events.time_ms), "info", dtype="U5")
    error = requests.error[events.request]
    by_kind = np.array([kind.level for kind in requests.kinds])
    is_attempt, is_detail = events.kind == ATTEMPT, events.kind == DETAIL
    levels[is_detail] = by_kind[error[is_detail]]
    by_attempt = np.array([kind.retries.level if kind.retries else "" for kind in requests.kinds])
    levels[is_attempt] = by_attempt[requests.retried[events.request[is_attempt]]]
    levels[events.kind == DEBUG] = "debug"
    levels[events.kind == REPORT] = "plain"
    lines, retries = {}, {}
    for name, (start, end) in _periods(scenario).items():
        inside = (events.time_ms >= start) & (events.time_ms < end)
        words, counts = np.unique(levels[inside], return_counts=True)
        lines[name] = dict(zip(words.tolist(), counts.tolist(), strict=True))
        retries[name] = int((inside & is_attempt).sum())
    return {"lines": lines, "retries": retries}


def _periods(scenario: Scenario) -> dict[str, tuple[int, int]]:
    return {"baseline": (scenario.first_ms, scenario.start_ms), "window": (scenario.start_ms, scenario.end_ms)}


def _requests(scenario: Scenario, requests: Requests) -> dict[str, dict[str, int]]:
    """Requests and those that ended in 5xx, per period."""
    periods = _periods(scenario)
    if scenario.onset_ms is not None:
        periods["since_onset"] = (scenario.onset_ms, scenario.end_ms)
    found = {}
    logged_ms = requests.logged_ms
    for name, (start, end) in periods.items():
        inside = (logged_ms >= start) & (logged_ms < end)
        found[name] = {"total": int(inside.sum()), "5xx": int((inside & (requests.status >= 500)).sum())}
    return found


def _skew(scenario: Scenario, requests: Requests, salt: int) -> Told | None:
    wrong = np.flatnonzero(abs(requests.skew_ms) > WRONG_CLOCK_MS)
    if not len(wrong):
        return None
    return {"stream": stream_names(scenario, requests, salt)[wrong[0]], "minutes": scenario.skew_min}


def _changes(scenario: Scenario) -> Told:
    """The planted change, and those that explain nothing."""
    planted = [_call(scenario, call) for call in scenario.changes if call.is_planted]
    innocent = [_call(scenario, call) for call in scenario.changes if not call.is_planted]
    return {"change": planted[0] if planted else None, "change_calls": planted, "innocent_changes": innocent}


def _call(scenario: Scenario, call: Call) -> dict[str, str]:
    return {
        "name": call.name.split("2015")[0].split("2017")[0],
        "resource": call.resource,
        "time": event_time(scenario.called_ms(call)),
    }
