"""The bridge from a baseline's cost to a window's."""

import random
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from cost_builders import after, costs, details, focus_sample, line, periods, series

from ddms_ops.analysis.cost_bridge import bars, bridge, detail_rows, period_totals, residual, sides, totals
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.cost_schemas import BARS, CATEGORIES

SAMPLE = Path("/work/shared/data/focus/costs/focus_sample.csv")
GB = {"unit": "GB"}


def bridged(*rows: dict | Iterable[dict], now: int = 1, before: int = 1, measure: str = "amortised") -> pd.DataFrame:
    """Bridge from the first `before` days to the `now` days after them."""
    frame = costs(*rows)
    chosen = periods([after(before + n) for n in range(now)], [after(n) for n in range(before)])
    return bridge(*sides(frame, chosen), scale=chosen.scale, measure=measure)


def moved(shown: pd.DataFrame) -> dict[str, Decimal]:
    """The bars that are not 0."""
    return {name: amount for name, amount in bars(shown).items() if amount}


def test_twice_the_usage_at_the_same_price_is_usage():
    """At the price of before."""
    assert moved(bridged(line(after(0), 10, usage=5, **GB), line(after(1), 20, usage=10, **GB))) == {"usage": 10}


def test_a_higher_price_at_flat_usage_is_price():
    """1.3 times."""
    shown = bridged(line(after(0), 10, usage=5, **GB), line(after(1), 13, usage=5, **GB))
    assert (moved(shown), list(shown["bar"])) == ({"price": 3}, ["price"])


def test_both_at_once_are_told_apart():
    """Usage 5 to 8 at 2 each, then 8 at half more each."""
    shown = bridged(line(after(0), 10, usage=5, **GB), line(after(1), 20, usage=8, **GB))
    assert moved(shown) == {"usage": 6, "price": 4}


def test_a_kind_on_one_side_only_is_new_or_gone():
    """Lines without cost and usage do not make it known."""
    free = line(after(0), 0, "Bedrock/Tokens", usage=0, **GB)
    shown = bridged(free, line(after(1), 7, "Bedrock/Tokens", usage=3, **GB), line(after(0), 4, "NAT/Hours"))
    assert moved(shown) == {"new": 7, "gone": -4}
    assert list(shown["service"]) == ["Bedrock", "NAT"]


@pytest.mark.parametrize(("before", "now"), [(None, 5), (5, None), (0, 5), (-2, 5), (5, -1)])
def test_usage_that_is_not_known_or_not_above_0_is_price(before: int | None, now: int | None):
    """Nothing can be told of it."""
    assert moved(bridged(line(after(0), 10, usage=before), line(after(1), 14, usage=now))) == {"price": 4}


def test_another_unit_is_price_and_one_row():
    """Hours cannot be compared with GB, nor what is left in GB with all of it."""
    rows = [line(after(0), 10, usage=5, **GB), line(after(1), 12, usage=600, unit="Hours")]
    for rest in ([], [line(after(1), 8, usage=4, **GB)]):
        [row] = bridged(*rows, rest).itertuples()
        assert (row.price, row.usage_before, row.usage_now, pd.isna(row.unit)) == (row.delta, None, None, True)


def test_a_discount_without_a_unit_lowers_the_price_only():
    """It begins in the window; the usage that it lowers is still compared."""
    rows = [line(after(0), 10, usage=5, **GB), line(after(1), 20, usage=10, **GB), line(after(1), -3, usage=0)]
    assert moved(bridged(*rows)) == {"usage": 10, "price": -3}


@pytest.mark.parametrize(
    ("category", "bar"),
    [("commitment", "commitment"), ("credit", "credits"), ("refund", "credits"), ("fee", "fees"), ("tax", "fees"),
     ("adjustment", "fees")],
)  # fmt: skip
def test_what_is_no_usage_has_its_own_bar(category: str, bar: str):
    """Also where it is new, and beside usage of the same kind."""
    rows = [line(after(0), 10, usage=5), line(after(1), 10, usage=5), line(after(1), -3, category=category)]
    shown = bridged(*rows)
    assert (moved(shown), shown["bar"][0]) == ({bar: -3}, bar)


def test_a_reservation_bought_is_a_commitment_billed_and_nothing_amortised():
    """The purchase day, before and after."""
    bought = line(after(1), 1000, "EC2/Reservation", category="commitment", amortised=0)
    rows = [series([10, 10], "EC2/Hours"), bought]
    assert moved(bridged(*rows, measure="billed")) == {"commitment": 1000}
    assert moved(bridged(*rows)) == {}


def test_the_billed_amount_stands_in_for_an_amortised_one_that_is_not_known():
    """And the other way round."""
    rows = [line(after(0), 10, usage=5, amortised=None), line(after(1), 20, usage=10, amortised=None)]
    assert moved(bridged(*rows)) == {"usage": 10}


def test_accounts_and_regions_are_added_up_and_a_longer_baseline_is_scaled():
    """Three days against one."""
    shown = bridged(series([3, 3, 6, 5], usage=1), line(after(3), 2, region="eu", account="2"), before=3)
    assert totals(shown) == (4, 7, 3)


