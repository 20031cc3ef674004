"""Why a driver's lines of the bill cost more or less: more work, more calls for it, larger ones, dearer ones.

    cost = amount of the first step × each step per unit of the one before × usage billed per unit of the last × price

The difference is split over these factors as `ddms_ops.analysis.factor_effects` says, without a rest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase

import pandas as pd

from ddms_ops.analysis.clock_amounts import alike, clock_amounts, ratios
from ddms_ops.analysis.cost_course_amounts import ZERO, days_of, total
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.factor_effects import effects
from ddms_ops.analysis.signal_hours import are_asked, hours_of, step_hours
from ddms_ops.cost_schemas import BRIDGE_KEYS
from ddms_ops.spending import Driver
from ddms_ops.window import Window

BILLED, PRICE = "billed", "price"
SIDES = ("baseline", "window")


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a driver's cost.

    `step` is a step of the chain, BILLED or PRICE; `means` is one of volume, retries, misses, size, billed, price.
    `before` and `now` are an amount a day for what comes first, else per unit of what comes before; NaN where that is
    zero. `effect` is its part of the difference over the window's days.
    """

    step: str
    title: str
    means: str
    unit: str
    before: float
    now: float
    effect: Decimal


@dataclass(frozen=True, slots=True)
class Story:
    """What moved a driver's cost: over the window's days, the baseline's scaled to as many.

    The factors' effects sum to `delta` exactly. `refs` are pulls and rows of the amounts behind them, `doubts` what
    the factors do not know, in words.
    """

    driver: str
    title: str
    before: Decimal
    now: Decimal
    delta: Decimal
    factors: tuple[Factor, ...]
    refs: tuple[tuple[str, int], ...]
    doubts: tuple[str, ...]

    @property
    def leading(self) -> Factor:
        """The factor with the largest effect in the direction of the difference; of a difference of 0 the largest."""
        sign = 1 if self.delta > 0 else -1
        return max(self.factors, key=lambda factor: factor.effect * sign if self.delta else abs(factor.effect))


@dataclass(frozen=True, slots=True)
class Level:
    """One level on the way to the cost: what it comes to, of baseline and window, per unit of the level before."""

    step: str
    title: str
    means: str
    unit: str
    ratio: tuple[float, float]


def matching(driver: Driver, rows: pd.DataFrame) -> pd.Series:
    """Which lines are the driver's, whatever their category.

    Args:
        rows: with the columns service, usage_type and operation; null is matched by `*` only.

    Returns:
        bool, by the rows' index.
    """
    is_own = pd.Series(True, index=rows.index)
    for name, patterns in zip(BRIDGE_KEYS, (driver.services, driver.usage_types, driver.operations), strict=True):
        values = rows[name].astype("str")
        fits = [text for text in values.dropna().unique() if any(fnmatchcase(text, each) for each in patterns)]
        is_own &= values.isin(fits) | (values.isna() & ("*" in patterns))
    return is_own


def driver_lines(driver: Driver, bridge: pd.DataFrame) -> pd.DataFrame:
    """Rows of a BRIDGE that the driver explains: usage, not credits, fees or commitments."""
    return bridge[matching(driver, bridge) & (bridge["category"] == "usage")]


