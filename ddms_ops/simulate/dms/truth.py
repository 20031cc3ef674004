"""What is really in an export: counted from what was drawn, for tests and drills to compare with."""

import numpy as np

from ddms_ops.simulate.dms.catalog import OLD_VERSION
from ddms_ops.simulate.dms.requests import Requests
from ddms_ops.simulate.dms.trail import event_time
from ddms_ops.simulate.scenario import MINUTE_MS, Scenario


def truth_of(scenario: Scenario, requests: Requests, events: dict[str, int], trail_records: int) -> dict[str, object]:
    """The truth about an export.

    Returns:
        scenario, system, onset (ISO minute of the first event that shows it, or None), planted_at (the minute
        meant), kind ("error", "traffic" or None); error, message_contains, endpoint and version of the planted
        fault with most requests (None where it has none); `errors`, one entry a planted fault with its own
        number of requests; tenants (hit, by name; where traffic falls all that were seen), tenants_seen,
        tenant_share (hit / seen), failing_requests (planted ones only), failing_by_tenant; requests and those
        that ended in 5xx (background included) by "baseline" and "window" and since the onset, by logged time;
        change (first call) or None, change_calls, innocent_changes; events by log group; trail_records.
    """
    planted = requests.is_planted
    by_tenant = np.bincount(requests.tenant[planted], minlength=len(requests.names))
    failing = {requests.names[place]: int(count) for place, count in enumerate(by_tenant) if count}
    seen = sorted(requests.names[place] for place in np.unique(requests.tenant))
    hit = sorted(failing) if scenario.kind != "traffic" else seen
    errors = _errors(scenario, requests)
    first = {name: errors[0][name] if errors else None for name in ("error", "message_contains", "endpoint")}
    return {
        "scenario": scenario.name,
        "system": scenario.system,
        "onset": _onset(scenario, requests),
        "planted_at": scenario.onset,
        "kind": scenario.kind,
        **first,
        "version": scenario.new_version,
        "version_before": OLD_VERSION,
        "errors": errors,
        "tenants": hit,
        "tenants_seen": len(seen),
        "tenant_share": round(len(hit) / len(seen), 4),
        "failing_requests": int(planted.sum()),
        "failing_by_tenant": dict(sorted(failing.items())),
        "requests": _requests(scenario, requests),
        **_changes(scenario),
        "events": events,
        "trail_records": trail_records,
    }


def _onset(scenario: Scenario, requests: Requests) -> str | None:
    if scenario.onset_ms is None or not scenario.faults:
        return scenario.onset
    planted = requests.is_planted
    logged_ms = requests.time_ms[planted] + requests.skew_ms[requests.stream[planted]]
    return event_time(int(logged_ms.min()) // MINUTE_MS * MINUTE_MS)


def _errors(scenario: Scenario, requests: Requests) -> list[dict[str, object]]:
    """One entry a planted fault, the one with most requests first."""
    counts = [int((requests.error == requests.first_planted + place).sum()) for place in range(len(scenario.faults))]
    ordered = sorted(zip(scenario.faults, counts, strict=True), key=lambda item: -item[1])
    return [
        {
            "error": fault.error.name,
            "message_contains": fault.contains,
            "endpoint": fault.endpoint,
            "requests": count,
        }
        for fault, count in ordered
    ]


def _requests(scenario: Scenario, requests: Requests) -> dict[str, dict[str, int]]:
    """Requests and those that ended in 5xx, per period."""
    periods = {"baseline": (scenario.first_ms, scenario.start_ms), "window": (scenario.start_ms, scenario.end_ms)}
    if scenario.onset_ms is not None:
        periods["since_onset"] = (scenario.onset_ms, scenario.end_ms)
    found = {}
    logged_ms = requests.time_ms + requests.skew_ms[requests.stream]
    for name, (start, end) in periods.items():
        inside = (logged_ms >= start) & (logged_ms < end)
        found[name] = {"total": int(inside.sum()), "5xx": int((inside & (requests.status >= 500)).sum())}
    return found


def _changes(scenario: Scenario) -> dict[str, object]:
    """The change before the onset, and those after it that explain nothing."""
    calls = [
        {
            "name": call.name.split("2015")[0].split("2017")[0],
            "resource": call.resource,
            "time": event_time(scenario.anchor_ms + round(call.at_min * MINUTE_MS)),
        }
        for call in scenario.changes
    ]
    before = [call for call, declared in zip(calls, scenario.changes, strict=True) if declared.at_min < 0]
    return {"change": before[0] if before else None, "change_calls": before, "innocent_changes": calls[len(before) :]}
