"""FOCUS, and what Cost Explorer says."""

from decimal import Decimal
from pathlib import Path

import pytest
from bill_builders import ask, explorer, focus, period, put, rows, total

from ddms_ops.coverage import Status

DAY = ("2026-03-07", "2026-03-08")


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ({}, "usage"), ({"ChargeCategory": "Tax"}, "tax"), ({"ChargeCategory": "Credit"}, "credit"),
        ({"ChargeCategory": "Purchase"}, "fee"), ({"ChargeCategory": "Adjustment"}, "adjustment"),
        ({"ChargeCategory": "Purchase", "CommitmentDiscountId": "arn:x"}, "commitment"),
        ({"CommitmentDiscountStatus": "Unused", "CommitmentDiscountId": "arn:x"}, "commitment"),
        ({"ChargeClass": "Correction", "BilledCost": "-1"}, "refund"), ({"ChargeClass": "NULL"}, "usage"),
    ],
)  # fmt: skip
def test_a_charge_has_its_category(tmp_path: Path, line: dict[str, str], category: str):
    """Of FOCUS's own; the text NULL is none."""
    assert rows(ask(put(tmp_path, "a.csv", [focus(**line)])), "category") == [(category,)]


def test_focus_amounts_are_its_own(tmp_path: Path):
    """Effective cost is amortised cost; without invoices nothing is known of estimates."""
    pull = ask(put(tmp_path, "a.csv", [focus()]))
    names = ("billed", "amortised", "list_cost", "usage", "unit", "estimated")
    assert rows(pull, *names) == [(Decimal(1), Decimal("0.5"), Decimal("1.5"), Decimal(10), "Pages", None)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ({}, "per page"), ({"ChargeDescription": "NULL"}, "ABC"), ({"SkuMeter": "Pages analysed"}, "Pages analysed"),
        ({"x_UsageType": "USE1-Pages", "SkuMeter": "Pages analysed"}, "USE1-Pages"),
    ],
)  # fmt: skip
def test_usage_goes_by_a_name_that_outlives_its_price(tmp_path: Path, line: dict[str, str], name: str):
    """A description without the price that it begins with, where nothing better is there."""
    assert rows(ask(put(tmp_path, "a.csv", [focus(**line)])), "usage_type") == [(name,)]


def test_effective_costs_of_nothing_are_a_doubt(tmp_path: Path):
    """Usage that is billed costs something."""
    pull = ask(put(tmp_path, "a.csv", [focus(EffectiveCost="0")]))
    assert pull.coverage.reason.endswith("1 lines of usage cost something billed and nothing amortised")


def test_the_end_of_a_period_is_not_in_it(tmp_path: Path):
    """A day is one day; keys are what the answer was grouped by."""
    keys = ["LINKED_ACCOUNT", "USAGE_TYPE"]
    pull = ask(put(tmp_path, "a.json", explorer(keys, period(*DAY, {("1", "USE1-Pages"): "1.0000000001"}))))
    assert [f"{stamp:%d}" for (stamp,) in rows(pull, "timestamp")] == ["07"]
    assert rows(pull, "account", "usage_type", "service", "billed", "amortised", "estimated") == [
        ("1", "USE1-Pages", None, Decimal("1.0000000001"), None, False)
    ]
    assert pull.coverage.status is Status.COMPLETE


def test_totals_without_groups_are_costs(tmp_path: Path):
    """Of a service that is not told; what was not asked for is said."""
    metrics = {"AmortizedCost": {"Amount": "2", "Unit": "USD"}, "UsageQuantity": {"Amount": "7", "Unit": "N/A"}}
    answer = explorer([], period(*DAY, {}, Total=metrics, Estimated=True))
    pull = ask(put(tmp_path, "a.json", answer))
    assert rows(pull, "service", "billed", "amortised", "usage", "estimated") == [(None, 2, 2, None, True)]
    assert "no UnblendedCost asked for: AmortizedCost taken as billed" in pull.coverage.reason


def test_record_types_are_categories(tmp_path: Path):
    """However they are spelt; without them tax is told by the service."""
    groups = {(name, "x"): "1" for name in ("Usage", "Credit", "Savings Plan Negation", "SavingsPlanCoveredUsage")}
    pull = ask(put(tmp_path, "a.json", explorer(["RECORD_TYPE", "SERVICE"], period(*DAY, groups))))
    assert sorted(name for (name,) in rows(pull, "category")) == ["commitment", "credit", "usage"]
    pull = ask(put(tmp_path / "b", "a.json", explorer(["SERVICE"], period(*DAY, {("Tax",): "1", ("S3",): "1"}))))
    assert sorted(rows(pull, "category")) == [("tax",), ("usage",)]
    assert "not grouped by RECORD_TYPE" in pull.coverage.reason


def test_months_are_refused(tmp_path: Path):
    """They are no days."""
    answer = explorer(["SERVICE"], period("2026-03-01", "2026-04-01", {("S3",): "1"}))
    pull = ask(put(tmp_path, "a.json", answer))
    assert pull.coverage.status is Status.FAILED
    assert "costs/a.json holds periods over a day (2026-03-01 to 2026-04-01): export it with --granularity DAILY" in (
        pull.coverage.reason
    )


