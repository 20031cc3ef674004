"""What the last hours will have cost."""

import math
from decimal import Decimal

import pandas as pd
from driver_builders import COSTS_OF, DAY, HOUR, MONDAY, PERIODS, TEXTRACT, amounts, bill_days, days

from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.provisional import provisional
from ddms_ops.window import Window

UNFINISHED = CostPeriods(days(MONDAY, 2), PERIODS.before)
WORK = {"textract/documents": (100, 100), "textract/calls": (100, 100), "textract/pages": (300, 300)}
PAGES = 7200


def estimates(rows: dict, work: pd.DataFrame, until: pd.Timestamp, periods: CostPeriods = UNFINISHED):
    """Of Textract, over a window that begins on Monday."""
    return provisional(COSTS_OF, work, bill_days(TEXTRACT, rows), periods, Window(MONDAY, until))


def test_the_hours_after_the_last_finished_day_are_estimated():
    """Pages x what was billed for each x the list price, with the range of the finished days."""
    rows = {MONDAY: (9, PAGES, 10.8), MONDAY + DAY: (9.9, PAGES * 1.1, 11.88)}
    [found] = estimates(rows, amounts(WORK), MONDAY + 2 * DAY + 6 * HOUR)
    assert (found.driver, found.start, found.end) == ("textract", MONDAY + 2 * DAY, MONDAY + 2 * DAY + 6 * HOUR)
    assert (found.low, found.amount, found.high) == (Decimal("2.7"), Decimal("2.835"), Decimal("2.97"))
    assert round(found.usage, 6) == 1890
    assert found.words == (
        "provisional: Textract pages 1,800 pages × 1.05 Units for each, at list price; "
        "the range is that of 2 single finished days"
    )


def test_without_list_prices_the_price_billed_is_taken_and_said():
    """Of one finished day no range can be told."""
    [found] = estimates({MONDAY: (9, PAGES, None)}, amounts(WORK), MONDAY + DAY + HOUR, CostPeriods((MONDAY,), ()))
    assert (found.low, found.amount, found.high) == (Decimal("0.375"),) * 3
    assert found.words.endswith(
        "at the price billed (the bill has no list price of all lines); of a single finished day no range can be told"
    )


def test_telemetry_that_ends_ends_the_estimate():
    """And a hole before its end is left out: both are said."""
    lost = [MONDAY + 2 * DAY + hour * HOUR for hour in (3, 4, *range(10, 24))]
    [found] = estimates({MONDAY: (9, PAGES, 9)}, amounts(WORK, without=lost), MONDAY + 3 * DAY)
    assert (found.end, found.amount) == (MONDAY + 2 * DAY + 10 * HOUR, Decimal("3"))
    assert found.words.endswith("; hours in between without telemetry, left out: 2; telemetry ends at 10:00 UTC")


def test_each_unfinished_day_has_its_own():
    """Half-open days of UTC."""
    found = estimates({MONDAY: (9, PAGES, 9)}, amounts(WORK), MONDAY + 3 * DAY, CostPeriods((MONDAY,), ()))
    assert [(each.start, each.amount) for each in found] == [
        (MONDAY + DAY, Decimal("9")), (MONDAY + 2 * DAY, Decimal("9"))
    ]  # fmt: skip


def test_usage_that_the_bill_does_not_name_is_estimated_in_money():
    """What a page cost, all told."""
    [found] = estimates({MONDAY: (9, None, 9)}, amounts(WORK), MONDAY + 3 * DAY)
    assert (math.isnan(found.usage), found.amount) == (True, Decimal("9"))


def test_nothing_is_estimated_where_nothing_is_known_or_all_is_finished():
    """No amounts, no finished day, no cost of the driver, or no hour left."""
    rows = {MONDAY: (9, PAGES, 9)}
    assert estimates(rows, amounts({}), MONDAY + 3 * DAY) == []
    assert estimates(rows, amounts(WORK), MONDAY + 3 * DAY, CostPeriods((), ())) == []
    assert estimates({MONDAY - 30 * DAY: (9, PAGES, 9)}, amounts(WORK), MONDAY + 3 * DAY) == []
    assert estimates(rows, amounts(WORK), MONDAY + 3 * DAY, PERIODS) == []
