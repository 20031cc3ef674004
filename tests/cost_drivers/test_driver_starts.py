"""When what moved a driver's cost left its normal."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from driver_builders import (
    COSTS_OF,
    DAY,
    MONDAY,
    PERIODS,
    TEXTRACT,
    WEEK_BEFORE,
    WINDOW,
    amounts,
    bridge,
    row,
)

from ddms_ops.analysis.cost_drivers import Story, story
from ddms_ops.analysis.driver_starts import Start, start_of
from ddms_ops.analysis.signal_hours import HOUR

DAILY = 60 + 40 * np.sin(np.arange(24) / 24 * 2 * np.pi)


def work(factor: dict[str, float], onset: int, seed: int = 1) -> pd.DataFrame:
    """Textract's steps over both sides with a daily rhythm and noise; some multiplied from an hour of the window on."""
    draw = np.random.default_rng(seed)
    rows = []
    for pull, first in (("logs.baseline/i", WEEK_BEFORE), ("logs/i", MONDAY)):
        for place in range(72):
            grown = {step: by if pull == "logs/i" and place >= onset else 1 for step, by in factor.items()}
            documents = draw.poisson(DAILY[place % 24] * grown.get("documents", 1))
            calls = documents + draw.poisson(documents * 0.02) if grown.get("calls", 1) == 1 else (
                draw.poisson(documents * grown["calls"])
            )  # fmt: skip
            pages = draw.poisson(calls * 3 * grown.get("pages", 1))
            rows += [
                {"timestamp": first + place * HOUR, "signal": f"textract/{step}", "value": value, "pull": pull}
                for step, value in (("documents", documents), ("calls", calls), ("pages", pages))
                if value
            ]
    return amounts({}).iloc[:0].pipe(lambda empty: pd.concat([empty, pd.DataFrame(rows)])).assign(
        events=10, row=0, tenant="acme", value=lambda frame: frame["value"].astype("float64")
    )  # fmt: skip


def billed(done: pd.DataFrame) -> Story:
    """The story where the bill follows the pages."""
    pages = done[done["signal"] == "textract/pages"].groupby(done["timestamp"] >= MONDAY)["value"].sum()
    line = row(TEXTRACT, pages[False] * 0.0015, pages[True] * 0.0015, (pages[False], pages[True]))
    return story("textract", COSTS_OF.drivers["textract"], bridge(line), done, PERIODS)


def started(factor: dict[str, float], onset: int, seed: int = 1) -> tuple[str, Start | None]:
    """What leads, and when it left its normal."""
    done = work(factor, onset, seed)
    return billed(done).leading.step, start_of(billed(done), done, PERIODS, WINDOW)


@pytest.mark.parametrize(
    ("step", "by", "onset"), [("calls", 4.9, 31), ("documents", 3.0, 9), ("pages", 2.5, 50), ("calls", 2.5, 4)]
)
def test_the_hour_in_which_the_leading_factor_left_its_normal_is_found(step, by, onset):
    """A retry loop, a burst of uploads and larger documents, each within an hour, under a daily rhythm."""
    leading, start = started({step: by}, onset, seed=onset)
    assert (leading, start.earliest <= start.at <= start.latest) == (step, True)
    assert abs(start.at - (MONDAY + onset * HOUR)) <= HOUR


def test_what_the_bill_alone_knows_has_no_start():
    """Of price and of billed usage nothing is measured by the hour."""
    done = work({}, 0)
    found = story("textract", COSTS_OF.drivers["textract"], bridge(row(TEXTRACT, 1, 9, (5, 5))), done, PERIODS)
    assert (found.leading.step, start_of(found, done, PERIODS, WINDOW)) == ("price", None)


def test_a_factor_that_did_not_change_has_no_start():
    """Noise alone is no start."""
    assert started({}, 0)[1] is None


@pytest.mark.parametrize("step", ["calls", "documents"])
def test_a_window_that_was_so_from_its_beginning_has_no_start(step: str):
    """It may have begun before; where the hours before it were asked for and are normal, it began there."""
    done = work({step: 4.0}, 0)
    assert start_of(billed(done), done, PERIODS, WINDOW) is None
    day_before = done[done["timestamp"].between(WEEK_BEFORE, WEEK_BEFORE + 23 * HOUR)]
    more = pd.concat([done, day_before.assign(timestamp=day_before["timestamp"] + 6 * DAY)], ignore_index=True)
    assert start_of(billed(done), more, PERIODS, WINDOW).at == MONDAY


