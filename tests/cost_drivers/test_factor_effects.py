"""A difference of products, split over its factors."""

import math
import random
from decimal import Decimal

import pytest

from ddms_ops.analysis.cost_course_amounts import total
from ddms_ops.analysis.factor_effects import effects, log_mean


def test_effects_always_sum_to_the_difference():
    """Exactly, over 300 random chains with zeros, tiny and huge factors, amounts with 12 decimals."""
    draw = random.Random(4)
    for _ in range(300):
        factors = [
            tuple(draw.choice([0.0, 1.0, draw.random() * 10 ** draw.randint(-9, 9)]) for _ in "ab")
            for _ in range(draw.randint(1, 6))
        ]
        before, now = (
            Decimal(0) if draw.random() < 0.1 else Decimal(draw.randrange(1, 10**18)).scaleb(-12) for _ in "ab"
        )
        assert sum(effects(factors, before, now), Decimal(0)) == now - before


def test_each_factor_takes_its_share_of_the_logarithm():
    """Twice the volume and four times the size: one and two parts of three."""
    assert effects([(1, 2), (5, 20)], Decimal(10), Decimal(80)) == [
        pytest.approx(Decimal(70) / 3, abs=Decimal("1e-8")), pytest.approx(Decimal(140) / 3, abs=Decimal("1e-8"))
    ]  # fmt: skip


def test_offsets_are_told_though_nothing_changed():
    """Twice as many at half the size: +L ln 2 and -L ln 2."""
    up, down = effects([(1, 2), (2, 1)], Decimal(100), Decimal(100))
    assert (up, round(float(up), 6)) == (-down, round(100 * math.log(2), 6))


@pytest.mark.parametrize(
    ("factors", "before", "now", "parts"),
    [
        ([(0, 5), (math.nan, 2), (math.nan, 1)], 0, 10, [10, 0, 0]),
        ([(5, 5), (0, 2), (math.nan, 1)], 0, 10, [0, 10, 0]),
        ([(5, 5), (2, 0), (1, math.nan)], 10, 0, [0, -10, 0]),
        ([(5, 5), (2, 2)], 0, 10, [0, 10]),
        ([(0, 0)], 0, 0, [0]),
        ([], 1, 2, []),
    ],
)
def test_the_factor_that_is_zero_takes_all(factors, before, now, parts):
    """The first of them; of none the last."""
    assert effects(factors, Decimal(before), Decimal(now)) == parts


def test_the_logarithmic_mean_is_smooth_where_both_are_alike():
    """Between the two, and continuous where its formula is 0 / 0."""
    assert log_mean(3.0, 3.0) == 3.0
    assert log_mean(1 + 0.99e-5, 1.0) == pytest.approx(log_mean(1 + 1.01e-5, 1.0), rel=1e-7)
    assert log_mean(math.e, 1.0) == pytest.approx(math.e - 1)


def test_amounts_of_twenty_digits_are_split():
    """As exactly as small ones."""
    now = Decimal("98765432109876543210.12")
    found = effects([(1.0, 2.0), (1.0, 3.0)], now / 6, now)
    assert total(found) == total([now, -now / 6])
