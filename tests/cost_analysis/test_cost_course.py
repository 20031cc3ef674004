"""What running was expected to cost, and where the month will end."""

import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from cost_builders import after, costs, day, last_days, line, series, span, weekly

from ddms_ops.analysis.cost_course import COURSE, cost_course, run_rate, set_aside
from ddms_ops.analysis.cost_periods import CostPeriods, cost_periods
from ddms_ops.analysis.cost_rises import cost_rises, total_rise


def course(frame: pd.DataFrame, **given: object) -> pd.DataFrame:
    """Of the last three days, by date."""
    return cost_course(frame, last_days(frame), measure="amortised", **given).set_index("timestamp")


def test_the_course_has_a_row_a_day_with_its_state():
    """Money exact, expectation as a number with its range."""
    shown = course(costs(series(["100.000000000001"] * 45)))
    assert shown["state"].tolist() == ["history"] * 42 + ["window"] * 3
    last = shown.iloc[-1]
    assert (last["actual"], last["expected"]) == (Decimal("100.000000000001"), pytest.approx(100))
    assert last["low"] < 100 < last["high"]


def test_the_week_has_its_pattern():
    """Expected on a Monday as on Mondays; its range holds nearly all of the quiet days."""
    values = np.array(weekly(np.random.default_rng(3), noise=0.05)) * np.where(np.arange(45) % 7 == 0, 2, 1)
    shown = course(costs(series(values.round(6).tolist())))
    assert shown["expected"].iloc[[42, 43]].tolist() == pytest.approx([200, 100], rel=0.06)
    actual = shown["actual"].astype("float64")
    assert ((actual > shown["low"]) & (actual < shown["high"])).mean() > 0.95


def test_one_kind_or_one_service_can_be_seen():
    """By its names."""
    frame = costs(series([1] * 45, "A/x"), series([2] * 45, "A/y"), series([4] * 45, "B/x"))
    asked = ({}, {"service": "A"}, {"service": "A", "usage_type": "y"})
    assert [course(frame, **names)["actual"].iloc[0] for names in asked] == [7, 3, 2]


def test_chosen_kinds_can_be_seen():
    """Also one without names, and only its usage."""
    unnamed = [series([4] * 45, (None,)), series([70] * 45, (None,), category="tax")]
    frame = costs(series([1] * 45, "A/x"), series([2] * 45, "A/y"), *unnamed)
    asked = ([("A", "y")], [("", None)], [("A", "x"), ("", None)], [])
    assert [course(frame, kinds=kinds)["actual"].iloc[0] for kinds in asked] == [2, 4, 5, 0]


def test_days_that_are_left_out_say_why():
    """Unfinished ones keep what is billed so far; a day without lines has no amount."""
    frame = costs(series([5] * 20), series([5] * 24 + [2], start="2026-02-23", estimated=True))
    shown = course(frame)
    hole = shown.loc[day("2026-02-22"), ["actual", "state", "why"]]
    assert hole.tolist() == [None, "left_out", "the bill has no line on this day"]
    assert (shown["actual"].iloc[-1], shown["state"].iloc[-1]) == (2, "left_out")
    assert shown["why"].iloc[-1].startswith("AWS still estimates it")
    assert shown["expected"].iloc[-1] == pytest.approx(5)


def test_without_a_history_nothing_is_expected():
    """NaN, not 0; an empty bill has all columns."""
    assert course(costs(series([1, 2, 3])))["expected"].isna().all()
    empty = cost_course(costs(), CostPeriods((), ()), measure="billed")
    assert (len(empty), list(empty.columns)) == (0, COURSE.names)


def test_what_is_no_usage_is_set_aside_and_said():
    """Of compared days, with the largest first; monthly fees are named as such."""
    frame = costs(
        series([10] * 45),
        line(after(42), 500, "EC2/Upfront", category="commitment", amortised=0),
        line(after(42), -7, "Promo/Credit", category="credit"),
        line(after(20), -9, "Promo/Credit", category="credit"),
    )
    shown = set_aside(frame, last_days(frame), measure="billed")
    assert list(zip(shown["category"], shown["amount"], strict=True)) == [("commitment", 500), ("credit", -7)]
    assert list(set_aside(frame, last_days(frame), measure="amortised")["amount"]) == [-7]


def test_monthly_lines_and_left_out_days_are_set_aside():
    """A usage line of first days only; a left-out day is one row."""
    zone = [line(first, 50, "Route 53/HostedZone/A") for first in ("2026-02-01", "2026-03-01")]
    frame = costs(
        zone, series([10] * 28), series([3], start="2026-03-02", estimated=True), series([4], "B/y", start="2026-03-02")
    )
    chosen = cost_periods(frame, span("2026-02-28", 3), span("2026-02-21", 3), settle_h=24)
    shown = set_aside(frame, chosen, measure="billed")
    assert [f"{each:%m-%d}" for each in shown["day"]] == ["03-01", "03-02"]
    assert (shown["service"][0], shown["amount"].tolist(), pd.isna(shown["service"][1])) == ("Route 53", [50, 7], True)
    assert "first or last days of months only" in shown["why"][0]


def test_the_run_rate_leads_to_the_month_s_end():
    """18 days of 100, then 13 at the level of the window's last days."""
    frame = costs(series([100] * 45), line("2026-03-01", 40, "Support/Fee", category="fee"))
    rate = run_rate(frame, last_days(frame), measure="billed")
    assert (rate.per_day, rate.month, rate.so_far) == (100, "2026-03", 1840)
    assert rate.month_end == pytest.approx(Decimal(3140), abs=1)
    assert rate.low < rate.month_end < rate.high
    assert rate.high - rate.low < 150


def test_a_rise_leads_higher_and_the_range_reaches_back_to_the_usual():
    """Three days of 200: 13 more of them, or of 100."""
    rate = run_rate(frame := costs(series([100] * 42 + [200] * 3)), last_days(frame), measure="billed")
    assert (rate.per_day, rate.so_far) == (200, 2100)
    assert float(rate.month_end) == pytest.approx(2100 + 13 * 200, rel=0.01)
    assert float(rate.low) == pytest.approx(2100 + 13 * 100, rel=0.05)


def test_unfinished_days_are_projected():
    """What is billed so far of them does not count."""
    frame = costs(series([100] * 43), series([20, 5], start="2026-03-17", estimated=True))
    rate = run_rate(frame, last_days(frame), measure="billed")
    assert (rate.so_far, round(rate.month_end)) == (1600, 3100)
    assert run_rate(frame, CostPeriods((), ()), measure="billed") is None


def test_600_kinds_of_42_days_take_a_second():
    """Course, rises and total; 2 s allow for a busy machine."""
    rng = np.random.default_rng(2)
    frame = costs(*(series(weekly(rng, noise=0.2), f"S{n % 30}/u{n}") for n in range(600)))
    chosen = last_days(frame)
    started = time.process_time()
    given = {"measure": "amortised", "min_amount": Decimal(1), "min_share": 0.2}
    found = cost_rises(frame, chosen, **given)
    spent = time.process_time() - started
    assert (found, total_rise(frame, chosen, **given)) == ([], None)
    assert spent < 2
