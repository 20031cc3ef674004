"""A sample by time: one block of each minute, spread evenly, the same in every run."""

import numpy as np
import pandas as pd
import pytest
from builders import at, window

from ddms_ops.errors import WindowError
from ddms_ops.sampling import STEPS, one_in_for, sample_blocks, sampled
from ddms_ops.window import Window

DAY = Window(at("00:00"), at("00:00") + pd.Timedelta(days=1))
ODD = window("10:00:17.250", "11:03:41.7")
NOTHING = pd.Timedelta(0)


def micros(stamps: pd.DatetimeIndex) -> np.ndarray:
    """Microseconds since 1970."""
    return stamps.as_unit("us").asi8


@pytest.mark.parametrize("one_in", STEPS)
def test_the_share_of_time_is_the_one_asked_for(one_in: int):
    """Exactly, over whole minutes."""
    blocks = sample_blocks(DAY, one_in)
    assert len(blocks) == 1440
    assert sum((block.length for block in blocks), NOTHING) == DAY.length / one_in


@pytest.mark.parametrize("one_in", [2, 7, 8, 60])
def test_blocks_lie_in_the_window_in_order_and_apart(one_in: int):
    """Also where the window begins and ends within a block."""
    blocks = sample_blocks(ODD, one_in)
    assert blocks[0].start >= ODD.start
    assert blocks[-1].end <= ODD.end
    assert all(before.end <= after.start for before, after in zip(blocks, blocks[1:], strict=False))
    assert all(block.start.floor("min") == (block.end - pd.Timedelta(1, unit="ns")).floor("min") for block in blocks)


def test_a_block_does_not_depend_on_the_window():
    """Two windows that share a minute share its block."""
    inside = [block for block in sample_blocks(DAY, 12) if ODD.start <= block.start and block.end <= ODD.end]
    assert set(inside) <= set(sample_blocks(ODD, 12))


def test_blocks_are_these():
    """The same in every run, on every machine, in every version: a replay depends on it."""
    starts = [f"{block.start:%H:%M:%S}" for block in sample_blocks(window("10:00", "10:06"), 12)]
    assert starts == ["10:00:20", "10:01:55", "10:02:10", "10:03:10", "10:04:55", "10:05:05"]


@pytest.mark.parametrize("one_in", [2, 6, 15])
def test_no_second_of_the_minute_is_favoured(one_in: int):
    """What runs at :00 is in as often as what runs at any other second, to four standard deviations."""
    seconds = micros(pd.date_range(DAY.start, DAY.end, freq="1s", inclusive="left"))
    often = sampled(seconds, DAY, one_in).reshape(1440, 60).sum(axis=0)
    share = 1 / one_in
    assert (abs(often - 1440 * share) < 4 * np.sqrt(1440 * share * (1 - share))).all()


@pytest.mark.parametrize("minutes", [2, 5, 13, 15, 60])
def test_a_job_every_few_minutes_is_in_as_often_as_asked(minutes: int):
    """No period keeps step with the blocks."""
    month = Window(DAY.start, DAY.start + pd.Timedelta(days=30))
    runs = micros(pd.date_range(month.start, month.end, freq=f"{minutes}min", inclusive="left"))
    assert abs(sampled(runs, month, 4).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(runs))


def test_a_smaller_sample_is_a_part_of_a_larger_one():
    """Where one share divides the other."""
    for one_in in (4, 6, 12, 60):
        pairs = zip(sample_blocks(DAY, one_in), sample_blocks(DAY, 2), strict=True)
        assert all(large.start <= small.start and small.end <= large.end for small, large in pairs)


def test_instants_are_in_their_half_open_blocks():
    """The start of a block is in; its end is not, unless the next block begins there."""
    blocks = sample_blocks(ODD, 8)
    starts, ends = (pd.DatetimeIndex([getattr(block, edge) for block in blocks]) for edge in ("start", "end"))
    assert sampled(micros(starts), ODD, 8).all()
    assert (sampled(micros(ends), ODD, 8) == ends.isin(starts)).all()


def test_one_in_one_is_everything():
    """The window, uncut."""
    assert sample_blocks(ODD, 1) == [ODD]


@pytest.mark.parametrize("one_in", [0, -1, 61])
def test_a_share_that_is_none_is_refused(one_in: int):
    """With what would work."""
    with pytest.raises(WindowError, match="from 1 to 60"):
        sample_blocks(ODD, one_in)


@pytest.mark.parametrize(
    ("events", "one_in"), [(0, 1), (1_000, 1), (1_001, 2), (2_000, 2), (6_001, 10), (60_000, 60), (10**9, 60)]
)
def test_the_least_share_that_brings_events_under_the_limit(events: int, one_in: int):
    """A second a minute is the last step."""
    assert one_in_for(events, 1_000) == one_in
