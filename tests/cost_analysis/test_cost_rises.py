"""Which kinds of lines cost more or less than their history lets expect."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from cost_builders import LIMITS, after, costs, last_days, line, rises, series, span, weekly

from ddms_ops.analysis.cost_periods import CostPeriods, cost_periods
from ddms_ops.analysis.cost_rises import cost_rises, rise_doubts, total_rise


def noisy(seed: int = 1, **given: float) -> np.ndarray:
    """45 days with quiet weekends; the window is the last three, from day 42 on."""
    return np.array(weekly(np.random.default_rng(seed), **given))


def stepped(start: int, factor: float, *, end: int = 45, seed: int = 1, **given: float) -> list[float]:
    """The same, times a factor from a day on."""
    values = noisy(seed, **given)
    values[start:end] *= factor
    return values.round(6).tolist()


@pytest.mark.parametrize("start", [37, 40, 42, 43, 44])
@pytest.mark.parametrize("factor", [1.5, 3.0, 0.5])
def test_a_step_starts_on_its_day(start: int, factor: float):
    """Within the window or up to five days before it, up or down."""
    [rise] = rises(series(stepped(start, factor)))
    assert (rise.start, rise.end, rise.is_above, rise.is_new) == (after(start), None, factor > 1, False)
    assert float(rise.observed) / rise.expected == pytest.approx(factor, rel=0.1)
    assert (rise.notes != ()) == (start < 42)


def test_steps_are_found_on_their_day_mostly():
    """100 seeds, 1.5 times or more, noise of 5 % about a week's pattern: 98 of them."""
    rng = np.random.default_rng(5)
    starts = {f"s{n}": int(rng.integers(38, 45)) for n in range(100)}
    rows = [series(stepped(start, 1.5 + n % 3, seed=n), f"{name}/u") for n, (name, start) in enumerate(starts.items())]
    found = {rise.service: rise.start for rise in rises(*rows)}
    assert sum(found.get(name) == after(start) for name, start in starts.items()) >= 98


def test_a_ramp_starts_within_two_days():
    """A fifth more each day."""
    values = noisy(noise=0.03)
    values[40:] *= 1 + 0.25 * np.arange(1, 6)
    [rise] = rises(series(values.round(6).tolist()))
    assert abs((rise.start - after(40)).days) <= 2


def test_what_a_rise_comes_to():
    """Exact money: 100 a day expected, 160 seen on three days."""
    [rise] = rises(series([100] * 42 + [160] * 3))
    assert (rise.observed, rise.expected, rise.impact) == (160, pytest.approx(100), Decimal(180))
    assert rise.rows == (42, 43, 44)


def test_a_spike_that_is_over_has_an_end():
    """Its last day, and the mean is of its days."""
    [rise] = rises(series([100] * 42 + [100, 300, 100]))
    assert (rise.start, rise.end, rise.observed, rise.impact) == (after(43), after(43), 300, Decimal(200))


def test_two_spikes_of_one_window_are_one_rise():
    """Its money is that of both; the days between are no part of it."""
    [rise] = rises(series([100] * 42 + [300, 100, 100, 100, 100, 100, 300]), window=7)
    assert (rise.start, rise.end, rise.observed, rise.impact) == (after(42), None, 300, Decimal(400))
    assert rise.notes == ("on 2 of these 7 days only: 2026-03-16, 2026-03-22",)


def test_a_fall_does_not_hide_a_rise_of_the_same_kind():
    """Two days of 200, then three of 10: both are told."""
    found = rises(series([100] * 42 + [100, 200, 200, 100, 10, 10, 10]), window=7)
    assert [(rise.start, rise.end, rise.impact) for rise in found] == [
        (after(46), None, Decimal(-270)),
        (after(43), after(44), Decimal(200)),
    ]


def test_a_spike_that_was_over_before_the_window_is_no_part_of_a_rise():
    """Nor is the usual day with which the window begins."""
    [rise] = rises(series([20] * 37 + [500] * 2 + [20] * 5 + [60] * 5), window=7)
    assert (rise.start, rise.observed, rise.impact, rise.notes) == (after(44), 60, Decimal(200), ())


