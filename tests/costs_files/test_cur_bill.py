"""A Cost and Usage Report: what each line costs, what kind of charge it is, and that it counts once."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bill_builders import CUR_LINE, ask, cur, day, put, rows, total

from ddms_ops.coverage import Status

COMMITMENTS = {
    "reservation_effective_cost": "0.4",
    "reservation_reservation_a_r_n": "",
    "reservation_unused_amortized_upfront_fee_for_billing_period": "0.1",
    "reservation_unused_recurring_fee": "0.2",
    "savings_plan_savings_plan_effective_cost": "0.7",
    "savings_plan_total_commitment_to_date": "5",
    "savings_plan_used_commitment": "4",
}


@pytest.mark.parametrize(
    ("line_type", "category", "amortised"),
    [
        ("Usage", "usage", "1"), ("DiscountedUsage", "usage", "0.4"), ("SavingsPlanCoveredUsage", "usage", "0.7"),
        ("EdpDiscount", "usage", "1"), ("RIFee", "commitment", "0.3"), ("SavingsPlanRecurringFee", "commitment", "1"),
        ("SavingsPlanNegation", "commitment", "0"), ("SavingsPlanUpfrontFee", "commitment", "0"), ("Fee", "fee", "1"),
        ("Credit", "credit", "1"), ("Refund", "refund", "1"), ("Tax", "tax", "1"), ("Something", "adjustment", "1"),
    ],
)  # fmt: skip
def test_a_line_type_has_its_category_and_its_amortised_cost(
    tmp_path: Path, line_type: str, category: str, amortised: str
):
    """As AWS's own query for amortised cost has it; what is billed is what is billed."""
    pull = ask(put(tmp_path, "a.csv", [cur(type=line_type) | COMMITMENTS]))
    assert rows(pull, "category", "billed", "amortised") == [(category, Decimal(1), Decimal(amortised))]


def test_a_fee_for_a_reservation_is_a_commitment(tmp_path: Path):
    """Its upfront cost is spread over what it covers."""
    line = cur(type="Fee") | COMMITMENTS | {"reservation_reservation_a_r_n": "arn:aws:rds:x"}
    assert rows(ask(put(tmp_path, "a.csv", [line])), "category", "amortised") == [("commitment", Decimal(0))]


def test_amortised_is_not_known_where_a_covered_line_does_not_say(tmp_path: Path):
    """A sum that would leave a line out is none."""
    pull = ask(put(tmp_path, "a.csv", [cur(), cur(type="DiscountedUsage")]))
    assert rows(pull, "billed", "amortised") == [(Decimal(2), None)]


def test_a_discount_lowers_the_cost_and_adds_no_usage(tmp_path: Path):
    """Its amount of usage is that of the lines it lowers."""
    pull = ask(put(tmp_path, "a.csv", [cur(cost="1"), cur(type="BundledDiscount", cost="-0.25")]))
    assert rows(pull, "billed", "usage", "lines") == [(Decimal("0.75"), Decimal(10), 2)]


def test_amounts_are_exact_to_twelve_decimals(tmp_path: Path):
    """However many lines there are; exponents and negative usage are read."""
    lines = [cur(cost="0.000000000001", usage="-1.5") for _ in range(1000)] + [cur(cost="1.2E-7", usage="0.1")]
    pull = ask(put(tmp_path, "a.csv", lines))
    assert rows(pull, "billed", "usage") == [(Decimal("0.000000121"), Decimal("-1499.9"))]


def test_parquet_and_csv_of_one_bill_give_the_same(tmp_path: Path):
    """Doubles of a Parquet file are the decimals that they were written as."""
    lines = [cur(cost="0.1", usage="12345678.9"), cur(cost="123456.789012", usage="0.3")]
    text = ask(put(tmp_path / "csv", "a.csv", lines)).table
    table = pa.Table.from_pylist(lines)
    for name in ("line_item_unblended_cost", "line_item_usage_amount", "pricing_public_on_demand_cost"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.float64()))
    for name in ("line_item_usage_start_date", "line_item_usage_end_date"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.timestamp("us", "UTC")))
    (tmp_path / "parquet/costs").mkdir(parents=True)
    pq.write_table(table, tmp_path / "parquet/costs/it's a bill.parquet")
    assert ask(tmp_path / "parquet").table == text


