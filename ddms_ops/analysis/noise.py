"""How far single values scatter about what is expected, so that counts and levels are judged in one unit.

Counts scatter as a gamma mixture of Poisson counts; levels after the power transform that makes their scatter the
same at every height (Tukey, "Exploratory Data Analysis", 1977, spread against level).
"""

from dataclasses import dataclass

import numpy as np

MOST_COUNT = 2000.0
CLIP = 6.0
STRETCH = 30
LEAST_SPREAD = 1 / 3
LEAST_SCATTER = 0.5
FEW_EVENTS = 2.0
EVEN = 0.02
USUAL_WANDER = 0.07
PRIOR_STRETCHES = 0.5
MIDDLE, LOWER_OF_TWO = 0.455, 0.142  # medians of a squared standard normal, and of the lower of two


@dataclass(frozen=True, slots=True)
class Noise:
    """What the scatter is: counts with variance m + m²·excess, or levels of a power and a spread.

    power 0 is the logarithm, of values held above `floor`; `spread` is the standard deviation after the transform.
    """

    is_counts: bool
    excess: float = 0.0
    power: float = 1.0
    spread: float = 1.0
    floor: float = 0.0

    def evidence(self, values: np.ndarray, expected: np.ndarray) -> "Evidence":
        """Values and expectations in units of their scatter; unknown values weigh nothing."""
        known = np.isfinite(values) & np.isfinite(expected)
        value, want = np.where(known, values, 0.0), np.where(known, expected, 0.0)
        if self.is_counts:
            weight = known / (1 + want * self.excess)
            due = np.maximum(want, 1e-9) * weight
            return Evidence(True, value * weight, due, known, due)
        heights = [transformed(each, self.power, self.floor) for each in (value, want, want * 1.05, want / 1.05)]
        far, slope = (heights[0] - heights[1]) / self.spread, (heights[2] - heights[3]) / self.spread / 0.1
        log_step = self.spread if self.power == 0.0 else 0.0
        return Evidence(False, np.where(known, far, 0.0), known.astype("float64"), known, known * slope**2, log_step)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each bucket says: weighted counts against weighted expectation, or standardised differences and ones.

    `weight` is what a bucket tells of a relative change, the inverse of the variance of its logarithm; `log_step` is a
    standard deviation where levels are logarithms, else 0.
    """

    is_counts: bool
    seen: np.ndarray
    want: np.ndarray
    known: np.ndarray
    weight: np.ndarray
    log_step: float = 0.0

    def clipped(self) -> np.ndarray:
        """`seen`, single levels that are far out pulled in."""
        return self.seen if self.is_counts else np.clip(self.seen, -CLIP, CLIP)


def transformed(values: np.ndarray, power: float, floor: float) -> np.ndarray:
    """The power transform; 0 is the logarithm, of values held above the floor."""
    if power == 1.0:
        return values
    held = np.maximum(values, floor)
    return np.log(held) if power == 0.0 else np.sqrt(held)


def noise_of(values: np.ndarray, expected: np.ndarray) -> Noise:
    """The scatter of values about what is expected of them; a minority of shifted values does not move it.

    Args:
        values: float64, NaN where unknown.
        expected: float64, as long.
    """
    known = np.isfinite(values) & np.isfinite(expected)
    value, want = values[known], expected[known]
    if not len(value):
        return Noise(True)
    if _are_counts(value, want):
        return Noise(True, excess=_excess(value, np.maximum(want, 1e-9)))
    power, height = _power(value, want), float(np.abs(value).mean())
    floor = max(height, 1e-300) * 1e-6
    rest = transformed(value, power, floor) - transformed(want, power, floor)
    return Noise(False, power=power, spread=_spread(rest, 1.0 if power == 0.0 else height**power), floor=floor)


def _are_counts(value: np.ndarray, want: np.ndarray) -> bool:
    """Whether values are whole, not negative, and scatter as much as independent events do."""
    if (value < 0).any() or (value != np.round(value)).any() or np.median(value) > MOST_COUNT:
        return False
    parts = _stretches(len(value))
    scatter = np.median([((value[part] - want[part]) ** 2).sum() / max(want[part].sum(), 1e-9) for part in parts])
    return bool(scatter >= LEAST_SCATTER or want.mean() < FEW_EVENTS)


def _excess(value: np.ndarray, want: np.ndarray) -> float:
    """Variance beyond Poisson, as a share of the squared mean: the median over stretches."""
    parts = _stretches(len(value))
    over = [float(((value[part] - want[part]) ** 2 - want[part]).sum() / (want[part] ** 2).sum()) for part in parts]
    return max(0.0, float(np.median(over)))


def _stretches(size: int) -> list[np.ndarray]:
    """Places in stretches of about 30, or shorter ones where that makes fewer than twelve."""
    return np.array_split(np.arange(size), max(1, size // STRETCH, min(12, size // 5)))


def _power(value: np.ndarray, want: np.ndarray) -> float:
    """1, a half or 0: the transform after which scatter does not grow with height."""
    if value.min() < 0:
        return 1.0
    count = len(_stretches(len(value)))
    table = value[: len(value) // count * count].reshape(count, -1)
    height = np.median(table, axis=1)
    width = np.median(np.abs(table - height[:, None]), axis=1)
    usable = (height > 0) & (width > 0)
    height, width = np.log(height[usable]), np.log(width[usable])
    if len(height) >= 8 and np.ptp(np.quantile(height, [0.1, 0.9])) > 0.2:
        slope = float(np.cov(height, width)[0, 1] / np.var(height, ddof=1))
        return 0.0 if slope > 0.75 else 0.5 if slope > 0.25 else 1.0
    low, middle, high = np.quantile(value - want, [0.05, 0.5, 0.95])
    return 0.0 if value.min() > 0 and high + low - 2 * middle > 0.15 * (high - low) else 1.0


def _spread(rest: np.ndarray, height: float) -> float:
    """Standard deviation, robust; that of the rest where most values are alike, a share of the height where all are."""
    middle = np.median(rest)
    far = np.abs(rest - middle)
    spread = max(float(np.median(far)) * 1.4826, float(np.quantile(far, 0.9)) * LEAST_SPREAD)
    return spread or max(float(far.std()), EVEN * height) or 1.0


def wander(evidence: Evidence, stretch: np.ndarray) -> float:
    """How far the level of a usual stretch (a day, or some buckets) is from normal, as a share of it.

    Standard deviation, from the differences of neighbours, beyond what single values' scatter explains; drawn towards
    a twentieth where few stretches are known (after von Neumann, "Distribution of the ratio of the mean square
    successive difference to the variance", 1941, with medians).

    Args:
        evidence: the usual signal.
        stretch: number of the stretch of each bucket, from 0.
    """
    seen, want, weight = (
        np.bincount(stretch, weights=part) for part in (evidence.clipped(), evidence.want, evidence.weight)
    )
    enough = weight > 0
    seen, want, weight = seen[enough], want[enough], weight[enough]
    is_counts = evidence.is_counts
    level = np.log((seen + 0.5) / (want + 0.5)) if is_counts else seen / np.sqrt(want * weight)
    count = len(level)
    if count < 2:
        return USUAL_WANDER
    step = np.quantile(np.diff(level) ** 2, 0.5, method="lower") / (2 * (LOWER_OF_TWO if count == 3 else MIDDLE))
    excess = max(0.0, float(step) - float(np.median(1 / weight)))
    return float(np.sqrt((PRIOR_STRETCHES * USUAL_WANDER**2 + count * excess) / (PRIOR_STRETCHES + count)))
