"""Which endpoints take more time, and why; and what is none of that."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import minutes, open_export, request, window, write_logs

from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.slow_endpoints import check_slow_endpoints, without_comparison
from ddms_ops.declaration import Profile
from ddms_ops.findings import Finding, Severity
from ddms_ops.profile import load_profile
from ddms_ops.window import Window

API = "/aws/lambda/dms-api-handler-prod"
PATHS = ("/search", "/documents", "/tenants", "/users", "/uploads")


def hour(number: int, **ms_of: int) -> list[str]:
    """Requests every 6 seconds to each path, of 90 to 110 ms or as said."""
    return [
        request(clock, path=path, tenant=f"t{n % 7}", ms=ms_of.get(path[1:], 90 + n % 21))
        for path in PATHS
        for n, clock in enumerate(minutes(0, 60, number))
    ]


def found(root: Path, now: list[str], before: list[str]) -> list[Finding]:
    """Findings of 10:00 to 11:00 against the hour before."""
    return check_slow_endpoints(open_export(write_logs(root, API, *before, *now)))


@dataclass
class Quiet:
    """Facts of two stretches of requests."""

    window: Window
    baseline: Window
    requests: pd.DataFrame
    baseline_requests: pd.DataFrame
    profile: Profile = load_profile("dms")
    sample: None = None


def traffic(rng: np.random.Generator, where: Window, rates: np.ndarray, pull: str) -> pd.DataFrame:
    """Lognormal durations of endpoints with these requests a minute, at random times."""
    count = rng.poisson(rates * where.minutes)
    number = np.repeat(np.arange(len(rates)), count)
    offset = pd.to_timedelta(rng.random(len(number)) * where.minutes * 60, unit="s")
    return pd.DataFrame(
        {
            "timestamp": where.start + offset,
            "endpoint": pd.Categorical.from_codes(number, [f"GET /{name}" for name in range(len(rates))]),
            "duration_ms": rng.lognormal(2 + number / 5, 0.3 + number / 20),
            "tenant": pd.Categorical.from_codes(rng.integers(0, 30, len(number)), [f"t{name}" for name in range(30)]),
            "request_id": pd.Series(np.nan, index=range(len(number)), dtype="str"),
            "status": "200",
            "log_group": pd.Categorical.from_codes(number * 0, ["api"]),
            "pull": pull,
            "row": np.arange(len(number)),
        }
    )


def test_quiet_pairs_stay_quiet():
    """Of 200 pairs without a difference but a fifth more traffic, at most 1 % have a finding above low."""
    loud = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        now, before = window("10:00", rng.choice(["10:10", "10:30"])), window(rng.choice(["07:30", "09:40"]), "10:00")
        rates = 5 * rng.lognormal(0, 1.5, 20)
        sides = traffic(rng, now, 1.2 * rates, "logs/api"), traffic(rng, before, rates, "logs.baseline/api")
        loud += any(one.severity.is_above_low for one in check_slow_endpoints(Quiet(now, before, *sides)))
    assert loud <= 2


def test_a_slower_endpoint_says_how_much_when_and_why(tmp_path: Path):
    """Calls and length are told apart, with the spread before and now; over the alert it is HIGH."""
    slow = [request(clock, path="/search", tenant=f"t{n % 7}", ms=2000) for n, clock in enumerate(minutes(20, 40))]
    rest = [
        line for line in hour(10) if not any(f'"r-{clock}-' in line and "/search" in line for clock in minutes(20, 40))
    ]
    [finding] = found(tmp_path, rest + slow, hour(9))
    assert finding.severity is Severity.HIGH
    assert finding.statement.startswith(
        "GET /search became slower since 2026-03-04 10:20 UTC (sudden, over by 10:40): 600 requests of 733 ms"
        " on average, 600 of 100 ms expected, +380 s in all (+0 ms by their number, +380 s by their length);"
    )
    assert "p95 2,000 ms from 109 ms" in finding.statement
    assert finding.evidence[0].rows == 218


@pytest.mark.parametrize(("times", "expected"), [(12, "got more calls"), (1, "")])
def test_an_endpoint_that_is_called_more(tmp_path: Path, times: int, expected: str):
    """Twelve times the calls of the usual length are one finding about calls, in the right part."""
    more = [
        request(f"{clock}.{n:03d}", path="/users", tenant="t9") for clock in minutes(0, 60) for n in range(times - 1)
    ]
    findings = found(tmp_path, hour(10) + more, hour(9))
    assert [one.subject["signal"] for one in findings] == ([expected] if expected else [])
    assert [one.statement for one in findings if "+659 s by their number" not in one.statement] == []


def test_the_few_tenants_that_carry_it_are_named(tmp_path: Path):
    """One of seven tenants is slow on one endpoint."""
    before = hour(9)
    slow = [
        request(clock, path="/search", tenant=f"t{n % 7}", ms=800 if n % 7 == 3 else 100)
        for n, clock in enumerate(minutes(0, 60))
    ]
    [finding] = found(tmp_path, [line for line in hour(10) if "/search" not in line] + slow, before)
    assert "; 99% of it with tenant t3 (14% of its requests)" in finding.statement


def test_a_new_endpoint_is_new_and_has_no_before(tmp_path: Path):
    """All its time is new."""
    [finding] = found(tmp_path, hour(10) + [request(c, path="/export", ms=700) for c in minutes(30, 60)], hour(9))
    assert finding.severity is Severity.MEDIUM
    assert finding.statement.startswith("GET /export is new since 2026-03-04 10:30 UTC")
    assert finding.baseline is None


def test_all_endpoints_slower_by_one_factor_are_one_finding(tmp_path: Path):
    """Not five."""
    now = hour(10, **{path[1:]: 270 for path in PATHS})
    [finding] = found(tmp_path, now, hour(9))
    assert finding.statement.startswith("all endpoints became slower since 2026-03-04 10:00 UTC")
    assert "nearly each of 5 by about" in finding.statement


def test_little_requests_and_little_changes_are_nothing(tmp_path: Path):
    """Fewer requests than `triage.min_events`, a tenth slower, or faster."""
    few = [request(clock, path="/rare", ms=9000) for clock in minutes(0, 1)[:9]]
    now = hour(10, search=110, users=20) + few
    assert found(tmp_path, now, [*hour(9), request("09:00:01", path="/rare", ms=1)]) == []


def test_a_small_part_of_all_time_is_low(tmp_path: Path):
    """Three times as slow, and under a twentieth of the time of all endpoints."""
    before = [*hour(9), *[request(clock, path="/ping", ms=4) for clock in minutes(0, 60, 9)]]
    now = [*hour(10), *[request(clock, path="/ping", ms=12) for clock in minutes(0, 60)]]
    [finding] = found(tmp_path, now, before)
    assert (finding.subject["endpoint"], finding.severity) == ("GET /ping", Severity.LOW)


def test_without_a_baseline_only_the_alert_speaks(tmp_path: Path):
    """Endpoints over it are listed, with a note; without any, it cannot be told."""
    case = open_export(write_logs(tmp_path / "a", API, *hour(10, search=3000)))
    findings = check_slow_endpoints(case)
    assert [one.subject["endpoint"] for one in findings] == ["GET /search"]
    assert "no baseline to compare with" in findings[0].statement
    assert without_comparison(case, findings).startswith("no durations in the baseline")
    with pytest.raises(CannotTell, match="no durations in the baseline"):
        check_slow_endpoints(open_export(write_logs(tmp_path / "b", API, *hour(10))))


def test_no_durations_cannot_be_told(tmp_path: Path):
    """It says what to map."""
    bare = [line.replace("duration", "took") for line in hour(10)]
    with pytest.raises(CannotTell, match="map it as duration_ms"):
        check_slow_endpoints(open_export(write_logs(tmp_path, API, *bare)))
