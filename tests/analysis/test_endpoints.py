"""Time by endpoint, and whether a difference is more than chance."""

import numpy as np
import pandas as pd
import pytest

from ddms_ops.analysis.endpoints import (
    carriers,
    common_factor,
    endpoints_compared,
    slower_p_value,
    timed_requests,
    together,
)
from ddms_ops.analysis.time_bridge import PARTS

COLUMNS = ["endpoint", "duration_ms", "request_id", "log_group", "status", "tenant"]


def timed(*rows: tuple, status: str | None = "200") -> pd.DataFrame:
    """Timed requests of (endpoint, ms, request id, log group) rows."""
    filled = [(*row, *(None, "api")[len(row) - 2 :], status, "t1") for row in rows]
    return timed_requests(pd.DataFrame(filled, columns=COLUMNS).astype({"status": "str", "request_id": "str"}))


def of_tenants(**sums: list[float]) -> pd.DataFrame:
    """Durations of each tenant's requests."""
    return pd.DataFrame(
        [(name, ms) for name, all_ms in sums.items() for ms in all_ms], columns=["tenant", "duration_ms"]
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_parts_of_the_bridge_add_up(seed: int):
    """Over any endpoints, the parts are the difference of the totals, to the last digits."""
    rng = np.random.default_rng(seed)
    now, before = (
        timed(*[(f"GET /{int(e)}", ms) for e, ms in zip(rng.integers(0, 30, n), rng.lognormal(4, 2, n), strict=True)])
        for n in rng.integers(1, 2000, 2)
    )
    scale = float(rng.uniform(0.01, 100))
    table = endpoints_compared(now, before, scale=scale)
    delta = now["duration_ms"].sum() - scale * before["duration_ms"].sum()
    largest = max(now["duration_ms"].sum(), scale * before["duration_ms"].sum())
    assert abs(table[PARTS].to_numpy().sum() - delta) / largest < 1e-9
    assert abs(together(now, before, table)["delta_ms"] - delta) / largest < 1e-9


def test_before_and_now_stand_side_by_side():
    """Calls, quantiles and shares of both sides; NaN and 0 where an endpoint was not called."""
    table = endpoints_compared(timed(("GET /a", 10.0), ("GET /a", 30.0)), timed(("GET /b", 20.0)), scale=2.0)
    assert table.loc["GET /a", ["p50_now_ms", "max_now_ms", "share_now", "count_before", "by_new_ms"]].tolist() == [
        20.0, 30.0, 1.0, 0, 40.0,
    ]  # fmt: skip
    assert np.isnan(table.loc["GET /a", "p50_before_ms"])
    assert table.loc["GET /b", ["calls_before", "count_before", "by_vanished_ms"]].tolist() == [2.0, 1, -40.0]


def test_a_request_that_two_log_groups_log_counts_once():
    """That of the group with the longer duration counts; retries within one group are requests of their own."""
    found = timed(
        ("GET /a", 90.0, "r-1", "api"), ("GET /a", 100.0, "r-1", "gateway"), ("GET /a", 5.0, "r-1", "gateway")
    )
    assert sorted(found["duration_ms"]) == [5.0, 100.0]


def test_without_a_status_the_steps_of_a_request_are_not_added():
    """The longest of one request id is the request's; an id that very many share is no request's."""
    assert timed(("GET /a", 90.0, "r-1"), ("GET /a", 100.0, "r-1"), status=None)["duration_ms"].tolist() == [100.0]
    assert len(timed(*[("GET /a", 1.0, "-")] * 51, status=None)) == 51


def test_what_is_no_duration_does_not_count():
    """NaN, infinite and negative durations are left out, and an endpoint that is not named is the log group."""
    found = timed(("GET /a", np.nan), ("GET /a", np.inf), ("GET /a", -1.0), (None, 7.0))
    assert found[["endpoint", "duration_ms"]].to_numpy().tolist() == [["log group api", 7.0]]


def test_equal_durations_are_never_slower():
    """All ties, and no durations at all, are p-value 1."""
    assert slower_p_value(np.full(100, 5.0), np.full(1000, 5.0)) == 1.0
    assert slower_p_value(np.array([]), np.full(10, 5.0)) == 1.0


def test_p_values_are_as_rare_as_they_say():
    """Of 2,000 pairs without a difference, at most about 1 % have a p-value under 0.01."""
    rng = np.random.default_rng(5)
    values = [slower_p_value(rng.lognormal(4, 1, 60), rng.lognormal(4, 1, 200)) for _ in range(2000)]
    assert np.mean(np.array(values) < 0.01) <= 0.013


def test_a_slow_tail_is_found_though_the_median_stays():
    """One in eight requests twenty times as slow."""
    rng = np.random.default_rng(6)
    before, now = rng.lognormal(4, 0.5, 1000), rng.lognormal(4, 0.5, 1000)
    now[:125] *= 20
    assert slower_p_value(now, before) < 1e-9
    assert slower_p_value(before, now) > 0.5


def test_a_common_factor_needs_most_endpoints():
    """Three quarters of at least three endpoints alike."""
    assert common_factor(pd.Series([2.0, 2.2, 2.1, 9.0]), within=1.4) == pytest.approx(np.sqrt(2.1 * 2.2))
    assert common_factor(pd.Series([1.0, 2.0, 4.0]), within=1.4) == 1.0
    assert common_factor(pd.Series([2.0, 2.0]), within=1.4) == 1.0


def test_few_tenants_carry_the_time_or_none_are_named():
    """One of four that adds it all is named with its share of the requests; four alike are not."""
    before = of_tenants(a=[10.0], b=[10.0], c=[10.0], d=[10.0])
    found = carriers(of_tenants(a=[90.0], b=[10.0], c=[10.0], d=[10.0]), before, scale=1.0)
    assert (found.names, found.share, found.share_of_calls) == (("a",), 1.0, 0.25)
    assert carriers(of_tenants(a=[90.0], b=[90.0], c=[90.0], d=[90.0]), before, scale=1.0) is None
    assert carriers(before, before, scale=1.0) is None
