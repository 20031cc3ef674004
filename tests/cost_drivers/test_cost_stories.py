"""Why a driver costs more: hand-made truths."""

import math
import random
from decimal import Decimal

import pandas as pd
import pytest
from driver_builders import (
    COSTS_OF,
    LAMBDA,
    MONDAY,
    PERIODS,
    TEXTRACT,
    TOKENS,
    amounts,
    bridge,
    effect_of,
    row,
    told,
)

from ddms_ops.analysis.cost_drivers import matching, story
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.signal_hours import HOUR, hours_of
from ddms_ops.window import Window

STEADY = {"textract/documents": (100, 100), "textract/calls": (102, 102), "textract/pages": (306, 306)}
PAGES = 306 * 72


def textract(work: dict[str, tuple[float, float]], cost: tuple, used: tuple):
    """The story of Textract over three days."""
    return told("textract", bridge(row(TEXTRACT, *cost, used)), amounts({**STEADY, **work}))


def test_a_retry_loop_is_calls_per_document():
    """Calls x 4.9 at the same documents and pages a call take all of the difference."""
    work = {"textract/calls": (102, 499.8), "textract/pages": (306, 1499.4)}
    found = textract(work, (33.048, 161.9352), (PAGES, PAGES * 4.9))
    assert effect_of(found) == {"calls": 128.8872}
    assert (found.leading.means, found.leading.title) == ("retries", "Textract calls")
    assert (round(found.leading.before, 9), round(found.leading.now, 9)) == (1.02, 4.998)
    assert (found.leading.unit, found.doubts) == ("calls/invoices", ())


def test_a_longer_prompt_is_size():
    """Four times the tokens at a flat number of calls."""
    steps = {"documents": (100, 100), "calls": (100, 100), "misses": (80, 80), "tokens": (144_000, 576_000)}
    work = amounts({f"bedrock_input/{step}": pair for step, pair in steps.items()})
    found = told("bedrock_input", bridge(row(TOKENS, 82.944, 331.776, (10_368_000, 41_472_000))), work)
    assert (effect_of(found), found.leading.means) == ({"tokens": 248.832}, "size")


def test_a_cache_that_is_off_is_misses():
    """All calls are paid for, where a fifth was before."""
    steps = {"documents": (100, 100), "calls": (100, 100), "misses": (20, 100), "tokens": (36_000, 180_000)}
    work = amounts({f"bedrock_input/{step}": pair for step, pair in steps.items()})
    found = told("bedrock_input", bridge(row(TOKENS, 20.736, 103.68, (2_592_000, 12_960_000))), work)
    assert (effect_of(found), found.leading.means) == ({"misses": 82.944}, "misses")


def test_more_documents_are_volume():
    """A burst of uploads, each as costly as before."""
    work = {step: (each[0], each[0] * 3) for step, each in STEADY.items()}
    found = textract(work, (33.048, 99.144), (PAGES, PAGES * 3))
    assert (effect_of(found), found.leading.step) == ({"documents": 66.096}, "documents")
    assert (found.leading.before, found.leading.now, found.leading.unit) == (2400, 7200, "invoices/day")


def test_a_dearer_page_is_price():
    """The same usage at 1.3 times the price."""
    found = textract({}, (33.048, 42.9624), (PAGES, PAGES))
    assert (effect_of(found), found.leading.means) == ({"price": 9.9144}, "price")


def test_twice_the_memory_is_what_is_billed_for_a_second():
    """GB-seconds double at the same invocations and duration."""
    work = amounts({"lambda/invocations": (100, 100), "lambda/duration": (500, 500)}, source="metrics")
    found = told("lambda", bridge(row(LAMBDA, "0.6000012", "1.2000024", (36_000, 72_000))), work)
    assert (effect_of(found), found.leading.unit) == ({"billed": 0.600001}, "Units/s")
    assert (found.leading.before, found.leading.now) == (1.0, 2.0)


def test_what_was_never_done_before_is_the_step_that_was_zero():
    """Documents as ever, but no call of Textract and no cost in the baseline."""
    work = {"textract/calls": (0, 102), "textract/pages": (0, 306)}
    found = textract(work, (0, 33.048), (None, PAGES))
    assert effect_of(found) == {"calls": 33.048}
    assert math.isnan(found.factors[2].before)


def test_without_signals_billed_usage_and_price_are_told():
    """With the doubt in words."""
    found = told("textract", bridge(row(TEXTRACT, 30, 90, (20_000, 60_000))), amounts({}))
    assert (effect_of(found), [factor.step for factor in found.factors]) == ({"billed": 60.0}, ["billed", "price"])
    assert found.doubts[-1] == "no step of the driver is known on both sides: only billed usage and price are told"


