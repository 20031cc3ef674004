"""The combination of attribute values whose failures are least expected.

The statistic is the two-part Poisson likelihood ratio of a spatial scan (Kulldorff, "A spatial scan statistic", 1997):
the rate of failures inside a cell against the rate outside it, each as a multiple of what is expected. A rise that is
the same everywhere, and more traffic, score 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ddms_ops.analysis.leaves import Leaves, distinct, sums

ALIKE = 0.03
LEAST_EVENTS = 10  # cells with fewer are not looked at
FEWEST_FOR_SPREAD = 30
MEDIAN_CHI2 = 0.4549  # median of a chi-squared variable with one degree of freedom


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
        failed = sums(key, leaves.failed, len(keys))
        expected = np.maximum(sums(key, leaves.expected, len(keys)), 1e-12)
        codes = _unravelled(keys, sizes)
        known = 1 / sum(1 / leaves.known[place][codes[:, order]] for order, place in enumerate(places))
        is_looked_at = sums(key, leaves.count, len(keys)) >= LEAST_EVENTS
        penalty = np.log(max(1, int(is_looked_at.sum())) * len(every))
        llr = np.where(is_looked_at, llr_of(failed, expected, *totals) / spread, 0.0)
        is_sure = np.minimum(llr, sure_llr_of(failed, expected, *totals, known) / spread) - penalty >= floor
        best = int(np.argmax(np.where(is_sure, llr, 0.0) if is_sure.any() else llr))
        found = tuple(int(code) for code in codes[best])
        score = float(llr[best] - penalty)
        yield Cell(places, found, float(failed[best]), float(llr[best]), score, bool(is_sure[best]))


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


def _numbered(key: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The combinations that may occur, and the place of each key among them; only those that do where they are many."""
    every = float(np.prod([float(size) for size in sizes]))
    if every > max(4 * len(key), 1 << 16):
        return distinct(key)
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


def alternatives(best: Cell, cells: Sequence[Cell], leaves: Leaves) -> list[Cell]:
    """Other cells that may be meant instead: wider ones first, then by score.

    They hold at least half of the best cell's failures, and not the very same events.
    """
    where = inside(leaves, best)
    least = leaves.failed[where].sum() / 2
    others = []
    for cell in cells:
        if cell.values == best.values or cell.llr <= 0:
            continue
        theirs = inside(leaves, cell)
        is_same = leaves.count[where & ~theirs].sum() == 0 and leaves.count[theirs & ~where].sum() == 0
        if not is_same and leaves.failed[where & theirs].sum() >= least:
            others.append(cell)
    return sorted(others, key=lambda cell: (not cell.values < best.values, -cell.score, cell.places))


def inside(leaves: Leaves, cell: Cell) -> np.ndarray:
    """Which leaves lie in a cell (bool)."""
    found = np.ones(len(leaves.codes), dtype=bool)
    for place, code in zip(cell.places, cell.codes, strict=True):
        found &= leaves.codes[:, place] == code
    return found
