"""The sandbox's Cost Explorer: exact sums of a bill, asked as AWS is asked, refused as AWS refuses."""

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from live_bill import every_kind, line, write_bill

from ddms_ops.sandbox.cost_explorer import CostExplorer
from ddms_ops.sandbox.refusal import Refusal

WEEK = {"Start": "2026-03-01", "End": "2026-03-06"}
USAGE = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}}


@pytest.fixture(scope="module")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> CostExplorer:
    """Of a bill with every kind of charge."""
    return CostExplorer(write_bill(tmp_path_factory.mktemp("bill"), *every_kind()))


def asked(*groups: str, **given: Any) -> dict[str, Any]:
    """A request by some dimensions."""
    keys = [{"Type": "DIMENSION", "Key": key} for key in groups]
    return {"TimePeriod": WEEK, "Granularity": "DAILY", "Metrics": ["UnblendedCost"], "GroupBy": keys, **given}


def amounts(answer: dict[str, Any], metric: str = "UnblendedCost") -> dict[tuple[str, ...], Decimal]:
    """The metric by period and keys."""
    return {
        (period["TimePeriod"]["Start"], *group["Keys"]): Decimal(group["Metrics"][metric]["Amount"])
        for period in answer["ResultsByTime"]
        for group in period["Groups"]
    }


def test_sums_are_those_of_the_lines(explorer: CostExplorer):
    """By day and kind of charge, exactly."""
    expected: dict[tuple[str, ...], Decimal] = {}
    for one in every_kind():
        key = one["line_item_usage_start_date"][:10], one["line_item_line_item_type"]
        expected[key] = expected.get(key, Decimal(0)) + Decimal(one["line_item_unblended_cost"])
    assert amounts(explorer.answer(asked("RECORD_TYPE"))) == expected


def test_the_end_is_not_in_it(explorer: CostExplorer):
    """Every day of the period is there, also one without a charge, and no other."""
    told = explorer.answer(asked(TimePeriod={"Start": "2026-03-05", "End": "2026-03-08"}))["ResultsByTime"]
    assert [period["TimePeriod"]["Start"] for period in told] == ["2026-03-05", "2026-03-06", "2026-03-07"]
    assert [period["Total"]["UnblendedCost"]["Amount"] for period in told] == ["6.6123456790", "0", "0"]
    assert [period["Estimated"] for period in told] == [True, False, False]


def test_hours_are_asked_for_by_hours(explorer: CostExplorer):
    """With their own form of time."""
    hours = {"Start": "2026-03-01T03:00:00Z", "End": "2026-03-01T06:00:00Z"}
    told = explorer.answer(asked("SERVICE", Granularity="HOURLY", TimePeriod=hours, Filter=USAGE))
    assert amounts(told) == {
        ("2026-03-01T03:00:00Z", "Amazon Textract"): Decimal("1.0123456789"),
        ("2026-03-01T05:00:00Z", "Amazon Simple Storage Service"): Decimal("0.1"),
    }


def test_filters_nest(explorer: CostExplorer):
    """And, Or, Not, dimensions and tags; a line without the tag has it empty."""
    textract = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Textract"]}}
    inference = {"Tags": {"Key": "component", "Values": ["inference"]}}
    both = explorer.answer(asked("SERVICE", Filter={"And": [USAGE, textract, {"Not": inference}]}))
    assert amounts(both)["2026-03-01", "Amazon Textract"] == Decimal("1E-10")
    tags = explorer.answer({**asked(Filter=textract), "GroupBy": [{"Type": "TAG", "Key": "component"}]})
    assert {key for _, key in amounts(tags)} == {"component$", "component$inference", "component$upload"}


def test_units_that_differ_are_not_told(explorer: CostExplorer):
    """Usage is added up whatever its units, as AWS does."""
    [first, *_] = explorer.answer(asked(Metrics=["UsageQuantity"], Filter=USAGE))["ResultsByTime"]
    assert first["Total"] == {"UsageQuantity": {"Amount": "20136.8333333333", "Unit": "N/A"}}


