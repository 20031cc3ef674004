"""Events counted by the combinations of their attributes, and the combination whose failures are least expected.

The statistic is the two-part Poisson likelihood ratio of a spatial scan (Kulldorff, "A spatial scan statistic", 1997):
the rate of failures inside a cell against the rate outside it, each as a multiple of what is expected. A rise that is
the same everywhere, and more traffic, score 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

NONE = "(none)"
OTHER = "(other)"
MOST_VALUES = 5000  # rarer ones are one value
ROUNDS = 8
SURE = 1e4  # events that stand for a rate known for certain
ALIKE = 0.03
LEAST_EVENTS = 10  # cells with fewer are not looked at
FEWEST_FOR_SPREAD = 30
MEDIAN_CHI2 = 0.4549  # median of a chi-squared variable with one degree of freedom


@dataclass(frozen=True, slots=True)
class Coded:
    """An attribute as codes of `values` (text, nulls as NONE), window and baseline alike.

    `distinct` is how many values it has, which is more than `values` where the rarest of them stand as OTHER.
    """

    name: str
    values: np.ndarray
    now: np.ndarray
    before: np.ndarray
    distinct: int


@dataclass(slots=True)
class Leaves:
    """One row for each combination of attribute values that occurs: `codes` (a column an attribute) and its counts.

    `expected` are the failures that the baseline's rates make expected of the window's events; `known` says, for each
    attribute and value, how many failures the knowledge of its rate is worth.
    """

    codes: np.ndarray
    sizes: tuple[int, ...]
    count: np.ndarray
    failed: np.ndarray
    expected: np.ndarray
    known: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """Values (codes) of some attributes (places), and what was counted there; `is_sure` where it is no chance."""

    places: tuple[int, ...]
    codes: tuple[int, ...]
    failed: float
    llr: float
    score: float
    is_sure: bool

    @property
    def values(self) -> frozenset[tuple[int, int]]:
        """Its attributes (places) with their values (codes)."""
        return frozenset(zip(self.places, self.codes, strict=True))


def coded(now: pd.DataFrame, before: pd.DataFrame, name: str) -> Coded:
    """An attribute of both frames as codes in the order of its values; of very many the rarest together are OTHER."""
    given = [frame[name].astype("category") for frame in (now, before)]
    sides = _pooled(given)
    texts = [[str(value) for value in side.cat.categories] for side in sides]
    values = np.array(sorted({*texts[0], *texts[1], NONE}), dtype=object)
    place = {value: code for code, value in enumerate(values)}
    codes = [
        np.append(np.array([place[text] for text in known], dtype="int64"), place[NONE])[side.cat.codes.to_numpy()]
        for side, known in zip(sides, texts, strict=True)
    ]
    used = np.unique(np.concatenate(codes))
    every = len(used) if sides is given else len(given[0].cat.categories.union(given[1].cat.categories))
    return Coded(name, values[used], np.searchsorted(used, codes[0]), np.searchsorted(used, codes[1]), every)


def _pooled(sides: list[pd.Series]) -> list[pd.Series]:
    """The same values where they are few enough, else the most frequent, of equally frequent ones the first by name."""
    if all(len(side.cat.categories) <= MOST_VALUES for side in sides):
        return sides
    counts = pd.concat([side.astype("str").value_counts() for side in sides]).groupby(level=0).sum()
    order = counts.sort_index().sort_values(ascending=False, kind="stable").index
    rare = set(order[MOST_VALUES:])
    return [
        side.cat.rename_categories(str).map(lambda text: OTHER if text in rare else text).astype("category")
        for side in sides
    ]


def leaves_of(
    attributes: Sequence[Coded], now: tuple[np.ndarray, np.ndarray], before: tuple[np.ndarray, np.ndarray]
) -> Leaves:
    """Counts and failures by combination of values.

    Args:
        attributes: which.
        now: events and failures of each row of the window.
        before: the same of the baseline; no rows mean that the window's own rate is what is expected.
    """
    sizes = tuple(len(attribute.values) for attribute in attributes)
    sides = []
    for side, (count, failed) in (("now", now), ("before", before)):
        key = _ravelled([getattr(attribute, side) for attribute in attributes], sizes, len(count))
        keys, places = _distinct(key)
        sides.append((keys, _sums(places, count, len(keys)), _sums(places, failed, len(keys))))
    (keys, count, failed), (old_keys, old_count, old_failed) = sides
    codes, old_codes = _unravelled(keys, sizes), _unravelled(old_keys, sizes)
    if old_failed.sum() > 0 and old_count.sum() > 0:
        rates, known = _usual_rates(codes, old_codes, old_count, old_failed, sizes)
    else:
        rates = np.full(len(codes), failed.sum() / max(count.sum(), 1e-9))
        known = tuple(np.full(size, SURE) for size in sizes)
    return Leaves(codes, sizes, count, failed, np.maximum(count * rates, 1e-12), known)


def _distinct(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct keys in order, and the place of each key among them."""
    places, keys = pd.factorize(key)
    order = np.argsort(keys)
    rank = np.empty(len(keys), dtype="int64")
    rank[order] = np.arange(len(keys))
    return keys[order], rank[places]


