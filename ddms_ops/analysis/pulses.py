"""The separate stretches that a shift comes in, and whether they are evenly spaced.

Each bucket is either as expected or at the shift's level; the likeliest sequence of the two, where every stretch costs
as much as it would by chance, tells one stretch from several (Viterbi, "Error bounds for convolutional codes", 1967).
"""

import numpy as np

from ddms_ops.analysis.noise import Evidence
from ddms_ops.analysis.scan import Segment, totals

FEWEST = 3
FEWEST_PERIODIC = 4
FAR = 3.0
UNEVEN = 0.15
STRETCH_COST = 3.0
EXCLUDED = 3.0
LONGER = 3.0
SPARE = 4.0
LEAST_BETWEEN = 0.25
MANY, WIDE = 5, 10.0

Stretch = tuple[int, int]


def gains(evidence: Evidence, stretches: list[Stretch]) -> np.ndarray:
    """How much likelier each bucket is at the level of the stretches than as expected, log-likelihood."""
    seen = np.concatenate([evidence.seen[slice(*stretch)] for stretch in stretches])
    want = sum(float(evidence.want[slice(*stretch)].sum()) for stretch in stretches)
    if evidence.is_counts:
        ratio = max(float(seen.sum()), 0.1) / max(want, 1e-9)
        return evidence.seen * np.log(ratio) - evidence.want * (ratio - 1)
    height = float(np.median(seen[seen != 0])) if seen.any() else 1.0
    near = np.clip(evidence.seen, min(0.0, height) - SPARE, max(0.0, height) + SPARE)
    return height * near - 0.5 * height**2 * evidence.want


def stretches_of(gain: np.ndarray) -> list[Stretch]:
    """The stretches that together are likeliest, each of which costs; in order of time."""
    cost = STRETCH_COST + np.log(len(gain))
    off, on, came_off, came_on = 0.0, -np.inf, [], []
    for value in gain.tolist():
        begins, stops = off - cost > on, on > off
        came_on.append(begins)
        came_off.append(stops)
        on, off = (off - cost if begins else on) + value, on if stops else off
    found: list[Stretch] = []
    is_on, end = on > off, len(gain)
    for place in range(len(gain) - 1, -1, -1):
        if is_on and came_on[place]:
            found.append((place, end))
            is_on = False
        elif not is_on and came_off[place]:
            is_on, end = True, place
    return found[::-1]


def pulses_of(evidence: Evidence, segment: Segment, longest: int) -> list[Stretch]:
    """The stretches that belong to the segment's shift; the segment alone where it is one stretch.

    Stretches belong together where none is further from the next than three times as far as usual; what goes on for
    more than `longest` buckets is no shift.
    """
    whole = (segment.start, segment.end)
    found = stretches_of(gains(evidence, [whole]))
    inside = [stretch for stretch in found if stretch[0] < whole[1] and whole[0] < stretch[1]]
    if not inside:
        return [whole]
    if len(inside) > 1:
        found = stretches_of(gains(evidence, inside))
    if len(found) < FEWEST:
        return [whole]
    starts = np.array([start for start, _ in found])
    breaks = np.flatnonzero(np.diff(starts) > FAR * np.median(np.diff(starts))) + 1
    for run in np.split(np.arange(len(found)), breaks):
        group = [found[place] for place in run]
        if group[0][0] < whole[1] and whole[0] < group[-1][1]:
            return group if _are_alike(group) and group[-1][1] - group[0][0] <= longest else [whole]
    return [whole]


def _are_alike(group: list[Stretch]) -> bool:
    """Whether they are pulses of one shift: enough, none far longer than the others, and the time between them counts.

    Few that are far apart are shifts of their own.
    """
    length = np.array([end - start for start, end in group])
    apart = np.diff([start for start, _ in group])
    if len(group) < FEWEST or length.max() > LONGER * np.median(length) + 1:
        return False
    if len(group) < MANY and np.median(apart) > WIDE * np.median(length) + 1:
        return False
    return bool((apart - length[:-1]).sum() >= LEAST_BETWEEN * length.sum())


def spacing(pulses: list[Stretch]) -> float | None:
    """Buckets from pulse to pulse where they are evenly spaced, single ones missing or not; else None."""
    if len(pulses) < FEWEST_PERIODIC:
        return None
    starts = np.array([start for start, _ in pulses])
    gaps = np.diff(starts)
    turn = np.maximum(np.rint(gaps / np.median(gaps)), 1)
    period = float((starts[-1] - starts[0]) / turn.sum())
    uneven = np.abs(gaps - turn * period)
    return period if (uneven <= max(1.0, UNEVEN * period)).all() and turn.max() <= 2 else None


def is_over(gain: np.ndarray, end: int) -> bool:
    """Whether the buckets from `end` on exclude that the shift went on there."""
    return end < len(gain) and float(totals(gain[end:]).min()) < -EXCLUDED
