"""The same bill as CUR 2.0, FOCUS 1.0 and get-cost-and-usage output."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bill_lines import amortised_of, expected, rows, small_bill, summed
from reading import tree

from ddms_ops.errors import BadInput
from ddms_ops.simulate.bill import SHAPES, write_bill

CUR = """
bill_bill_type bill_billing_entity bill_billing_period_end_date bill_billing_period_start_date bill_invoice_id
bill_invoicing_entity bill_payer_account_id bill_payer_account_name cost_category discount discount_bundled_discount
discount_total_discount identity_line_item_id identity_time_interval line_item_availability_zone line_item_blended_cost
line_item_blended_rate line_item_currency_code line_item_legal_entity line_item_line_item_description
line_item_line_item_type line_item_net_unblended_cost line_item_net_unblended_rate line_item_normalization_factor
line_item_normalized_usage_amount line_item_operation line_item_product_code line_item_resource_id line_item_tax_type
line_item_unblended_cost line_item_unblended_rate line_item_usage_account_id line_item_usage_account_name
line_item_usage_amount line_item_usage_end_date line_item_usage_start_date line_item_usage_type pricing_currency
pricing_lease_contract_length pricing_offering_class pricing_public_on_demand_cost pricing_public_on_demand_rate
pricing_purchase_option pricing_rate_code pricing_rate_id pricing_term pricing_unit product product_comment
product_fee_code product_fee_description product_from_location product_from_location_type product_from_region_code
product_instance_family product_instance_type product_instancesku product_location product_location_type
product_operation product_pricing_unit product_product_family product_region_code product_servicecode product_sku
product_to_location product_to_location_type product_to_region_code product_usagetype
reservation_amortized_upfront_cost_for_usage reservation_amortized_upfront_fee_for_billing_period
reservation_availability_zone reservation_effective_cost reservation_end_time reservation_modification_status
reservation_net_amortized_upfront_cost_for_usage reservation_net_amortized_upfront_fee_for_billing_period
reservation_net_effective_cost reservation_net_recurring_fee_for_usage
reservation_net_unused_amortized_upfront_fee_for_billing_period reservation_net_unused_recurring_fee
reservation_net_upfront_value reservation_normalized_units_per_reservation reservation_number_of_reservations
reservation_recurring_fee_for_usage reservation_reservation_a_r_n reservation_start_time reservation_subscription_id
reservation_total_reserved_normalized_units reservation_total_reserved_units reservation_units_per_reservation
reservation_unused_amortized_upfront_fee_for_billing_period reservation_unused_normalized_unit_quantity
reservation_unused_quantity reservation_unused_recurring_fee reservation_upfront_value resource_tags
savings_plan_amortized_upfront_commitment_for_billing_period savings_plan_end_time savings_plan_instance_type_family
savings_plan_net_amortized_upfront_commitment_for_billing_period
savings_plan_net_recurring_commitment_for_billing_period savings_plan_net_savings_plan_effective_cost
savings_plan_offering_type savings_plan_payment_option savings_plan_purchase_term
savings_plan_recurring_commitment_for_billing_period savings_plan_region savings_plan_savings_plan_a_r_n
savings_plan_savings_plan_effective_cost savings_plan_savings_plan_rate savings_plan_start_time
savings_plan_total_commitment_to_date savings_plan_used_commitment
"""


def test_cur_rows_sum_to_the_bill(tmp_path: Path):
    """Billed and amortised of each day of the csv are exact, by AWS' own rules."""
    write_bill(tmp_path, small_bill(), form="csv")
    found = rows(tmp_path)
    assert expected() == summed([
        (row["line_item_usage_start_date"][:10], Decimal(row["line_item_unblended_cost"]), amortised_of(row))
        for row in found
    ])  # fmt: skip


