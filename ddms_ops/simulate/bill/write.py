"""One bill, in any of three shapes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from ddms_ops.errors import BadInput
from ddms_ops.simulate.bill.cost_explorer import write_cost_explorer
from ddms_ops.simulate.bill.cur import write_cur
from ddms_ops.simulate.bill.focus import write_focus
from ddms_ops.simulate.bill.lines import Line

Shape = Literal["cur", "focus", "ce"]
SHAPES: dict[str, Callable[..., list[Path]]] = {"cur": write_cur, "focus": write_focus, "ce": write_cost_explorer}


def write_bill(
    folder: Path,
    lines: Sequence[Line],
    *,
    shape: Shape = "cur",
    form: Literal["parquet", "csv"] = "parquet",
    closed: str = "",
    estimated_from: str = "",
) -> list[Path]:
    """Write a bill below a folder; the same lines write the same bytes.

    Args:
        folder: the export's `costs`; made where missing.
        lines: line items, in any order.
        shape: "cur" is a CUR 2.0 export and "focus" a FOCUS 1.0 export as AWS delivers them to S3, by billing period;
            "ce" is what two calls of get-cost-and-usage print, by day: one grouped by SERVICE and USAGE_TYPE, one by
            SERVICE and RECORD_TYPE. Both calls cover every line.
        form: of "cur" and "focus"; csv is gzipped.
        closed: months before this one ("2026-03") are invoiced; those from it on have no invoice yet.
        estimated_from: days from this one on ("2026-03-04") are called estimated, which only "ce" can say; empty is
            those of the months that are not invoiced.

    Returns:
        The files.

    Raises:
        BadInput: no such shape.
    """
    if shape not in SHAPES:
        raise BadInput(f"no shape of a bill named {shape!r}; known: {', '.join(SHAPES)}")
    ordered = sorted(lines, key=_order)
    if shape == "ce":
        return write_cost_explorer(folder, ordered, estimated_from=estimated_from or closed)
    return SHAPES[shape](folder, ordered, form=form, closed=closed)


def _order(line: Line) -> tuple[object, ...]:
    return (
        line.start, line.product.code, line.usage_type, line.operation, line.type, line.resource, line.tags,
        line.commitment, line.end, line.description, line.usage, line.cost, line.account.number, line.region,
    )  # fmt: skip