def test_both_limits_hold():
    """A rise must exceed the amount and the share."""
    rows = [series([100.0] * 42 + [110.0] * 3, "A/u"), series([0.5] * 42 + [1.2] * 3, "B/u")]
    assert rises(*rows) == []
    assert [rise.service for rise in rises(*rows, min_share=0.05)] == ["A"]
    assert [rise.service for rise in rises(*rows, min_amount=Decimal("0.5"))] == ["B"]


def quiet(histories: int, kinds: int) -> pd.DataFrame:
    """Noisy weekly days, half of them with a slow trend; the history is the service."""
    rng, rows = np.random.default_rng(11), []
    for n in range(histories * kinds):
        level, noise, weekend = np.exp(rng.uniform(1.6, 6.9)), rng.uniform(0.02, 0.4), rng.uniform(0.3, 1.2)
        trend = 1 + rng.uniform(-0.005, 0.005) * (n % 2) * np.arange(45)
        values = np.array(weekly(rng, level=level, noise=noise, weekend=weekend)) * trend
        rows += series(values.round(6).tolist(), f"h{n // kinds}/k{n % kinds}")
    return costs(rows)


def test_quiet_histories_have_no_rise():
    """None in 12 histories of 42 days and 40 kinds; 200 are measured in the docstring."""
    frame = quiet(12, 40)
    assert cost_rises(frame, last_days(frame), **LIMITS) == []


@pytest.mark.parametrize(
    "values",
    [
        [100 * (2.2 if n % 7 == 0 else 1) for n in range(45)],
        [100 * 1.012**n for n in range(45)],
        [100 * (3 if n in (13, 27, 28, 42) else 1) for n in range(45)],
        [60] * 30 + [100] * 15,
        [0] * 45,
    ],
    ids=["Monday peak", "slow growth", "as twice before", "a level of two weeks", "nothing"],
)
def test_what_is_usual_is_no_rise(values: list[float]):
    """However large."""
    noise = noisy(2, level=1.0, noise=0.03, weekend=1.0)
    assert rises(series((np.array(values) * noise).round(6).tolist())) == []


def test_a_monday_peak_is_known_after_two_weeks():
    """Too few weeks for a pattern: the same weekdays a week before are enough."""
    values = [100 * (2.2 if n % 7 == 0 else 1) for n in range(15)]
    assert rises(series(values), window=1) == []


def test_one_spike_in_the_history_does_not_excuse_another():
    """Nor does it move what is expected."""
    values = stepped(42, 3)
    values[20] *= 5
    [rise] = rises(series(values))
    assert (rise.start, rise.expected) == (after(42), pytest.approx(100, rel=0.1))


def test_a_reservation_bought_is_no_rise():
    """Neither its purchase, nor the usage that it pays for from then on, amortised."""
    rows = [line(after(42), 5000, "EC2/HeavyUsage", category="commitment", amortised=0)]
    used = [line(after(n), 0 if n >= 42 else 100, "EC2/BoxUsage", amortised=100) for n in range(45)]
    assert rises(*rows, used) == []
    assert [rise.is_above for rise in rises(*rows, used, measure="billed")] == [False]


def test_a_credit_that_expires_is_no_rise():
    """What is used stays the same."""
    assert rises(series([100] * 45), series([-40] * 42, "Credit/Promo", category="credit")) == []


def test_unfinished_days_are_no_fall():
    """Two thirds of their lines are still to come."""
    frame = costs(series([100] * 43), series([40, 10], start="2026-03-17", estimated=True))
    assert cost_rises(frame, last_days(frame), **LIMITS) == []


def test_a_new_service_and_a_gone_one():
    """New from its first day on; gone from the day after its last."""
    rows = [series([None] * 43 + [20, 22], "Bedrock/Tokens"), series([30] * 42, "NAT/Hours"), series([1] * 45)]
    gone, new = rises(*rows)
    assert (new.service, new.start, new.is_new, new.expected, new.impact) == ("Bedrock", after(43), True, 0.0, 42)
    assert (gone.service, gone.start, gone.is_above, gone.observed) == ("NAT", after(42), False, 0)
    assert (len(new.rows), len(gone.rows)) == (2, 3)


