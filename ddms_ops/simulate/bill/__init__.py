"""A bill of any system, written in the shapes in which AWS hands one out."""

from ddms_ops.simulate.bill.lines import AccountOf, Line, Product
from ddms_ops.simulate.bill.write import SHAPES, write_bill

__all__ = ["SHAPES", "AccountOf", "Line", "Product", "write_bill"]
