"""Failures that show in a way of their own: in jobs, retries, answers of 200, zones, clocks, lines, slowly or twice."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from reading import endpoint_of, log_events, metric, minute, parsed, said


def lines_by_level(export, start: str, end: str) -> Counter[str]:
    """Lines of the API's log by level; broken ones keep their level."""
    found: Counter[str] = Counter()
    for stamp, text in log_events(export, "api"):
        if start <= minute(stamp) < end:
            found[text.split('"')[3] if text.startswith("{") else "plain"] += 1
    return found


def showing(played) -> list[tuple[int, dict]]:
    """The API's events that say the planted words."""
    return [(t, e) for t, e in parsed(played.export, "api") if played.truth["message_contains"] in said(e)]


def test_levels_are_counted(played):
    """The truth's lines by level are those in the window's files."""
    start = minute(log_events(played.export, "api")[0][0])
    half = minute(log_events(played.export, "api")[0][0] + 7_200_000)
    assert lines_by_level(played.export, start, half) == played.truth["lines"]["baseline"]
    assert lines_by_level(played.export, half, minute(2**42)) - Counter(played.truth["lines"]["window"]) <= Counter(
        info=1
    )


def test_the_worker_fails_while_the_api_is_healthy(play):
    """One kind of job fails in all attempts since the onset; requests do not; jobs end in the DLQ."""
    truth, export = play("worker_failing").truth, play("worker_failing").export
    failed = [(t, e) for t, e in parsed(export, "worker") if truth["message_contains"] in said(e)]
    assert Counter(e["jobType"] for _, e in failed) == truth["failing_jobs"]["by_job_type"]
    assert {e["jobType"] for _, e in failed} == {truth["mark"]["value"]}
    assert minute(min(t for t, _ in failed)) == truth["onset"]
    assert metric(export, "dlq_messages")[-1] == truth["failing_jobs"]["jobs"] > 20
    assert truth["requests"]["since_onset"]["5xx"] < 0.01 * truth["requests"]["since_onset"]["total"]


def test_a_slow_burn_grows(play):
    """Each half hour since the onset has more failures than the one before; none are before."""
    played = play("slow_burn")
    stamps = [t for t, _ in showing(played)]
    assert played.truth["gradual"]
    assert minute(min(stamps)) == played.truth["onset"] >= played.truth["planted_at"]
    per_half_hour = Counter((t - min(stamps)) // 1_800_000 for t in stamps)
    assert all(per_half_hour[now] < per_half_hour[then] for now, then in pairwise(range(3)))


def test_two_causes_start_on_their_own(play):
    """Two endpoints, two errors, two onsets most of an hour apart; the truth's first is the earlier."""
    played = play("two_causes")
    first, second = played.truth["causes"]
    assert {name: first[name] for name in ("onset", "endpoint", "error")} == {
        name: played.truth[name] for name in ("onset", "endpoint", "error")
    }
    for cause in (first, second):
        its = [(t, e) for t, e in parsed(played.export, "api") if cause["message_contains"] in said(e)]
        assert (len(its), minute(min(its)[0] if its else 0)) == (cause["requests"], cause["onset"])
        assert {endpoint_of(e) for _, e in its} == {cause["endpoint"]}
    apart = datetime.fromisoformat(second["onset"]) - datetime.fromisoformat(first["onset"])
    assert timedelta(minutes=30) < apart < timedelta(minutes=60)


def test_one_zone_fails(play):
    """All planted errors are in one zone, on many endpoints; the other zones have as many requests."""
    played = play("one_zone")
    assert {e["az"] for _, e in showing(played)} == {played.truth["mark"]["value"]}
    assert len({endpoint_of(e) for _, e in showing(played)}) > 5
    served = Counter(e["az"] for _, e in parsed(played.export, "api") if "status" in e)
    assert max(served.values()) < 1.6 * min(served.values())


def test_retries_hide_failures(play):
    """Lines of failed attempts rise, requests with them get slower and nearly all are answered."""
    played = play("retries_hide")
    tried = {e["requestId"] for t, e in showing(played) if minute(t) >= played.truth["onset"]}
    assert len(tried) == played.truth["affected_requests"]
    assert (
        played.truth["retries"]["window"]
        == sum("attempt" in e for _, e in showing(played)) - (played.truth["retries"]["baseline"])
    )
    ends = [e for _, e in parsed(played.export, "api") if e.get("requestId") in tried and "duration" in e]
    assert 0 < played.truth["failing_requests"] == sum(e["status"] >= 500 for e in ends) < 0.1 * len(ends)
    assert median(e["duration"] for e in ends) > 400
    assert played.truth["retries"]["window"] > 10 * played.truth["retries"]["baseline"]


def test_swallowed_errors_are_answers_of_200(play):
    """Only in the line of the request, at level info and status 200; the metrics see nothing."""
    played = play("swallowed")
    found = showing(played)
    assert {(e["level"], e["status"]) for _, e in found} == {("info", 200)}
    assert len(found) == played.truth["failing_requests"] > 50
    assert all(("errorCode" in e) != isinstance(e.get("error"), dict) for _, e in found)
    assert sum(metric(played.export, "api_5xx")[120:]) < 0.01 * sum(metric(played.export, "api_requests")[120:])


def test_debug_lines_are_no_errors(play):
    """Three debug lines a request since the onset; warnings and errors stay as they were."""
    truth = play("log_level").truth
    window, baseline = truth["lines"]["window"], truth["lines"]["baseline"]
    assert window["debug"] == 3 * (truth["requests"]["since_onset"]["total"] - 1)
    assert "debug" not in baseline
    rates = [(lines["error"] + lines["warn"]) / lines["info"] for lines in (window, baseline)]
    assert rates[0] < 2 * rates[1]


def test_one_clock_is_minutes_off(play):
    """One stream's events are minutes from their time; the onset is by the other clocks."""
    played = play("clock_skew")
    digit = played.truth["skew"]["stream"][-32:][:6]
    others = [t for t, e in showing(played) if e["instance"] != f"api-{digit}"]
    its = [t for t, e in showing(played) if e["instance"] == f"api-{digit}"]
    assert minute(min(others)) >= played.truth["onset"] == played.truth["planted_at"]
    assert 0.05 < len(its) / len(others) < 0.4


def test_a_noisy_day_has_kinds_and_bursts(play):
    """Many kinds of errors, most of them refusals; somebody is refused in a burst; a bot is among the clients."""
    export = play("noisy_quiet_day").export
    errors = [(t, e) for t, e in parsed(export, "api") if "errorMessage" in e]
    assert len({(e["error"], e["errorMessage"][:12]) for _, e in errors}) > 15
    assert sum(e["level"] == "warn" for _, e in errors) > 5 * sum(e["level"] == "error" for _, e in errors)
    refused = Counter((minute(t), e["userId"]) for t, e in errors if e["error"] == "TooManyRequestsError")
    assert max(refused.values()) >= 8
    agents = {e["userAgent"] for _, e in parsed(export, "api") if "userAgent" in e}
    assert [agent for agent in agents if "bot" in agent.lower() or "requests" in agent or "Go-http" in agent]