def test_a_step_without_telemetry_on_one_side_is_left_out_and_said():
    """Metrics that begin with the window: the first step is volume no more, the billed usage a day is."""
    work = amounts({"lambda/invocations": (0, 100), "lambda/duration": (500, 1000)}, source="metrics")
    found = told("lambda", bridge(row(LAMBDA, 1, 2, (36_000, 72_000))), work)
    assert [(factor.step, factor.means) for factor in found.factors][0] == ("duration", "volume")
    assert found.doubts == ("invocations: nothing was logged or measured on the baseline's days: left out",)


def test_hours_without_telemetry_do_not_make_less_of_the_rates():
    """Half of the window's hours are lost: amounts a day are those of the hours that are covered."""
    lost = [at for at in hours_of(PERIODS.now) if at.hour >= 12]
    work = amounts(STEADY, without=lost)
    found = told("textract", bridge(row(TEXTRACT, 33.048, 33.048, (PAGES, PAGES))), work)
    assert (effect_of(found), found.leading.now) == ({}, 2400)
    assert found.doubts[0].startswith(
        "invoices, Textract calls, Textract pages: 36 of the 72 hours of the window's days have nothing where much is"
    )


def by_day(before: tuple[int, int], now: tuple[int, int], lost=()):
    """Documents of Textract, and as many calls and three times the pages, an hour by night and by day (8 to 20)."""
    table = amounts(dict.fromkeys(STEADY, (1, 1)), without=lost)
    is_day, is_now = table["timestamp"].dt.hour.between(8, 19), table["timestamp"] >= MONDAY
    rates = [before[int(day)] if not late else now[int(day)] for day, late in zip(is_day, is_now, strict=True)]
    return table.assign(value=table["value"] * rates, events=rates)


def test_a_dearer_page_is_price_though_the_busy_hours_are_lost():
    """The window lacks its days, of every day or of two: what is left is compared with the same hours before."""
    line = bridge(row(TEXTRACT, 30, 45, (3000, 3000)))
    for lost_days in (PERIODS.now, PERIODS.now[1:]):
        lost = [at for at in hours_of(lost_days) if 8 <= at.hour < 20]
        found = told("textract", line, by_day((4, 40), (4, 40), lost))
        assert (effect_of(found), len(found.doubts)) == ({"price": 15.0}, 1)
        assert round(found.factors[0].now, 6) == 528


def test_a_window_of_hours_is_compared_with_the_same_hours():
    """The rest of the day was not asked for: no hole, and no busy hour stands for it."""
    asked = [Window(side[0] + 8 * HOUR, side[0] + 14 * HOUR) for side in (PERIODS.before, PERIODS.now)]
    inside = [at for each in asked for at in pd.date_range(each.start, each.end, freq="h", inclusive="left")]
    lost = [at for at in hours_of([*PERIODS.before, *PERIODS.now]) if at not in inside]
    one = CostPeriods(PERIODS.now[:1], PERIODS.before[:1])
    line = bridge(row(TEXTRACT, 10, 30, (1000, 3000)))
    found = story("textract", COSTS_OF.drivers["textract"], line, by_day((4, 40), (4, 120), lost), one, asked=asked)
    assert (effect_of(found), found.leading.before, found.leading.now) == ({"documents": 20.0}, 240, 720)
    assert found.doubts == (
        "telemetry covers 6 of the 24 hours of the baseline's days and 6 of the 24 hours of the window's days: what was"
        " done a day is that of those hours",
    )


def test_sides_without_an_hour_of_the_day_in_common_are_not_compared():
    """Telemetry of the morning tells nothing of an evening."""
    asked = [Window(side[0] + start * HOUR, side[0] + (start + 6) * HOUR)
             for side, start in ((PERIODS.before, 6), (PERIODS.now, 18))]  # fmt: skip
    line = bridge(row(TEXTRACT, 10, 30, (1000, 3000)))
    found = story("textract", COSTS_OF.drivers["textract"], line, amounts(STEADY), PERIODS, asked=asked)
    assert ([factor.step for factor in found.factors], "no hour of the day in common" in found.doubts[1]) == (
        ["billed", "price"], True
    )  # fmt: skip


def test_calls_that_the_bill_knows_but_the_logs_do_not_leave_the_step_out():
    """Cost on a side where the step was zero cannot be the step's."""
    found = textract({"textract/calls": (0, 102)}, (33.048, 33.048), (PAGES, PAGES))
    assert [factor.step for factor in found.factors] == ["documents", "pages", "billed", "price"]
    assert "the bill has cost: left out" in found.doubts[0]