def _ravelled(codes: Sequence[np.ndarray], sizes: Sequence[int], rows: int) -> np.ndarray:
    key = np.zeros(rows, dtype="int64")
    for column, size in zip(codes, sizes, strict=True):
        key = key * size + column
    return key


def _unravelled(keys: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    columns = []
    for size in reversed(sizes):
        keys, column = np.divmod(keys, size)
        columns.append(column)
    return np.stack(columns[::-1], axis=1) if columns else np.zeros((len(keys), 0), dtype="int64")


def _sums(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(places, weights=values, minlength=size).astype("float64")


def _usual_rates(
    codes: np.ndarray, old_codes: np.ndarray, count: np.ndarray, failed: np.ndarray, sizes: Sequence[int]
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Failing rate of each leaf by the main effects of its values in the baseline, and what they are known by.

    Effects are fitted in turn until they agree (iterative proportional fitting, Deming and Stephan, 1940). Each is
    drawn to 1 as far as an attribute's values differ no more than chance makes them (empirical Bayes; Clayton and
    Kaldor, "Empirical Bayes estimates of age-standardized relative risks", 1987); a value that the baseline lacks has
    none.
    """
    overall = failed.sum() / count.sum()
    factors, known = [np.ones(size) for size in sizes], [np.full(size, SURE) for size in sizes]
    observed = [_sums(old_codes[:, place], failed, size) for place, size in enumerate(sizes)]
    fitted = count * overall
    for _ in range(ROUNDS):
        for place, size in enumerate(sizes):
            others = fitted / factors[place][old_codes[:, place]]
            expected = _sums(old_codes[:, place], others, size)
            weight = _weight(observed[place], expected)
            factors[place] = (observed[place] + weight) / (expected + weight)
            known[place] = observed[place] + weight
            fitted = others * factors[place][old_codes[:, place]]
    rate = np.full(len(codes), overall)
    for place, factor in enumerate(factors):
        rate *= factor[codes[:, place]]
    return np.minimum(rate, 1.0), tuple(known)


def _weight(observed: np.ndarray, expected: np.ndarray) -> float:
    """Failures that the likeness of an attribute's values is worth: 1 over the variance of their rates, by moments."""
    variance = (((observed - expected) ** 2).sum() - expected.sum()) / max(float((expected**2).sum()), 1e-12)
    return float(1 / max(variance, 1 / SURE))


def spread_of(leaves: Leaves) -> float:
    """How much more failures vary between leaves than chance explains, by the median squared residual; at least 1."""
    scaled = leaves.expected * (leaves.failed.sum() / leaves.expected.sum())
    big = scaled >= 1.0
    if big.sum() < FEWEST_FOR_SPREAD:
        return 1.0
    residual = (leaves.failed[big] - scaled[big]) ** 2 / scaled[big]
    return max(1.0, float(np.median(residual)) / MEDIAN_CHI2)


def llr_of(failed: np.ndarray, expected: np.ndarray, all_failed: float, all_expected: float) -> np.ndarray:
    """Two-part likelihood ratio of cells that fail more than the rest, as if what is expected were certain; else 0."""
    rest, rest_expected = all_failed - failed, np.maximum(all_expected - expected, 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(failed > 0, failed * np.log(failed / expected), 0.0)
        outside = np.where(rest > 1e-9, rest * np.log(rest / rest_expected), 0.0)
    llr = inside + outside - all_failed * np.log(all_failed / all_expected)
    return np.where((failed > 0) & (failed * rest_expected > rest * expected), np.maximum(llr, 0.0), 0.0)


def sure_llr_of(
    failed: np.ndarray, expected: np.ndarray, all_failed: float, all_expected: float, known: np.ndarray
) -> np.ndarray:
    """Likelihood ratio of cells against what is expected there, which is itself only known by `known` failures."""
    rest, rest_expected = all_failed - failed, np.maximum(all_expected - expected, 1e-12)
    usual = np.maximum(expected * np.maximum(rest, 0.5) / rest_expected, 1e-12)
    pooled = (failed + known) / (usual + known)
    with np.errstate(divide="ignore", invalid="ignore"):
        llr = np.where(failed > 0, failed * np.log(failed / (usual * pooled)), 0.0) - known * np.log(pooled)
    return np.where(failed > usual, np.maximum(llr, 0.0), 0.0)


def cell_scores(leaves: Leaves, *, depth: int, spread: float, floor: float) -> Iterator[Cell]:
    """The best cell of each combination of up to `depth` attributes, of those over the floor where there are any.

    A score is a likelihood ratio less the logarithm of how many cells were looked at (those with at least ten events):
    its combination's, times the number of combinations.
    """
    every = [
        places
        for width in range(1, min(depth, len(leaves.sizes)) + 1)
        for places in combinations(range(len(leaves.sizes)), width)
    ]
    totals = float(leaves.failed.sum()), float(leaves.expected.sum())
    for places in every:
        sizes = [leaves.sizes[place] for place in places]
        key = _ravelled([leaves.codes[:, place] for place in places], sizes, len(leaves.codes))
        keys, key = _numbered(key, sizes)
        failed = _sums(key, leaves.failed, len(keys))
        expected = np.maximum(_sums(key, leaves.expected, len(keys)), 1e-12)
        codes = _unravelled(keys, sizes)
        known = 1 / sum(1 / leaves.known[place][codes[:, order]] for order, place in enumerate(places))
        is_looked_at = _sums(key, leaves.count, len(keys)) >= LEAST_EVENTS
        penalty = np.log(max(1, int(is_looked_at.sum())) * len(every))
        llr = np.where(is_looked_at, llr_of(failed, expected, *totals) / spread, 0.0)
        is_sure = np.minimum(llr, sure_llr_of(failed, expected, *totals, known) / spread) - penalty >= floor
        best = int(np.argmax(np.where(is_sure, llr, 0.0) if is_sure.any() else llr))
        found = tuple(int(code) for code in codes[best])
        score = float(llr[best] - penalty)
        yield Cell(places, found, float(failed[best]), float(llr[best]), score, bool(is_sure[best]))


def _numbered(key: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The combinations that may occur, and the place of each key among them; only those that do where they are many."""
    every = float(np.prod([float(size) for size in sizes]))
    if every > max(4 * len(key), 1 << 16):
        return _distinct(key)
    return np.arange(int(every)), key


def best_of(cells: Sequence[Cell]) -> Cell | None:
    """The sure cell of the highest score; among those that hold the same failures the fewest and first attributes."""
    cells = [cell for cell in cells if cell.is_sure]
    if not cells:
        return None
    top = max(cells, key=lambda cell: (cell.score, [-place for place in cell.places]))

    def is_alike(cell: Cell) -> bool:
        is_as_telling = cell.llr >= top.llr * (1 - ALIKE) and len(cell.places) <= len(top.places)
        return is_as_telling and abs(cell.failed - top.failed) <= ALIKE * top.failed

    return min(filter(is_alike, cells), key=lambda cell: (len(cell.places), cell.places))


def alternatives(best: Cell, cells: Sequence[Cell]) -> list[Cell]:
    """The other cells in the order in which they may be meant instead: wider ones first, then by score."""
    chosen = best.values
    others = [cell for cell in cells if cell.values != chosen and cell.llr > 0]
    return sorted(others, key=lambda cell: (not cell.values < chosen, -cell.score, cell.places))


def inside(leaves: Leaves, cell: Cell) -> np.ndarray:
    """Which leaves lie in a cell (bool)."""
    found = np.ones(len(leaves.codes), dtype=bool)
    for place, code in zip(cell.places, cell.codes, strict=True):
        found &= leaves.codes[:, place] == code
    return found