def test_work_that_begins_at_night_where_there_was_none_starts_there():
    """Four hours without anything, as on every night before."""
    shape = [0] * 7 + [20] * 12 + [0] * 5
    table = amounts({"textract/documents": (1, 1), "textract/calls": (1, 1), "textract/pages": (3, 3)})
    is_now = (table["timestamp"] >= MONDAY + 4 * HOUR).astype("int64")
    table["value"] *= table["timestamp"].dt.hour.map(dict(enumerate(shape))) + 20 * is_now
    done = table[table["value"] > 0]
    start = start_of(billed(done), done, PERIODS, WINDOW)
    assert (start.earliest, start.at) == (MONDAY + 4 * HOUR, MONDAY + 4 * HOUR)


def test_a_baseline_on_other_days_than_telemetry_still_finds_it():
    """Without amounts on the days compared the window is its own normal."""
    done = work({"calls": 4.9}, 50)
    start = start_of(billed(done), done[done["timestamp"] >= MONDAY], PERIODS, WINDOW)
    assert start.at == MONDAY + 50 * HOUR


def test_a_change_within_an_hour_may_have_begun_in_it():
    """A quarter of an hour of a retry loop: the next hour is the first whole one, this one the earliest."""
    done = work({"calls": 5.0}, 30)
    at = MONDAY + 29 * HOUR
    calls, documents = (
        done[(done["signal"] == f"textract/{step}") & (done["timestamp"] == at)].index[0]
        for step in ("calls", "documents")
    )
    done.loc[calls, "value"] = 2.0 * done.loc[documents, "value"]
    start = start_of(billed(done), done, PERIODS, WINDOW)
    assert (start.at, start.earliest, start.latest) == (at + HOUR, at, at + HOUR)


@pytest.mark.parametrize("seed", range(2))
def test_a_ratio_of_few_documents_at_night_is_followed_to_its_first_hour(seed: int):
    """A loop that begins at two in the morning, when little is done."""
    leading, start = started({"calls": 3.5}, 26, seed=seed)
    assert (leading, abs(start.at - (MONDAY + 26 * HOUR)) <= HOUR) == ("calls", True)


def test_a_step_of_a_daily_rhythm_is_no_slow_rise():
    """Bytes that scatter with their level: they double in the evening, when they fall anyway."""
    draw = np.random.default_rng(2)
    hourly = DAILY[np.arange(144) % 24] * 1e8 * np.exp(draw.normal(0, 0.12, 144))
    hourly[72 + 20 :] *= 3
    rows = amounts({"nat/bytes": (1, 1)}, source="metrics").sort_values("timestamp").assign(value=hourly)
    line = row(
        ("AmazonEC2", "NatGateway-Bytes", "x"),
        hourly[:72].sum(),
        hourly[72:].sum(),
        (hourly[:72].sum(), hourly[72:].sum()),
    )
    found = story("nat", COSTS_OF.drivers["nat"], bridge(line), rows, PERIODS)
    start = start_of(found, rows, PERIODS, WINDOW)
    assert (start.at, start.latest) == (MONDAY + 20 * HOUR, MONDAY + 20 * HOUR)
    assert start.earliest >= MONDAY + 19 * HOUR


def test_an_hour_of_little_change_does_not_hide_the_beginning():
    """A loop that pauses for an hour, and calls in an hour without a new document."""
    calls = [35, 77, 115, 120, 61, 39, 56, 78, 38, 26, 51, 23, 30, 24, 9, 12, 28, 53, 73, 91, 115, 150, 164, 154, 127,
             148, 147, 120, 111, 79, 57, 47, 53, 18, 24, 46, 14, 11, 6, 31, 24, 26, 84, 176, 170, 123, 98, 98, 93, 134,
             124, 132, 107, 86, 44, 45, 55, 33]  # fmt: skip
    new = [23, 16, 20, 17, 11, 14, 14, 12, 6, 5, 5, 4, 3, 2, 2, 2, 7, 10, 16, 19, 24, 22, 25, 23, 24, 23, 19, 19, 17,
           15, 6, 7, 5, 1, 8, 0, 2, 3, 1, 4, 4, 10, 18, 25, 32, 16, 19, 21, 14, 26, 27, 24, 17, 10, 8, 6, 8,
           3]  # fmt: skip
    done = work({}, 0)
    later = {MONDAY + (14 + place) * HOUR: pair for place, pair in enumerate(zip(new, calls, strict=True))}
    for step, side in (("documents", 0), ("calls", 1)):
        is_own = (done["signal"] == f"textract/{step}") & done["timestamp"].isin(list(later))
        done.loc[is_own, "value"] = [float(later[at][side]) for at in done.loc[is_own, "timestamp"]]
    line = row(TEXTRACT, 1, 4, (1, 4))
    found = story("textract", COSTS_OF.drivers["textract"], bridge(line), done, PERIODS)
    factors = tuple(each for each in found.factors if each.step in ("documents", "calls"))
    start = start_of(replace(found, factors=factors), done, PERIODS, WINDOW)
    assert (start.earliest, start.at) == (MONDAY + 14 * HOUR, MONDAY + 15 * HOUR)