def test_rises_and_falls_cancel_in_the_total_only():
    """+500 and -500 a day."""
    rows = [series([1000] * 42 + [1500] * 3, "A/u"), series([2000] * 42 + [1500] * 3, "B/u")]
    assert [(rise.service, rise.impact) for rise in rises(*rows)] == [("A", 1500), ("B", -1500)]
    frame = costs(*rows)
    assert total_rise(frame, last_days(frame), **LIMITS) is None


def test_the_total_has_its_own_rise():
    """Of many kinds that are too small each."""
    frame = costs(*(series([0.9] * 42 + [1.5] * 3, f"S{n}/u") for n in range(50)))
    assert cost_rises(frame, last_days(frame), **LIMITS) == []
    rise = total_rise(frame, last_days(frame), **LIMITS)
    assert (rise.service, rise.usage_type, rise.impact, len(rise.rows)) == (None, None, Decimal("90.0"), 150)


def test_few_days_of_history_are_compared_with_a_wider_range():
    """Three times is told, with a note; a third more is not; a weekday may explain it."""
    assert rises(series([100, 104, 97, 101, 99, 133, 133, 133])) == []
    [rise] = rises(series([100, 104, 97, 101, 99, 300, 300, 300]))
    assert (rise.start, rise.notes) == (after(5), ("the history has only 5 days: the usual range is wide",))


def test_without_a_history_nothing_can_be_told_and_it_is_said():
    """The doubts of the answer name what is missing."""
    frame = costs(series([100, 300, 900]))
    chosen = last_days(frame)
    assert (cost_rises(frame, chosen, **LIMITS), total_rise(frame, chosen, **LIMITS)) == ([], None)
    assert "what is usual cannot be told" in rise_doubts(frame, chosen, measure="amortised")[0]
    assert "5 days of history" in rise_doubts(*with_days(8), measure="amortised")[0]
    assert "a pattern of the week" in rise_doubts(*with_days(20), measure="amortised")[0]
    assert rise_doubts(*with_days(45), measure="amortised") == ()


def test_a_window_without_usage_cannot_be_told():
    """Lines of a kind that nobody knows are adjustments; one day is one day."""
    frame = costs(series([100] * 4, category="adjustment"))
    doubts = rise_doubts(frame, last_days(frame), measure="amortised")
    assert doubts[0] == "the bill has no line of usage in the window: what running costs there cannot be told"
    assert "the bill has 1 day of history" in doubts[1]


def with_days(many: int) -> tuple[pd.DataFrame, CostPeriods]:
    """A bill of so many days and its last three."""
    frame = costs(series([1] * many))
    return frame, last_days(frame)


def test_a_measure_that_is_not_known_is_said():
    """With the rise whose rows it concerns."""
    [rise] = rises(series([100] * 42), series([160] * 3, start="2026-03-16", amortised=None))
    assert rise.notes == ("3 of 3 sums of the bill have no amortised amount: the billed one is taken there",)


def test_the_order_of_rows_changes_nothing():
    """Equal in every field but the rows behind it."""
    frame = costs(series(stepped(42, 2), "A/u"), series(stepped(43, 3, seed=4), "B/u"))
    shuffled = frame.sample(frac=1, random_state=1)
    chosen = last_days(frame)
    assert cost_rises(frame, chosen, **LIMITS) == cost_rises(shuffled, chosen, **LIMITS)


def test_discounts_that_grow_are_falls():
    """A kind whose amounts are negative."""
    [rise] = rises(series([-100] * 42 + [-160] * 3))
    assert (rise.is_above, rise.observed, rise.impact) == (False, -160, -180)
    [rise] = rises(series([-100] * 42 + [0] * 3))
    assert (rise.is_above, rise.impact) == (True, 300)


def test_what_is_after_the_window_teaches_nothing():
    """The bill goes on for five days at the new level."""
    frame = costs(series([100] * 42 + [160] * 8))
    chosen = cost_periods(frame, span(after(42), 3), span(after(35), 3), settle_h=48)
    [rise] = cost_rises(frame, chosen, **LIMITS)
    assert (rise.start, rise.end, rise.impact, rise.rows) == (after(42), None, 180, (42, 43, 44))