def test_maps_of_cur_2_name_products_and_tags(tmp_path: Path):
    """A product goes by its name, whichever of its lines says it; a tag by the profile's name."""
    kinds = pa.map_(pa.string(), pa.string())
    schema = pa.schema([(name, pa.string()) for name in CUR_LINE if name != "resource_tags"])
    schema = schema.append(pa.field("product", kinds)).append(pa.field("resource_tags", kinds))
    named = cur() | {"product": [("product_name", "Amazon Textract")], "resource_tags": [("user_component", 'a "b"')]}
    (tmp_path / "costs").mkdir()
    lines = [named, cur() | {"product": [], "resource_tags": []}]
    pq.write_table(pa.Table.from_pylist(lines, schema=schema), tmp_path / "costs/a.parquet")
    pull = ask(tmp_path, "details", now=["2026-03-07"], tags=["component"])
    assert rows(pull, "service", "tags", "lines") == [
        ("Amazon Textract", '{"component": "a \\"b\\""}', 1),
        ("Amazon Textract", None, 1),
    ]


def test_the_older_report_has_the_same_columns_by_other_names(tmp_path: Path):
    """`lineItem/UsageStartDate` is line_item_usage_start_date; tags are columns."""
    older = {
        "identity/LineItemId": "a", "lineItem/UsageStartDate": "2026-03-07T10:00:00Z", "lineItem/LineItemType": "Usage",
        "lineItem/ProductCode": "AmazonTextract", "lineItem/CurrencyCode": "USD", "lineItem/UnblendedCost": "1.25",
        "product/ProductName": "Amazon Textract", "resourceTags/user:Component": "ocr",
    }  # fmt: skip
    pull = ask(put(tmp_path, "a.csv", [older]), "details", now=["2026-03-07"], tags=["component"])
    assert rows(pull, "service", "billed", "tags") == [("Amazon Textract", Decimal("1.25"), '{"component": "ocr"}')]


def test_a_line_in_two_files_counts_once(tmp_path: Path):
    """Known by its id and time, also within one file; the repeats are counted."""
    lines = [cur(id="a"), cur(id="b", cost="2")]
    put(tmp_path, "old/a.csv", [*lines, cur(id="a")])
    pull = ask(put(tmp_path, "new/a.csv", [*lines, cur(id="c", cost="4")]))
    assert total(pull) == 7
    assert (pull.coverage.status, "3 repeated lines" in pull.coverage.reason) == (Status.COMPLETE, True)


def test_an_id_with_other_amounts_is_a_doubt(tmp_path: Path):
    """That of the last file by name is taken, and it is said."""
    put(tmp_path, "a.csv", [cur(id="a", cost="1")])
    pull = ask(put(tmp_path, "b.csv", [cur(id="a", cost="3")]))
    assert (total(pull), pull.coverage.status) == (Decimal(3), Status.PARTIAL)
    assert "1 lines are there with other amounts as well: those of the last file by name" in pull.coverage.reason


def test_an_id_of_another_kind_of_line_is_another_line(tmp_path: Path):
    """AWS's ids are unique within a part of a report only."""
    put(tmp_path, "a.csv", [cur(id="a", kind="x")])
    assert total(ask(put(tmp_path, "b.csv", [cur(id="a", kind="y")]))) == 2


def test_lines_without_ids_that_are_alike_in_one_file_are_lines(tmp_path: Path):
    """A day that another file holds whole counts once."""
    put(tmp_path, "a.csv", [cur(), cur(), cur(kind="y"), cur(kind="z")])
    assert total(ask(tmp_path)) == 4
    pull = ask(put(tmp_path, "b.csv", [cur(), cur(kind="z"), cur(kind="y")]))
    assert (total(pull), "3 repeated lines in the export taken once" in pull.coverage.reason) == (Decimal(4), True)


def test_savings_plans_without_their_columns_leave_amortised_unknown(tmp_path: Path):
    """Of what is covered as of what negates it, so that both fall back to what is billed."""
    lines = [cur(type="SavingsPlanCoveredUsage", cost="50"), cur(type="SavingsPlanNegation", cost="-50")]
    pull = ask(put(tmp_path, "a.csv", lines))
    assert sorted(rows(pull, "category", "amortised")) == [("commitment", None), ("usage", None)]


def test_types_of_lines_are_known_in_any_case(tmp_path: Path):
    """What nobody knows is counted in words."""
    pull = ask(put(tmp_path, "a.csv", [cur(type="usage"), cur(type="consumption", cost="4")]))
    assert rows(pull, "category", "billed") == [("adjustment", 4), ("usage", 1)]
    assert "1 lines of a type that is not known count as adjustments" in pull.coverage.reason