def story(
    name: str,
    driver: Driver,
    bridge: pd.DataFrame,
    amounts: pd.DataFrame,
    periods: CostPeriods,
    *,
    doubts: Sequence[str] = (),
    asked: Sequence[Window] = (),
) -> Story | None:
    """What moved the cost of a driver's lines.

    Args:
        name: the driver's name in the profile.
        bridge: BRIDGE of the whole bill.
        amounts: AMOUNTS of all drivers' steps.
        periods: the days that are compared.
        doubts: of the amounts, as `<driver>/<step>: words`; those of other drivers are left out.
        asked: what telemetry was asked for (window and baseline); empty: all of the days.

    Returns:
        The story. Steps are compared in the clock hours that telemetry of both sides covers, of the same weekday where
        both have the same ones; of what one side has beyond that the other is taken to have had as much in proportion.
        Steps are left out, and it is said, that have no amounts on a side, or none where the bill has
        cost; without any step the factors are usage billed a day and its price, without usage the cost alone. None
        where no line of the bill is the driver's.
    """
    lines = driver_lines(driver, bridge)
    if lines.empty:
        return None
    costs = total(lines["before"]), total(lines["now"])
    own = [each for each in doubts if "/" not in each.partition(": ")[0] or each.startswith(f"{name}/")]
    steps, holes = _steps(name, driver, amounts, periods, costs=costs, asked=asked)
    priced, unknown = _billed(lines, steps, periods, costs=costs)
    factors, unsplit = _factors([*steps, *priced], costs)
    refs = _refs(name, [level.step for level in steps], amounts, periods)
    delta = total([costs[1], -costs[0]])
    return Story(name, driver.title, *costs, delta, factors, refs, (*own, *holes, *unknown, *unsplit))


def _factors(levels: Sequence[Level], costs: tuple[Decimal, Decimal]) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """The levels with what each adds to the difference; words where it is not split."""
    said: tuple[str, ...] = ()
    if min(costs) < 0:
        parts = [total([costs[1], -costs[0]]) if level is levels[-1] else ZERO for level in levels]
        said = ("the lines add up to less than 0 on a side, so that nothing is split: all stands in the last factor",)
    else:
        parts = effects([level.ratio for level in levels], *costs)
    found = (
        Factor(level.step, level.title, level.means, level.unit, *level.ratio, part)
        for level, part in zip(levels, parts, strict=True)
    )
    return tuple(found), said


def _steps(
    name: str,
    driver: Driver,
    amounts: pd.DataFrame,
    periods: CostPeriods,
    *,
    costs: tuple[Decimal, Decimal],
    asked: Sequence[Window],
) -> tuple[list[Level], list[str]]:
    """Levels of the chain's steps that can be told of, and words for the holes and for those left out."""
    days = [periods.before, periods.now]
    whole = [hours_of(side) for side in days]
    hours, steps = hours_of([*periods.before, *periods.now]), list(driver.chain)
    table = step_hours(name, steps, amounts, hours, baseline=whole[0], asked=asked)
    sides = [table.loc[side[are_asked(side, asked)]] for side in whole]
    kept: list[str] = []
    levels: list[Level] = []
    said: dict[str, list[str]] = {}
    for step, link in driver.chain.items():
        last = kept[-1] if kept else None
        ratio, why = _ratio(sides, days, step, last, costs)
        for words in why:
            said.setdefault(words, []).append(link.title)
        if ratio is None:
            continue
        of = f"/{driver.chain[last].unit or driver.chain[last].title}" if last else "/day"
        means = link.means if last else "volume"
        levels.append(Level(step, link.title, means, (link.unit or link.title) + of, ratio))
        kept.append(step)
    holes = [f"{', '.join(titles)}: {words}" for words, titles in said.items()]
    return levels, [*_unasked([len(each) for each in sides], [len(each) for each in whole]), *holes]


def _unasked(covered: Sequence[int], hours: Sequence[int]) -> list[str]:
    """Words where telemetry was asked for only a part of the days that are compared."""
    parts = [
        f"{some} of the {many} hours of the {side}'s days"
        for some, many, side in zip(covered, hours, SIDES, strict=True)
        if some < many
    ]
    return [f"telemetry covers {' and '.join(parts)}: what was done a day is that of those hours"] if parts else []


def _ratio(
    sides: Sequence[pd.DataFrame],
    days: Sequence[Sequence[pd.Timestamp]],
    step: str,
    last: str | None,
    costs: tuple[Decimal, Decimal],
) -> tuple[tuple[float, float] | None, list[str]]:
    """A step's amount a day, or per unit of the last one, on both sides; None with the reason where it is left out."""
    said = []
    for table, side in zip(sides, SIDES, strict=True):
        values = table[step].dropna()
        if values.empty:
            return None, [f"nothing was logged or measured on the {side}'s days: left out"]
        if len(values) < len(table):
            holes = f"{len(table) - len(values)} of the {len(table)} hours of the {side}'s days"
            said.append(
                f"{holes} have nothing where much is usual, as where telemetry is missing; they are left out, and so is"
                " that time of day of the other side where no such hour is left"
            )
    both = clock_amounts([table[[step, last] if last else [step]] for table in sides], days)
    found = ratios(both, step, last) if last else alike(both, days, step)
    if found is None:
        return None, [*said, "telemetry of window and baseline has no hour of the day in common: left out"]
    for cost, amount, side in zip(costs, found, SIDES, strict=True):
        if cost and not amount > 0:
            return None, [*said, f"there was none on the {side}'s days though the bill has cost: left out"]
    return found, said


