"""Events counted by the combinations of their attributes, and the failures that the baseline makes expected of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

NONE = "(none)"
OTHER = "(other)"
MOST_KEYS = 1 << 62
MOST_VALUES = 5000  # rarer ones are one value
ROUNDS = 8
SURE = 1e4  # events that stand for a rate known for certain


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
    is_used = sum(np.bincount(side, minlength=len(values)) for side in codes) > 0
    used = np.flatnonzero(is_used)
    rank = np.cumsum(is_used) - 1
    every = len(used) if sides is given else len(given[0].cat.categories.union(given[1].cat.categories))
    return Coded(name, values[used], rank[codes[0]], rank[codes[1]], every)


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
        columns = [getattr(attribute, side) for attribute in attributes]
        places, firsts = _combined(columns, sizes, len(count))
        codes = np.stack([column[firsts] for column in columns], axis=1) if columns else np.zeros((len(firsts), 0), int)
        sides.append((codes, sums(places, count, len(firsts)), sums(places, failed, len(firsts))))
    (codes, count, failed), (old_codes, old_count, old_failed) = sides
    if old_failed.sum() > 0 and old_count.sum() > 0:
        rates, known = _usual_rates(codes, old_codes, old_count, old_failed, sizes)
    else:
        rates = np.full(len(codes), failed.sum() / max(count.sum(), 1e-9))
        known = tuple(np.full(size, SURE) for size in sizes)
    return Leaves(codes, sizes, count, failed, np.maximum(count * rates, 1e-12), known)


def _combined(columns: Sequence[np.ndarray], sizes: Sequence[int], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The place of each row's combination among those that occur, in the order of their codes; a row of each."""
    key, known = np.zeros(rows, dtype="int64"), 1
    for column, size in zip(columns, sizes, strict=True):
        if known * size > MOST_KEYS:  # the product of the sizes may pass what an integer holds
            keys, key = distinct(key)
            known = len(keys)
        key = key * size + column
        known *= size
    keys, places = distinct(key)
    firsts = np.empty(len(keys), dtype="int64")
    firsts[places[::-1]] = np.arange(rows)[::-1]
    return places, firsts


def distinct(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct keys in order, and the place of each key among them."""
    places, keys = pd.factorize(key)
    order = np.argsort(keys)
    rank = np.empty(len(keys), dtype="int64")
    rank[order] = np.arange(len(keys))
    return keys[order], rank[places]


def sums(places: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Sum of the values at each place (float64)."""
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
    observed = [sums(old_codes[:, place], failed, size) for place, size in enumerate(sizes)]
    fitted = count * overall
    for _ in range(ROUNDS):
        for place, size in enumerate(sizes):
            others = fitted / factors[place][old_codes[:, place]]
            expected = sums(old_codes[:, place], others, size)
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