def test_pages_hold_every_group_once(tmp_path: Path):
    """A token belongs to its request."""
    explorer = CostExplorer(write_bill(tmp_path, *every_kind()))
    whole = amounts(explorer.answer(asked("SERVICE", "USAGE_TYPE")))
    explorer.page_size, found, token = 4, {}, {}
    while token is not None:
        page = explorer.answer(asked("SERVICE", "USAGE_TYPE", **token))
        assert not set(found) & set(amounts(page))
        found |= amounts(page)
        token = {"NextPageToken": page["NextPageToken"]} if "NextPageToken" in page else None
        if token:
            with pytest.raises(Refusal, match="RequestChangedException"):
                explorer.answer(asked("SERVICE", **token))
    assert found == whole


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Granularity": "MONTHLY"}, "Granularity MONTHLY"),
        ({"TimePeriod": {"Start": "2026-03-06", "End": "2026-03-06"}}, "before end date"),
        ({"TimePeriod": {"Start": "yesterday", "End": "2026-03-06"}}, "Start of the time period"),
        ({"Metrics": []}, "Metrics is a required"),
        ({"Metrics": ["Cost"]}, "Metric Cost"),
        ({"GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}] * 3}, "at most 2"),
        ({"GroupBy": [{"Type": "DIMENSION", "Key": "AZ"}]}, "Dimension AZ"),
        ({"GroupBy": [{"Type": "COST_CATEGORY", "Key": "a"}]}, "GroupBy type COST_CATEGORY"),
        ({"Filter": {"CostCategories": {"Key": "a", "Values": ["b"]}}}, "CostCategories"),
        ({"Filter": {"And": [USAGE]}}, "at least 2"),
        ({"Filter": {"Not": USAGE, "Or": [USAGE, USAGE]}}, "only one operator"),
        ({"Filter": {"Dimensions": {"Key": "SERVICE", "Values": []}}}, "Values must not be empty"),
        (
            {"Filter": {"Dimensions": {"Key": "SERVICE", "Values": ["A"], "MatchOptions": ["STARTS_WITH"]}}},
            "STARTS_WITH",
        ),
    ],
    ids=str,
)
def test_what_aws_does_not_take_is_refused(explorer: CostExplorer, given: dict[str, Any], words: str):
    """Also what the sandbox cannot compute: no wrong sum is given."""
    with pytest.raises(Refusal, match=words) as refused:
        explorer.answer(asked(**given))
    assert refused.value.code == "ValidationException"


def test_a_token_that_was_never_given_is_refused(explorer: CostExplorer):
    """By its own code."""
    with pytest.raises(Refusal, match="InvalidNextTokenException"):
        explorer.answer(asked(NextPageToken="more"))


def test_values_are_no_sql(explorer: CostExplorer):
    """Quotes in a filter or a tag find nothing and break nothing."""
    hostile = "x' OR '1'='1"
    filters = {"Tags": {"Key": f'a"].{hostile}', "Values": [hostile]}}
    assert amounts(explorer.answer(asked("SERVICE", Filter=filters))) == {}


@pytest.mark.parametrize("kind", ["parquet", "gz"])
def test_every_form_of_file_is_read(tmp_path: Path, kind: str):
    """A line that two files hold counts once; files that are no report are passed over."""
    root = write_bill(tmp_path, line("2026-03-01", "AmazonS3", "A", "1.5"), name="bill.csv")
    path = root / "costs/bill.csv"
    if kind == "gz":
        (root / "costs/again.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    else:
        pq.write_table(pyarrow.csv.read_csv(path), root / "costs/again.parquet")
    (root / "costs/other.csv").write_text("a,b\n1,2\n")
    assert amounts(CostExplorer(root).answer(asked("SERVICE"))) == {
        ("2026-03-01", "Amazon Simple Storage Service"): Decimal("1.5")
    }


def test_without_a_bill_there_are_no_results():
    """As for an account that never spent anything."""
    assert CostExplorer(None).answer(asked()) == {"ResultsByTime": []}