def test_usage_is_known_where_all_lines_that_cost_something_say_it(tmp_path: Path):
    """A sum that leaves lines out is none, by day as by resource."""
    lines = [cur(), cur(usage="", kind="y"), cur(kind="y"), cur(kind="z"), cur(kind="z", usage="", cost="0")]
    put(tmp_path, "a.csv", lines)
    expected = [("USE1-Pages", 10), ("y", None), ("z", 10)]
    assert rows(ask(tmp_path), "usage_type", "usage") == expected
    assert rows(ask(tmp_path, "details", now=["2026-03-07"]), "usage_type", "usage") == expected


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [
        ("resourceTags/user:CostCenter", "x", "CostCenter"), ("resource_tags_user_cost_center", "x", "cost-center"),
        ("resource_tags", '{"user_cost_center": "x"}', "CostCenter"),
    ],
)  # fmt: skip
def test_a_tag_is_found_however_aws_writes_it(tmp_path: Path, column: str, value: str, name: str):
    """In a column of its own, or in a map."""
    line = {key: cell for key, cell in cur().items() if key != "resource_tags"}
    pull = ask(put(tmp_path, "a.csv", [line | {column: value}]), only_tags={name: "x"})
    assert (total(pull), "other tags" in pull.coverage.reason) == (Decimal(1), False)


def test_an_account_has_the_zero_that_a_number_lost(tmp_path: Path):
    """As a spreadsheet, or a column of numbers, drops it."""
    put(tmp_path, "a.csv", [cur(account="12345678901")])
    assert rows(ask(tmp_path, only_accounts=["012345678901"]), "account") == [("012345678901",)]


def test_an_id_of_another_type_of_line_is_another_line(tmp_path: Path):
    """A discount has the id of what it lowers in some bills."""
    lines = [cur(id="a"), cur(id="a", type="EdpDiscount", cost="-0.25")]
    assert total(ask(put(tmp_path, "a.csv", lines))) == Decimal("0.75")


def test_a_line_without_an_invoice_is_estimated(tmp_path: Path):
    """AWS numbers the invoice when the month is closed."""
    lines = [cur(), cur(bill_invoice_id="77", kind="z")]
    assert rows(ask(put(tmp_path, "a.csv", lines)), "estimated") == [(True,), (False,)]


def test_a_charge_of_a_month_counts_on_its_first_day(tmp_path: Path):
    """Usage of a month (a hosted zone) is a monthly fee: no day can have it."""
    month = {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}
    pull = ask(put(tmp_path, "a.csv", [day(7), cur(type="Tax", cost="9", **month), cur(cost="5", **month)]))
    found = sorted((f"{stamp:%d}", name, cost) for stamp, name, cost in rows(pull, "timestamp", "category", "billed"))
    assert found == [("01", "fee", 5), ("01", "tax", 9), ("07", "usage", 1)]
    assert "2 charges that last over a day count on their first" in pull.coverage.reason


def test_a_bill_by_the_month_is_no_bill_by_the_day(tmp_path: Path):
    """Where most lines last longer, the pull is partial and says how to export it."""
    month = {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}
    pull = ask(put(tmp_path, "a.csv", [cur(cost="5", kind="x", **month), cur(cost="6", kind="y", **month)]))
    assert pull.coverage.status is Status.PARTIAL
    assert "2 of 2 lines last over a day: export the bill by day or hour" in pull.coverage.reason


def test_hours_have_the_lines_that_last_one(tmp_path: Path):
    """Days have all; of the rest it is said that hours lack it."""
    root = put(tmp_path, "a.csv", [cur(), day(7, cost="2"), cur(type="Tax")])
    hours = ask(root, "hours")
    assert rows(hours, "billed", "lines") == [(Decimal(1), 1)]
    assert "1 of 2 usage lines are not by the hour" in hours.coverage.reason
    assert total(ask(root)) == 4


def test_a_daily_bill_has_no_hours(tmp_path: Path):
    """No rows, and why."""
    hours = ask(put(tmp_path, "a.csv", [day(7)]), "hours")
    assert (hours.coverage.rows, hours.coverage.status) == (0, Status.EMPTY)
    assert (
        hours.coverage.reason == "the bill begins with 2026-03-07; 1 of 1 usage lines are not by the hour and not in it"
    )