def _billed(
    lines: pd.DataFrame, levels: Sequence[Level], periods: CostPeriods, *, costs: tuple[Decimal, Decimal]
) -> tuple[list[Level], tuple[str, ...]]:
    """Levels of what is billed: usage per unit of the last step, and its price; of unknown usage the cost alone."""
    days = max(len(periods.now), 1)
    unit, usage = _usage(lines)
    last = levels[-1].unit.partition("/")[0] if levels else ""
    amounts = tuple(math.prod(level.ratio[side] for level in levels) for side in (0, 1)) if levels else (1.0, 1.0)
    said = () if levels else ("no step of the driver is known on both sides: only billed usage and price are told",)
    of = last or "day"
    per_day = tuple(float(cost) / days for cost in costs)
    if usage is None or any(cost and used <= 0 for cost, used in zip(costs, usage, strict=True)):
        why = "the bill has no usage in one unit for these lines, so that usage and price are not told apart"
        return [Level(PRICE, "cost billed", PRICE, f"cost/{of}", _over(per_day, amounts))], (*said, why)
    a_day = tuple(float(used) / days for used in usage)
    return [
        Level(BILLED, "usage billed", BILLED, f"{unit}/{of}", _over(a_day, amounts)),
        Level(PRICE, "price", PRICE, f"cost/{unit}", _over(per_day, a_day)),
    ], said


def _over(parts: Sequence[float], wholes: Sequence[float]) -> tuple[float, float]:
    """Parts over wholes; NaN over zero and over what is not defined."""
    one, other = (part / whole if whole else math.nan for part, whole in zip(parts, wholes, strict=True))
    return one, other


def _usage(lines: pd.DataFrame) -> tuple[str, tuple[Decimal, Decimal] | None]:
    """Unit of the lines and their usage on both sides, over the window's days; None where it cannot be added up."""
    charged = lines[[bool(one or other) for one, other in zip(lines["before"], lines["now"], strict=True)]]
    units = charged["unit"].astype("str").unique().tolist() or lines["unit"].astype("str").unique().tolist()
    if len(units) != 1 or pd.isna(units[0]):
        return "", None
    same = lines[lines["unit"].astype("str") == units[0]]
    totals = []
    for cost, usage in (("before", "usage_before"), ("now", "usage_now")):
        known = [(each, spent) for each, spent in zip(same[usage], same[cost], strict=True)]
        if any(each is None and spent for each, spent in known):
            return str(units[0]), None
        totals.append(total([each for each, _ in known if each is not None]))
    return str(units[0]), (totals[0], totals[1])


def _refs(name: str, steps: Sequence[str], amounts: pd.DataFrame, periods: CostPeriods) -> tuple[tuple[str, int], ...]:
    """The first row of each step on each side."""
    names = [f"{name}/{step}" for step in steps]
    rows = amounts[amounts["signal"].isin(names)]
    days = days_of(rows)
    rows = rows.assign(
        pull=rows["pull"].astype("str"),
        place=rows["signal"].map({signal: place for place, signal in enumerate(names)}),
        side=days.isin(list(periods.now)).astype("int64"),
    )[days.isin([*periods.now, *periods.before])]
    firsts = rows.sort_values(["place", "side", "timestamp", "pull", "row"]).drop_duplicates(["place", "side"])
    return tuple(dict.fromkeys((str(pull), int(row)) for pull, row in zip(firsts["pull"], firsts["row"], strict=True)))
