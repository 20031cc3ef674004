"""One bill that is there more than once: what is a copy counts once, what may be one is refused, parts are whole."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from bill_builders import Line, ask, cur, day, focus, put, rows, total

from ddms_ops.coverage import Status

KINDS = ("p", "q", "r", "s", "t")
REFUSED = "hold the same bill on"


def week(**more: str) -> list[Line]:
    """Seven days of five kinds, each with an amount of its own."""
    return [
        day(number, kind=kind, cost=f"{number}.{place}1", id=f"{kind}{number}", **more)
        for number in range(1, 8)
        for place, kind in enumerate(KINDS)
    ]


def test_a_second_assembly_with_other_ids_is_refused(tmp_path: Path):
    """Whatever it is cut into, and where it only has the last days, with other amounts."""
    put(tmp_path, "asm-1/a.csv", week())
    again = [line | {"identity_line_item_id": f"z{n}"} for n, line in enumerate(week())]
    put(tmp_path, "asm-2/a.csv", again[::2])
    pull = ask(put(tmp_path, "asm-2/b.csv", again[1::2]))
    assert (pull.coverage.status, "costs/asm-1/ and costs/asm-2/ hold the same" in pull.coverage.reason) == (
        Status.FAILED,
        True,
    )
    put(tmp_path / "x", "a.csv", week())
    late = [line | {"line_item_unblended_cost": "7.05"} for line in again[30:]]
    assert "costs/a.csv and costs/b.csv " + REFUSED in ask(put(tmp_path / "x", "b.csv", late)).coverage.reason


def test_hours_beside_days_of_one_bill_are_refused(tmp_path: Path):
    """Their sums are the same."""
    put(tmp_path, "days.csv", [day(7, id="a", cost="24", kind="p"), day(7, id="b", cost="48", kind="q")])
    hours = [
        cur(kind=kind, cost=cost, id=f"{kind}{n}", start=f"2026-03-07T{n:02d}:00:00Z", end=f"2026-03-07T{n:02d}:59:59Z")
        for n in range(24)
        for kind, cost in (("p", "1"), ("q", "2"))
    ]
    assert REFUSED in ask(put(tmp_path, "hours.csv", hours)).coverage.reason


def test_a_bill_in_csv_and_parquet_counts_once(tmp_path: Path):
    """And with the columns in another order, or one more."""
    lines = [focus(SkuId=kind, BilledCost=f"1.{n}") for n, kind in enumerate(KINDS)]
    put(tmp_path, "a.csv", lines)
    put(tmp_path, "b.csv", [dict(reversed(line.items())) for line in lines])
    put(tmp_path, "c.csv", [line | {"InvoiceId": "9"} for line in lines])
    table = pa.Table.from_pylist([line | {"BilledCost": float(line["BilledCost"])} for line in lines])
    pq.write_table(table, tmp_path / "costs/d.parquet")
    pull = ask(tmp_path)
    assert (total(pull), pull.coverage.status) == (Decimal(6), Status.COMPLETE)
    assert "15 repeated lines in the export taken once" in pull.coverage.reason


def test_parts_of_one_export_are_whole(tmp_path: Path):
    """Though they share kinds, days, and a line that is alike; that is said."""
    parts = [[focus(SkuId=kind, BilledCost=f"{part}.{n}") for n, kind in enumerate(KINDS)] for part in (1, 2)]
    for part, lines in enumerate(parts):
        put(tmp_path, f"{part}.csv", [*lines, focus()])
    pull = ask(tmp_path)
    assert (total(pull), pull.coverage.status) == (Decimal(19), Status.PARTIAL)
    assert "1 lines of costs/0.csv are alike in costs/1.csv, among others: all were counted" in pull.coverage.reason


def test_files_of_many_lines_alike_are_refused(tmp_path: Path):
    """Two parts of a bill of equal lines look as a copy does."""
    put(tmp_path, "a.csv", [focus()] * 5)
    pull = ask(put(tmp_path, "b.csv", [focus()] * 5))
    assert (pull.coverage.status, "cannot be told from a part" in pull.coverage.reason) == (Status.FAILED, True)


def test_weeks_that_overlap_count_once(tmp_path: Path):
    """Known by their ids; also where one has more of a day."""
    put(tmp_path, "a.csv", week()[:22])
    pull = ask(put(tmp_path, "b.csv", week()[10:]))
    assert (total(pull), pull.coverage.status) == (total(ask(put(tmp_path / "x", "a.csv", week()))), Status.COMPLETE)


def test_a_product_has_one_name_in_all_files(tmp_path: Path):
    """A file without its name, or a line, has it from another."""
    named = {"product_product_name": "Amazon Textract"}
    put(tmp_path, "a.csv", [day(1)])
    pull = ask(
        put(tmp_path, "b.csv", [day(2) | named, day(3, type="EdpDiscount") | named | {"product_product_name": ""}])
    )
    assert rows(pull, "service") == [("Amazon Textract",)] * 3