def test_two_ways_to_group_the_same_days_count_once(tmp_path: Path):
    """The finer one is taken where their totals agree."""
    put(tmp_path, "a.json", explorer(["SERVICE"], period(*DAY, {("S3",): "3"})))
    finer = {("S3", "x"): "1", ("S3", "y"): "2"}
    pull = ask(put(tmp_path, "b.json", explorer(["SERVICE", "USAGE_TYPE"], period(*DAY, finer))))
    assert sorted(rows(pull, "usage_type", "billed")) == [("x", 1), ("y", 2)]
    assert "answers grouped by SERVICE left out: those by SERVICE and USAGE_TYPE hold the same days" in (
        pull.coverage.reason
    )


def test_days_that_are_grouped_differently_are_refused(tmp_path: Path):
    """A kind would begin where its name does; a grouping that has all days is taken."""
    coarse, fine = explorer(["SERVICE"], period(*DAY, {("S3",): "3"})), {("S3", "x"): "3"}
    put(tmp_path, "a.json", coarse)
    later = explorer(["SERVICE", "USAGE_TYPE"], period("2026-03-08", "2026-03-09", fine))
    words = ask(put(tmp_path, "b.json", later)).coverage.reason
    assert words.startswith(
        "answers are grouped by SERVICE from 2026-03-07 to 2026-03-07 and by SERVICE and USAGE_TYPE"
    )
    both = explorer(["SERVICE"], period("2026-03-08", "2026-03-09", {("S3",): "3"}))
    assert rows(ask(put(tmp_path, "c.json", both)), "service", "usage_type") == [("S3", None)]


def test_amounts_of_cost_explorer_keep_all_their_digits(tmp_path: Path):
    """Of large ones as well."""
    metrics = {"UnblendedCost": {"Amount": "3", "Unit": "USD"}}
    metrics["UsageQuantity"] = {"Amount": "30000000000000000.5", "Unit": "Bytes"}
    day = period(*DAY, {}, Groups=[{"Keys": ["x"], "Metrics": metrics}])
    pull = ask(put(tmp_path, "a.json", explorer(["USAGE_TYPE"], day)))
    assert rows(pull, "usage") == [(Decimal("30000000000000000.5"),)]


def test_ways_to_group_that_disagree_are_refused(tmp_path: Path):
    """It cannot be told what is in both."""
    put(tmp_path, "a.json", explorer(["SERVICE"], period(*DAY, {("S3",): "3"})))
    pull = ask(put(tmp_path, "b.json", explorer(["RECORD_TYPE"], period(*DAY, {("Credit",): "-1"}))))
    assert pull.coverage.status is Status.FAILED
    assert "by RECORD_TYPE and by SERVICE say different totals for 2026-03-07" in pull.coverage.reason


def test_pages_of_one_answer_are_one(tmp_path: Path):
    """Groups of all pages count, one on two pages once; without the last page it is partial."""
    first = explorer(["SERVICE"], period(*DAY, {("S3",): "3"}), NextPageToken="x")
    assert ask(put(tmp_path, "a.json", first)).coverage.status is Status.PARTIAL
    pull = ask(put(tmp_path, "b.json", explorer(["SERVICE"], period(*DAY, {("S3",): "3", ("SQS",): "1"}))))
    assert (total(pull), pull.coverage.status) == (Decimal(4), Status.COMPLETE)


def test_cost_explorer_by_the_hour_has_hours(tmp_path: Path):
    """Where an account has switched them on."""
    hour = period("2026-03-07T10:00:00Z", "2026-03-07T11:00:00Z", {("S3",): "3"})
    pull = ask(put(tmp_path, "a.json", explorer(["SERVICE"], hour)), "hours")
    assert rows(pull, "service", "billed") == [("S3", Decimal(3))]


def test_tags_of_cost_explorer_are_tags(tmp_path: Path):
    """A key without a value has none."""
    answer = explorer(["TAG:component"], period(*DAY, {("component$ocr",): "3", ("component$",): "1"}))
    pull = ask(put(tmp_path, "a.json", answer), "details", now=["2026-03-07"], tags=["component"])
    assert rows(pull, "tags", "billed") == [('{"component": "ocr"}', 3), (None, 1)]


@pytest.mark.parametrize(
    "broken",
    [
        {"TimePeriod": {"Start": "soon", "End": "later"}},
        {"Groups": [{"Keys": ["S3"], "Metrics": {}}]},
        {"Groups": ["S3"]},
    ],
)
def test_a_period_that_says_nothing_is_counted(tmp_path: Path, broken: dict[str, object]):
    """The others are read."""
    good, bad = (period(*DAY, {("S3",): "3"}) for _ in range(2))
    pull = ask(put(tmp_path, "a.json", explorer(["SERVICE"], good, bad | broken)))
    assert (total(pull), pull.coverage.status) == (Decimal(3), Status.PARTIAL)
    assert "costs/a.json 1 groups without a usable time or amount" in pull.coverage.reason
