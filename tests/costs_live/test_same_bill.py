"""One bill, once through Cost Explorer over HTTP and once from the rows of its Cost and Usage Report."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

import pandas as pd
import pytest
from live_bill import account, days, every_kind, live_source, write_bill

from ddms_ops.analysis.cost_bridge import bars, bridge, period_totals, residual, sides, totals
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.cost_schemas import COSTS
from ddms_ops.coverage import Status
from ddms_ops.normalize.costs import cost_frame
from ddms_ops.sources.base import Pull, Source
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs

WEEK = days("2026-03-01", "2026-03-06")
MONEY = ["billed", "amortised", "usage"]
USAGE_KEYS = ["timestamp", "service", "usage_type", "category", "unit", "currency", "estimated"]
EC2 = {"BoxUsage:t3.small": "Amazon Elastic Compute Cloud - Compute", "NatGateway-Bytes": "EC2 - Other"}
Sums = dict[tuple[object, ...], list[Decimal]]


DETAILS = CostQuery(WEEK, "details", Costs(), now=("2026-03-04", "2026-03-05"), before=("2026-03-02", "2026-03-03"))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Source, Source]]:
    """Cost Explorer, seven groups a page, and the report's rows."""
    export = write_bill(tmp_path_factory.mktemp("bill"), *every_kind())
    with pytest.MonkeyPatch.context() as environment, account(export, environment) as sandbox:
        sandbox.costs.page_size = 7
        yield live_source(), FilesSource(export)


@pytest.fixture(scope="module")
def both(sources: tuple[Source, Source]) -> tuple[Pull, ...]:
    """Their answers to the same question."""
    query = CostQuery(WEEK, "days", Costs(currency="USD"))
    return tuple(source.fetch_cost_answer(query, pull="costs") for source in sources)


def sums(pull: Pull, keys: list[str], *, is_usage: bool) -> Sums:
    """Exact sums of the amounts by some keys; EC2 by the two names that Cost Explorer has for it."""
    frame = pull.table.to_pandas()
    frame = frame[(frame["category"] == "usage") == is_usage]
    frame["service"] = frame["usage_type"].map(EC2).fillna(frame["service"])
    found: Sums = {}
    for row in frame.to_dict("records"):
        total = found.setdefault(tuple(row[key] for key in keys), [Decimal(0)] * len(MONEY))
        for place, name in enumerate(MONEY):
            total[place] += row[name] or Decimal(0)
    return found


def test_usage_is_the_same_to_the_last_digit(both: tuple[Pull, ...]):
    """By day, service, usage type and unit: what is billed, what it is amortised, how much was used."""
    explored, read = (sums(pull, USAGE_KEYS, is_usage=True) for pull in both)
    assert explored == read
    assert [pull.coverage.status for pull in both] == [Status.COMPLETE] * 2
    assert len(explored) == 21


def test_every_other_charge_is_the_same(both: tuple[Pull, ...]):
    """By day and category, upfront fees of a reservation among the commitments; nothing is in two of the requests."""
    explored, read = (
        {key: amounts[:2] for key, amounts in sums(pull, ["timestamp", "category"], is_usage=False).items()}
        for pull in both
    )
    assert explored == read
    assert {category for _, category in explored} == {"commitment", "credit", "refund", "tax"}


@pytest.mark.parametrize("measure", ["billed", "amortised"])
def test_any_two_days_differ_by_the_same_amount(both: tuple[Pull, ...], measure: str):
    """The same difference, exactly."""
    totals = []
    for pull in both:
        frame = pull.table.to_pandas()
        totals.append({day: sum(part[measure], Decimal(0)) for day, part in frame.groupby("timestamp")})
    assert len(totals[0]) == 5
    for one, other in combinations(sorted(totals[0]), 2):
        assert totals[0][other] - totals[0][one] == totals[1][other] - totals[1][one]


@pytest.mark.parametrize("measure", ["billed", "amortised"])
def test_the_bridge_is_the_same(both: tuple[Pull, ...], measure: str):
    """The same change from two days to the next two, and each bar of it; both close to nothing."""
    built = []
    for pull in both:
        frame = cost_frame(pull.table, "costs", COSTS)
        before, now = (tuple(pd.Timestamp(day, tz="UTC") for day in side) for side in (DETAILS.before, DETAILS.now))
        periods = CostPeriods(now, before, (), ())
        found = bridge(*sides(frame, periods), scale=periods.scale, measure=measure)
        assert residual(found, *period_totals(frame, periods, measure=measure)) == 0
        built.append((totals(found), bars(found)))
    assert built[0] == built[1]
    assert built[0][0][2] != 0


def test_the_details_of_two_sides_add_up(sources: tuple[Source, Source]):
    """Cost Explorer knows no resource, and says so; the sums of each side are those of the report."""
    explored, read = (source.fetch_cost_answer(DETAILS, pull="costs") for source in sources)
    keys = ["side", "usage_type", "unit"]
    assert sums(explored, keys, is_usage=True) == sums(read, keys, is_usage=True)
    assert set(explored.table["resource"].to_pylist()) == {None}
    assert "tells of no resource" in explored.coverage.reason
