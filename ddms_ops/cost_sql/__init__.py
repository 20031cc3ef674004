"""The questions that are put to a bill, where it is held: only sums travel."""

from ddms_ops.cost_sql.doubles import conflicts_sql, repeats_sql, rivals_sql, taken_sql
from ddms_ops.cost_sql.kinds import category_of
from ddms_ops.cost_sql.lines import LINE, line_columns, lines_sql, product_name, tag_names, text_sql
from ddms_ops.cost_sql.names import (
    CUR,
    EXPLORER,
    FOCUS,
    NEEDED,
    Place,
    Shape,
    lacking_words,
    shape_of,
    unsaid_words,
)
from ddms_ops.cost_sql.parts import COST_PARTS, MONEY, CostPart
from ddms_ops.cost_sql.statements import days_sql, details_sql, facts_sql, file_days_sql, hours_sql

__all__ = [
    "COST_PARTS", "CUR", "EXPLORER", "FOCUS", "LINE", "MONEY", "NEEDED", "CostPart", "Place", "Shape", "category_of",
    "conflicts_sql", "days_sql", "details_sql", "facts_sql", "file_days_sql", "hours_sql", "lacking_words",
    "line_columns", "lines_sql", "product_name", "repeats_sql", "rivals_sql", "shape_of", "tag_names", "taken_sql",
    "text_sql", "unsaid_words",
]  # fmt: skip
