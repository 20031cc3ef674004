"""A sample by time: of every minute one block, so that most requests and jobs are whole or not there at all.

A minute has n equal blocks; the one that holds an instant drawn for that minute is taken. The instant is the minute's
hash, even over the minute and the same in every run, so that what runs at :00 is neither always in nor always out.
Where n divides m, each block of 1 in m lies in one of 1 in n: the smaller sample is a part of the larger one.
"""

import numpy as np
import pandas as pd

from ddms_ops.errors import WindowError
from ddms_ops.window import Window

STEPS = (2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
MINUTE_US = 60_000_000
MICROSECOND = pd.Timedelta(microseconds=1)
EPOCH = pd.Timestamp(0, tz="UTC")
WORD = np.uint64(0xFFFFFFFF)


def one_in_for(events: int, most: int) -> int:
    """The least share, 1 in how many, that brings a number of events to at most `most`; 1 where all may be taken.

    1 in 60, a second a minute, is the last step, whatever is left then.
    """
    if events <= most:
        return 1
    return next((step for step in STEPS if events <= step * most), STEPS[-1])


def sample_bounds(window: Window, one_in: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of the blocks of a sample that lie in a window, clipped to it.

    Args:
        window: what to take a sample of.
        one_in: blocks of a minute, of which one is taken; from 1 to 60.

    Returns:
        Two int64 arrays of microseconds since 1970, in order of time, half-open; a minute whose block lies outside
        the window has none.

    Raises:
        WindowError: a share outside 1 to 60.
    """
    if not 1 <= one_in <= STEPS[-1]:
        raise WindowError(f"a sample of 1 in {one_in} cannot be taken; write a number from 1 to {STEPS[-1]}")
    first, end = ((stamp - EPOCH) // MICROSECOND for stamp in (window.start, window.end))
    minutes = np.arange(first // MINUTE_US, -(-end // MINUTE_US), dtype="int64")
    place = (_hashed(minutes) * np.uint64(one_in) >> np.uint64(32)).astype("int64")
    starts = np.maximum(minutes * MINUTE_US + place * MINUTE_US // one_in, first)
    ends = np.minimum(minutes * MINUTE_US + (place + 1) * MINUTE_US // one_in, end)
    return starts[starts < ends], ends[starts < ends]


def sample_blocks(window: Window, one_in: int) -> list[Window]:
    """The blocks of `sample_bounds` as windows; the window itself where everything is taken.

    Raises:
        WindowError: a share outside 1 to 60.
    """
    if one_in == 1:
        return [window]
    bounds = (pd.to_datetime(edge, unit="us", utc=True) for edge in sample_bounds(window, one_in))
    return [Window(start, end) for start, end in zip(*bounds, strict=True)]


def sampled(stamps_us: np.ndarray, window: Window, one_in: int) -> np.ndarray:
    """Whether each instant (int64, microseconds since 1970) lies in a block of the sample; bool."""
    starts, ends = sample_bounds(window, one_in)
    if not len(starts):
        return np.zeros(len(stamps_us), dtype=bool)
    place = np.searchsorted(starts, stamps_us, side="right") - 1
    return (place >= 0) & (stamps_us < ends[np.maximum(place, 0)])


def sample_words(one_in: int) -> str:
    """What a sample is, for coverage."""
    return (
        f"1 in {one_in} by time (a block of {60 / one_in:.3g} s a minute): "
        "shares and rates are estimates, totals are counted"
    )


def _hashed(minutes: np.ndarray) -> np.ndarray:
    """A number from 0 to 2**32 - 1 for each minute since 1970; the finaliser of MurmurHash3 (Appleby), 32 bits."""
    found = minutes.astype("uint64") & WORD
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        found = ((found ^ (found >> np.uint64(shift))) * np.uint64(factor)) & WORD
    return found ^ (found >> np.uint64(16))