def test_cur_parquet_holds_the_same_lines(tmp_path: Path):
    """Doubles that are the csv's amounts to the last of ten decimals, and times without a zone."""
    files = write_bill(tmp_path, small_bill())
    read = [row for path in files for row in pq.read_table(path, partitioning=None).to_pylist()]
    assert expected() == summed([
        (f"{row['line_item_usage_start_date']:%Y-%m-%d}", Decimal(str(row["line_item_unblended_cost"])),
         amortised_of(row)) for row in read
    ])  # fmt: skip
    schema = pq.read_schema(files[0])
    assert str(schema.field("line_item_unblended_cost").type) == "double"
    assert str(schema.field("line_item_usage_start_date").type) == "timestamp[ms]"


def test_focus_rows_sum_to_the_bill(tmp_path: Path):
    """What a savings plan covers is billed nothing, and its negation is no line."""
    write_bill(tmp_path, small_bill(), shape="focus", form="csv")
    found = rows(tmp_path)
    assert expected() == summed([
        (row["ChargePeriodStart"][:10], Decimal(row["BilledCost"]), Decimal(row["EffectiveCost"])) for row in found
    ])  # fmt: skip
    assert len(found) == len(small_bill()) - 1
    assert {row["ChargeCategory"] for row in found} == {"Usage", "Purchase", "Credit", "Tax"}


def test_both_answers_of_cost_explorer_sum_to_the_bill(tmp_path: Path):
    """By usage type or by record type, a day's groups are the day."""
    for path in write_bill(tmp_path, small_bill(), shape="ce"):
        days = json.loads(path.read_text())["ResultsByTime"]
        found = [
            (day["TimePeriod"]["Start"], Decimal(group["Metrics"]["UnblendedCost"]["Amount"]),
             Decimal(group["Metrics"]["AmortizedCost"]["Amount"])) for day in days for group in day["Groups"]
        ]  # fmt: skip
        assert summed(found) == expected()
        assert [day["TimePeriod"]["End"] for day in days] == ["2026-03-01", "2026-03-02"]


def test_cost_explorer_says_which_days_are_estimated(tmp_path: Path):
    """From the day given on."""
    [path, _] = write_bill(tmp_path, small_bill(), shape="ce", estimated_from="2026-03-01")
    assert [day["Estimated"] for day in json.loads(path.read_text())["ResultsByTime"]] == [False, True]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_cur_has_the_columns_of_the_data_dictionary(tmp_path: Path, form: str):
    """Every one, by name, in both forms."""
    [path, *_] = write_bill(tmp_path, small_bill(), form=form)
    names = list(rows(tmp_path)[0]) if form == "csv" else pq.read_schema(path).names
    assert names == CUR.split()


def test_a_month_is_a_file(tmp_path: Path):
    """Lines are in the billing period in which they start, as AWS names its folder; only closed ones are invoiced."""
    files = write_bill(tmp_path, small_bill(), closed="2026-03")
    assert [path.parent.name for path in files] == ["BILLING_PERIOD=2026-02", "BILLING_PERIOD=2026-03"]
    tables = [pq.read_table(path, partitioning=None) for path in files]
    assert [table.num_rows for table in tables] == [7, 6]
    assert [table["bill_invoice_id"].null_count for table in tables] == [0, 6]


def test_every_line_has_its_own_id(tmp_path: Path):
    """Also lines that are alike but for their amounts."""
    write_bill(tmp_path, [*small_bill(), *small_bill()], form="csv")
    ids = [row["identity_line_item_id"] for row in rows(tmp_path)]
    assert len(set(ids)) == len(ids) == 2 * len(small_bill())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bill_does_not_depend_on_the_order_of_its_lines(tmp_path: Path, shape: str):
    """Lines in reverse write the same bytes."""
    write_bill(tmp_path / "one", small_bill(), shape=shape)
    write_bill(tmp_path / "two", small_bill()[::-1], shape=shape)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_an_unknown_shape_is_refused(tmp_path: Path):
    """One line with the known ones."""
    with pytest.raises(BadInput, match="^no shape of a bill named 'xls'; known: cur, focus, ce$"):
        write_bill(tmp_path, small_bill(), shape="xls")
