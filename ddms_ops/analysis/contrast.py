"""What is different about what fails: the attribute values, alone or together, that separate it from what does not.

Works for anything that can be counted as failed: errors, slow requests, cost, rows that leaked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from ddms_ops.analysis.cells import Cell, alternatives, best_of, cell_scores, inside, spread_of, sure_llr_of
from ddms_ops.analysis.contrast_absences import Side, goes_well_as_before, lost_by_failing
from ddms_ops.analysis.leaves import NONE, Coded, Leaves, coded, leaves_of

MOST_ATTRIBUTES = 7
FEW = 50
FEW_PAIRED = 1000
HOLDS = 0.97
USUAL = 0.9
LEAST_SHARE = 0.05
NEARLY_NONE = 0.02
ALTERNATIVES = 2


@dataclass(frozen=True, slots=True)
class Explanation:
    """One cell of attribute values in which more fails than elsewhere.

    `cell` has up to three attributes in their given order; `implied` are attributes that nearly every event of the
    cell shares a value of, and that say the same. `count` and `failed` are events and failures there in the window,
    `expected` the failures that the baseline makes expected; `share` failed there, `elsewhere` in the rest of the
    window, `usual` there in the baseline (NaN where it had none; all 0..1). `covers` is the share of all failures
    beyond what is expected that lies there. `score` is the penalised likelihood ratio, `p_value` corrected for every
    cell that was looked at.
    """

    cell: dict[str, str]
    implied: dict[str, str]
    count: float
    failed: float
    expected: float
    share: float
    elsewhere: float
    usual: float
    covers: float
    score: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """What separates failures, best first (none: nothing does), what was compared, and what was left out and why.

    Each explanation is about failures that those before it leave; `alternatives` are other cells that hold at least
    half of the first one's failures and score less, wider ones before narrower ones.
    """

    explanations: tuple[Explanation, ...]
    alternatives: tuple[Explanation, ...]
    left_out: dict[str, str]
    looked_at: tuple[str, ...]


def contrast(
    now: pd.DataFrame,
    before: pd.DataFrame,
    attributes: Sequence[str],
    *,
    failed: str = "failed",
    count: str | None = None,
    wrong: str | None = None,
    significance: float = 0.01,
    at_most: int = 5,
    depth: int = 3,
) -> Contrast:
    """The cells that fail more than the baseline and the rest of the window make expected.

    More traffic explains itself: failures are counted against what the baseline's rates, by the main effects of
    all compared attributes, make expected of the window's traffic. The best cell is taken, its failures set to
    what is expected, and the search repeated. Attributes that are missing because of the failures are left out.

    Args:
        now: one row an event, or a group of alike events, of the window.
        before: the same of the baseline; may be empty, then the window's own rate is what is expected.
        attributes: columns to compare (text, category or number); of equal explanations the earlier named wins.
        failed: column of bool, or of failures among `count`.
        count: column of events in each row; None means one each.
        wrong: column of bool, or of events among `count`, that did not go well in any way; None means `failed`.
        significance: corrected p-value under which a cell counts.
        at_most: how many explanations.
        depth: attributes together in one cell, at most.
    """
    sides = (Side.of(now, failed, count, wrong), Side.of(before, failed, count, wrong))
    kept, left_out = _comparable(now, before, attributes, sides)
    search = partial(_searched, sides=sides, floor=-float(np.log(significance)), at_most=at_most, depth=depth)
    found, others = search(kept)
    while lost := lost_by_failing([each.cell for each in (*found, *others) if NONE in each.cell.values()], kept, sides):
        left_out |= lost
        kept = [attribute for attribute in kept if attribute.name not in lost]
        found, others = search(kept)
    return Contrast(found, others, left_out, tuple(attribute.name for attribute in kept))


def _searched(
    kept: list[Coded], *, sides: tuple[Side, Side], floor: float, at_most: int, depth: int
) -> tuple[tuple[Explanation, ...], tuple[Explanation, ...]]:
    """Explanations, and the alternatives of the first."""
    if sides[0].failed.sum() <= 0 or not kept:
        return (), ()
    chosen = _strongest(kept, sides)
    leaves = leaves_of(chosen, sides[0].pair, sides[1].pair)
    cells = list(cell_scores(leaves, depth=depth, spread=spread_of(leaves), floor=floor))
    found = _search(leaves, cells, floor=floor, at_most=at_most, depth=depth)
    ways = alternatives(found[0], cells, leaves) if found else []
    others = [cell for cell in ways if not _is_vague(cell, found[0], chosen, leaves)][:ALTERNATIVES]
    explain = partial(_explanation, chosen=chosen, kept=kept, sides=sides, leaves=leaves)
    return tuple(map(explain, found)), tuple(map(explain, others))


def _comparable(
    now: pd.DataFrame, before: pd.DataFrame, attributes: Sequence[str], sides: tuple[Side, Side]
) -> tuple[list[Coded], dict[str, str]]:
    kept: list[Coded] = []
    left_out: dict[str, str] = {}
    for name in dict.fromkeys(attributes):
        if name not in now or (now[name].isna().all() and (name not in before or before[name].isna().all())):
            left_out[name] = "absent"
            continue
        column = coded(now, before if name in before else before.assign(**{name: None}), name)
        nulls = [side[name].isna().to_numpy() if name in side else np.ones(len(side), bool) for side in (now, before)]
        if reason := _reason(column, nulls, sides):
            left_out[name] = reason
        else:
            kept.append(column)
    return kept, left_out


def _reason(column: Coded, nulls: Sequence[np.ndarray], sides: tuple[Side, Side]) -> str:
    """Why an attribute is not compared, empty when it is: one that only one outcome has tells the outcome itself."""
    values, events = column.distinct, sum(float(side.count.sum()) for side in sides)
    if values == 1:
        return "constant"
    if values > FEW and values > events / 2:
        return f"identifier-like: {values:,} values in {events:,.0f} events"
    is_null = nulls[0]
    healthy = sides[0].count - sides[0].failed
    if is_null.any() and not healthy[~is_null].sum() > 0:
        return "only on what failed"
    well = sum(float((side.count - side.failed).sum()) for side in sides)
    without = sum(float((side.count - side.failed)[null].sum()) for side, null in zip(sides, nulls, strict=True))
    has = float(sides[0].failed[~is_null].sum())
    is_nearly_all = has <= NEARLY_NONE * sides[0].failed.sum() and without <= NEARLY_NONE * well
    if is_nearly_all and goes_well_as_before(nulls, sides):
        return "only on what went well"
    return ""


def _strongest(kept: list[Coded], sides: tuple[Side, Side]) -> list[Coded]:
    """At most seven attributes, those that separate most alone, in their order; of two that say the same the first."""
    scored = []
    for place, attribute in enumerate(kept):
        if any(_says_the_same(attribute, other) for other in kept[:place]):
            continue
        leaves = leaves_of([attribute], sides[0].pair, sides[1].pair)
        known = leaves.known[0][leaves.codes[:, 0]]
        llr = sure_llr_of(leaves.failed, leaves.expected, leaves.failed.sum(), leaves.expected.sum(), known)
        scored.append((-float(llr.max()), place))
    return [kept[place] for _, place in sorted(sorted(scored)[:MOST_ATTRIBUTES], key=lambda pair: pair[1])]


def _says_the_same(one: Coded, other: Coded) -> bool:
    """Whether two attributes part the events in the same way."""
    if len(one.values) != len(other.values):
        return False
    size = len(one.values)
    codes = np.concatenate([one.now, one.before]) * size + np.concatenate([other.now, other.before])
    pairs = np.count_nonzero(np.bincount(codes, minlength=size**2)) if size <= FEW_PAIRED else len(np.unique(codes))
    return bool(pairs == size)


def _search(leaves: Leaves, cells: list[Cell], *, floor: float, at_most: int, depth: int) -> list[Cell]:
    """The best of the cells, and the best of what is left when its failures are set to what is expected, and so on."""
    found: list[Cell] = []
    spread = spread_of(leaves)
    left = replace(leaves, failed=leaves.failed.copy())
    while (best := best_of(cells)) and (not found or best.score >= found[0].score * LEAST_SHARE):
        found.append(best)
        where = inside(left, best)
        rest = left.failed[~where].sum() / max(left.expected[~where].sum(), 1e-12)
        left.failed[where] = left.expected[where] * rest
        if len(found) == at_most or left.failed.sum() <= 0:
            break
        cells = list(cell_scores(left, depth=depth, spread=spread, floor=floor))
    return found


def _is_vague(cell: Cell, best: Cell, chosen: list[Coded], leaves: Leaves) -> bool:
    """Whether a cell is the best one and more that lacks what the best one, too, never has."""
    named = [chosen[place].values[code] for place, code in zip(cell.places, cell.codes, strict=True)]
    is_all = leaves.count[inside(leaves, best) & ~inside(leaves, cell)].sum() == 0
    return NONE in named and bool(is_all) and not cell.values < best.values


def _explanation(
    cell: Cell, *, chosen: list[Coded], kept: list[Coded], sides: tuple[Side, Side], leaves: Leaves
) -> Explanation:
    named = {chosen[place].name: code for place, code in zip(cell.places, cell.codes, strict=True)}
    by_name = {attribute.name: attribute for attribute in kept}
    now, before = (
        np.logical_and.reduce([getattr(by_name[name], side) == code for name, code in named.items()])
        for side in ("now", "before")
    )
    count, failed = float(sides[0].count[now].sum()), float(sides[0].failed[now].sum())
    others = float(sides[0].count[~now].sum())
    past = float(sides[1].count[before].sum())
    where = inside(leaves, cell)
    wanted = leaves.expected if sides[1].failed.sum() > 0 else np.zeros(len(leaves.failed))
    excess = leaves.failed - wanted
    beyond = float(excess.sum())
    covers = float(np.clip(excess[where].sum() / beyond, 0.0, 1.0)) if beyond > 0 else 1.0
    return Explanation(
        cell={name: str(by_name[name].values[code]) for name, code in named.items()},
        implied=_implied(named, now, kept, sides),
        count=count,
        failed=failed,
        expected=float(wanted[where].sum()),
        share=failed / count if count else 0.0,
        elsewhere=float(sides[0].failed[~now].sum()) / others if others else 0.0,
        usual=float(sides[1].failed[before].sum()) / past if past else float("nan"),
        covers=covers,
        score=cell.score,
        p_value=float(np.exp(-cell.score)),
    )


def _implied(named: dict[str, int], now: np.ndarray, kept: list[Coded], sides: tuple[Side, Side]) -> dict[str, str]:
    """Values that nearly every failure of a cell has, and not nearly everything else."""
    implied = {}
    for attribute in kept:
        if attribute.name in named:
            continue
        size = len(attribute.values)
        inside_counts = np.bincount(attribute.now[now], weights=sides[0].failed[now], minlength=size)
        code = int(np.argmax(inside_counts))
        others = np.bincount(attribute.now[~now], weights=sides[0].count[~now], minlength=size)
        others = others + np.bincount(attribute.before, weights=sides[1].count, minlength=size)
        total = others.sum()
        if str(attribute.values[code]) == NONE:
            continue
        if inside_counts[code] >= HOLDS * inside_counts.sum() and (not total or others[code] < USUAL * total):
            implied[attribute.name] = str(attribute.values[code])
    return implied