@pytest.mark.parametrize("used", [((10, 10), (5, None)), ((10, 10), None)])
def test_usage_that_is_not_known_leaves_one_price(used):
    """Of a line without usage, or of lines in two units."""
    rows = [row(TEXTRACT, 10, 20, used[0]), row(TEXTRACT, 5, 10, used[1], unit="Units" if used[1] else "Hours")]
    found = told("textract", bridge(*rows), amounts(STEADY))
    assert effect_of(found) == {"price": 15.0}
    assert found.doubts[-1].startswith("the bill has no usage in one unit")


def test_lines_below_zero_are_not_split():
    """A correction of last month: all stands in the last factor."""
    found = textract({}, (-5, 33), (PAGES, PAGES))
    assert (effect_of(found), found.delta) == ({"price": 38.0}, Decimal(38))


def test_no_line_no_story():
    """Credits, and lines of other kinds, are not the driver's."""
    lines = bridge(row(LAMBDA, 1, 2), row(TEXTRACT, -1, -2, category="credit"))
    assert story("textract", COSTS_OF.drivers["textract"], lines, amounts(STEADY), PERIODS) is None


def test_patterns_match_whole_names_and_null_only_as_any():
    """Case and all; a null usage type is matched by `*` alone."""
    lines = bridge(
        row(TEXTRACT, 1, 1), row(("AmazonTextract", None, None), 1, 1), row(("amazontextract", "a", "b"), 1, 1)
    )
    assert matching(COSTS_OF.drivers["textract"], lines).tolist() == [True, True, False]
    requests = bridge(row(("AWSLambda", "USE1-Request", None), 1, 1), row(("AWSLambda", None, None), 1, 1))
    assert matching(COSTS_OF.drivers["lambda_requests"], requests).tolist() == [True, False]


def test_evidence_and_doubts_are_the_drivers_own():
    """Pulls and rows of its first hours; of doubts those of its signals, and those of all."""
    doubts = ("textract/pages: 3 left out", "bedrock_input/tokens: 9 left out", "estimates: 1 in 4 by time")
    lines = bridge(row(TEXTRACT, 33, 33, (PAGES, PAGES)))
    found = story("textract", COSTS_OF.drivers["textract"], lines, amounts(STEADY), PERIODS, doubts=doubts)
    assert found.doubts == (doubts[0], doubts[2])
    assert len(found.refs) == 6
    assert {pull for pull, _ in found.refs} == {"logs/aws/lambda/inference", "logs.baseline/aws/lambda/inference"}


def test_effects_sum_to_the_difference_whatever_the_order_of_rows():
    """Exactly, over random chains with zeros and holes; shuffled rows give the same."""
    draw = random.Random(7)
    driver = COSTS_OF.drivers["bedrock_input"]
    hours = hours_of([*PERIODS.before, *PERIODS.now])
    for _ in range(6):
        pairs = {step: tuple(draw.choice([0, draw.uniform(1, 500)]) for _ in "ab") for step in driver.chain}
        lost = [at for at in hours if draw.random() < 0.2]
        work = amounts({f"bedrock_input/{step}": pair for step, pair in pairs.items()}, without=lost)
        cents = [Decimal(draw.choice([0, draw.randrange(10**9)])).scaleb(-6) for _ in "abcd"]
        lines = bridge(row(TOKENS, cents[0], cents[1], (draw.choice([None, 5]), 9)), row(TOKENS, *cents[2:], (3, 4)))
        found = story("bedrock_input", driver, lines, work, PERIODS)
        assert sum((factor.effect for factor in found.factors), Decimal(0)) == found.delta == sum(lines["delta"])
        shuffled = story("bedrock_input", driver, lines[::-1], work.sample(frac=1, random_state=1), PERIODS)
        assert repr(shuffled) == repr(found)


def test_a_quiet_night_is_no_hole():
    """Hours that are empty on every day are zeros; the same hours of one day alone are missing."""
    nights = [at for at in hours_of([*PERIODS.before, *PERIODS.now]) if at.hour < 6]
    found = told("textract", bridge(row(TEXTRACT, 33, 33, (PAGES, PAGES))), amounts(STEADY, without=nights))
    assert found.doubts == ()
    one = [MONDAY + place * HOUR for place in range(6)]
    found = told("textract", bridge(row(TEXTRACT, 33, 33, (PAGES, PAGES))), amounts(STEADY, without=one))
    assert found.doubts[0].startswith(
        "invoices, Textract calls, Textract pages: 6 of the 72 hours of the window's days"
    )
