"""The truth is what an independent reading of the files says."""

from collections import Counter

import pytest
from reading import alarms, endpoint_of, log_events, metric, minute, parsed, said, trail

from ddms_ops.simulate import SCENARIOS

FAILING = ["bad_deploy", "db_connections", "kms_denied", "slow_burn", "two_causes", "one_zone", "clock_skew"]


def planted(played) -> list[tuple[int, dict]]:
    """Events that show the scenario's errors: of the API, or of the worker where jobs alone fail."""
    needles = [error["message_contains"] for error in played.truth["errors"]]
    kind = "worker" if played.truth["shows_as"] == "job" else "api"
    return [
        (stamp, event)
        for stamp, event in parsed(played.export, kind)
        if any(needle in said(event) for needle in needles)
    ]


@pytest.mark.parametrize("name", FAILING)
def test_failing_requests_are_counted_by_tenant(name, play):
    """Planted error events a tenant, and the requests behind them are distinct and end in 5xx."""
    played = play(name)
    found = planted(played)
    assert dict(Counter(event["tenantId"] for _, event in found)) == played.truth["failing_by_tenant"]
    ids = {event["requestId"] for _, event in found}
    assert len(ids) == played.truth["failing_requests"]
    ends = [event for _, event in parsed(played.export, "api") if event.get("requestId") in ids and "status" in event]
    assert len(ends) == len(ids)
    assert min(event["status"] for event in ends) >= 500


@pytest.mark.parametrize("name", ["bad_deploy", "db_connections", "kms_denied", "one_zone", "swallowed"])
def test_the_onset_is_the_minute_of_the_first_failure(name, play):
    """The first planted error event falls into the onset's minute, which is the minute meant."""
    played = play(name)
    assert minute(min(stamp for stamp, _ in planted(played))) == played.truth["onset"] == played.truth["planted_at"]


def test_tenants_seen_are_those_in_the_logs(played):
    """Tenants hit, and all tenants, by name."""
    seen = {event["tenantId"] for _, event in parsed(played.export, "api") if "tenantId" in event}
    hit = {event["tenantId"] for stamp, event in planted(played) if minute(stamp) >= played.truth["onset"]}
    assert len(seen) == played.truth["tenants_seen"]
    assert sorted(hit if played.truth["kind"] != "traffic" else seen) == (
        played.truth["tenants"] if played.truth["kind"] else []
    )


def test_the_planted_error_keeps_to_its_place(played):
    """Only on the truth's endpoints, in its zone and version; the version before never shows it."""
    endpoints = {error["endpoint"] for error in played.truth["errors"]}
    for _, event in planted(played):
        if None not in endpoints:
            assert endpoint_of(event) in endpoints
        if played.truth["zone"]:
            assert event["az"] == played.truth["zone"]
        if played.truth["version"]:
            assert event["version"] == played.truth["version"]


@pytest.mark.parametrize("name", [name for name in SCENARIOS if "quiet" not in name])
def test_the_change_is_in_the_trail_before_the_onset(name, play):
    """The truth's changes were made shortly before their onset; some innocent one came after."""
    truth, records = play(name).truth, trail(play(name).export)
    made = {(record["eventTime"], record["eventName"].split("2015")[0].split("2017")[0]) for record in records}
    assert {(call["time"], call["name"]) for call in (*truth["change_calls"], *truth["innocent_changes"])} <= made
    assert truth["change_calls"][0] == truth["change"]
    assert truth["change"]["time"] < truth["onset"] < max(call["time"] for call in truth["innocent_changes"])
    for cause in truth["causes"] or [truth]:
        assert cause["change"] in truth["change_calls"]
        assert cause["change"]["time"] < cause["onset"]


def test_a_quiet_day_has_no_change(play):
    """Nothing is planted, so nothing was changed, and nobody is hit."""
    truth = play("quiet_day").truth
    empty = ("onset", "kind", "error", "change", "version", "endpoint")
    assert [truth[name] for name in empty] == [None] * 6
    assert (truth["tenants"], truth["failing_requests"], truth["innocent_changes"]) == ([], 0, [])


def test_metrics_count_the_requests_of_the_logs(played):
    """Requests and 5xx of the metrics are those in the logs, but for the one at the very end and broken messages."""
    ends = [event["status"] for _, event in parsed(played.export, "api") if "status" in event]
    broken = sum(1 for _, text in log_events(played.export, "api") if text.startswith("{") and not text.endswith("}"))
    assert sum(metric(played.export, "api_requests")) == len(ends) + broken - 1
    assert sum(metric(played.export, "api_5xx")) == sum(status >= 500 for status in ends)


def test_alarms_follow_the_metrics(played):
    """The error-rate alarm goes off in the five-minute run over 5 %, and only there."""
    rate = [
        bad / max(1, all_)
        for bad, all_ in zip(metric(played.export, "api_5xx"), metric(played.export, "api_requests"), strict=True)
    ]
    is_met = any(all(value > 0.05 for value in rate[place - 4 : place + 1]) for place in range(4, 240))
    fired = {item["AlarmName"] for item in alarms(played.export) if item["HistorySummary"].endswith("to ALARM")}
    assert ("dms-high-api-error-rate-prod" in fired) == is_met
    assert is_met or played.name not in ("bad_deploy", "db_connections", "one_zone")
    assert not is_met or played.truth["shows_as"] == "failure"