def test_the_order_of_rows_changes_nothing():
    """Same bytes."""
    rows = [line(after(n % 2), n, f"S{n % 7}/u{n % 5}", usage=n) for n in range(1, 60)]
    shuffled = random.Random(3).sample(rows, len(rows))
    assert bridged(*rows).to_csv() == bridged(*shuffled).to_csv()


def drawn(rng: random.Random) -> list[dict]:
    """Lines of any kind: 12 decimals, negative usage and costs, changing units, unknown amounts."""

    def amount() -> Decimal:
        return Decimal(rng.randint(-(10**15), 10**18)).scaleb(-12)

    return [
        line(
            after(rng.randrange(10)),
            amount(),
            (rng.choice("AB"), rng.choice(["x", "y", None]), rng.choice(["r", None])),
            category=rng.choice(["usage", "usage", *CATEGORIES]),
            unit=rng.choice(["GB", "Hours", None]),
            usage=rng.choice([None, 0, amount(), amount()]),
            amortised=rng.choice([None, amount()]),
            region=rng.choice("rs"),
        )
        for _ in range(rng.randint(1, 60))
    ]


def closes(frame: pd.DataFrame, chosen: CostPeriods, measure: str) -> None:
    """Every row, and all of them against the bill."""
    shown = bridge(*sides(frame, chosen), scale=chosen.scale, measure=measure)
    for row in shown.to_dict("records"):
        assert row["delta"] == row["now"] - row["before"] == sum((row[bar] for bar in BARS), Decimal(0))
    assert residual(shown, *period_totals(frame, chosen, measure=measure)) == 0


@pytest.mark.parametrize("seed", range(40))
def test_the_bridge_closes_exactly(seed: int):
    """Whatever the window, the grouping and the scale: to 1e-12, each row and the whole."""
    rng = random.Random(seed)
    split = rng.randint(1, 9)
    chosen = periods([after(n) for n in range(split, 10)], [after(n) for n in range(split)])
    closes(costs(drawn(rng)), chosen, rng.choice(["billed", "amortised"]))


@pytest.mark.skipif(not SAMPLE.exists(), reason="the FOCUS sample is not on this machine")
def test_the_bridge_closes_on_a_real_bill_between_any_two_days():
    """1,000 lines of 30 days, each day against another, and uneven stretches."""
    frame, rng = focus_sample(SAMPLE), random.Random(7)
    stamps = sorted(frame["timestamp"].dt.floor("D").unique())
    for n in range(20):
        now, before = rng.sample(stamps, 2)
        closes(frame, periods([now], [before]), "amortised" if n % 2 else "billed")
    closes(frame, periods(stamps[20:], stamps[:20]), "amortised")


def test_the_resources_of_a_kind_are_listed_by_what_they_moved():
    """Scaled; the rest of the answer and what is beyond the limit are others, and all sums to the kind's delta."""
    named = [("before", "a", 20), ("now", "a", 30), ("now", "b", 8), ("before", None, 10), ("now", None, 6)]
    rows = [line(after(0), cost, "S3/Requests/Get", side=side, resource=name) for side, name, cost in named]
    given = {"service": "S3", "usage_type": "Requests", "scale": Fraction(1, 2), "measure": "billed"}
    shown = detail_rows(details(*rows, line(after(0), 99, "S3/Other", side="now")), **given)
    assert list(shown["resource"]) == ["a", "b", "others"]
    assert list(shown["delta"]) == [20, 8, 1]
    assert list(detail_rows(details(*rows), **given, most=1)["delta"]) == [20, 9]
    assert detail_rows(details(*rows), **given, operation="Put").empty


def test_a_kind_without_names_has_its_details():
    """Null in the bill, empty in a rise."""
    rows = [line(after(0), cost, (None,), side=side, resource="a") for side, cost in (("before", 1), ("now", 4))]
    shown = detail_rows(details(*rows), service="", usage_type=None, scale=Fraction(1), measure="billed")
    assert list(shown["delta"]) == [3]


def test_one_bill_has_the_same_difference_in_every_grouping():
    """By kind as by service alone (Cost Explorer)."""
    rows = [line(after(n), f"{n}.{n:012d}", f"S/u{n}", usage=n) for n in range(10)]
    chosen = periods([after(n) for n in range(3, 10)], [after(n) for n in range(3)])
    coarse = [{**row, "usage_type": None} for row in rows]
    deltas = [
        totals(bridge(*sides(costs(each), chosen), scale=chosen.scale, measure="billed")) for each in (rows, coarse)
    ]
    assert deltas[0] == deltas[1]


def test_nothing_against_nothing_is_an_empty_bridge():
    """All columns, all bars 0."""
    shown = bridge(*sides(costs(), CostPeriods((), ())), scale=Fraction(1), measure="amortised")
    assert (totals(shown), set(bars(shown).values())) == ((0, 0, 0), {Decimal(0)})
