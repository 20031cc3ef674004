"""The columns of a bill: what form it has, what each column is called there, and what a bill needs.

A Cost and Usage Report is known by the names of CUR 2.0; those of the older report (`lineItem/UsageStartDate`) are
brought to them, as AWS does for Athena. FOCUS 1.0 to 1.2 is known by its own names, in any case of letters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

CUR, FOCUS, EXPLORER = "CUR", "FOCUS", "Cost Explorer"
NEEDED = {
    CUR: (
        "line_item_usage_start_date",
        "line_item_line_item_type",
        "line_item_product_code",
        "line_item_currency_code",
        "line_item_unblended_cost",
    ),
    FOCUS: ("ChargePeriodStart", "ChargeCategory", "ServiceName", "BillingCurrency", "BilledCost"),
}
WANTED = {
    CUR: ("line_item_usage_type", "line_item_operation", "line_item_usage_amount", "line_item_usage_end_date"),
    FOCUS: ("ConsumedQuantity", "EffectiveCost", "ChargePeriodEnd"),
}
CAPITAL = re.compile(r"(?<=[A-Za-z0-9])(?=[A-Z])")
OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column is: an SQL expression, and its type as the engine names it."""

    sql: str
    type: str = "VARCHAR"


@dataclass(frozen=True, slots=True)
class Shape:
    """A bill's form, and its columns by the names that we know them by (lower case for FOCUS)."""

    form: str
    places: dict[str, Place]

    def has(self, name: str) -> bool:
        """Whether it has the column."""
        return _known(self.form, name) in self.places

    def place(self, name: str) -> Place | None:
        """The column's place, None where there is none."""
        return self.places.get(_known(self.form, name))

    @property
    def missing(self) -> tuple[str, ...]:
        """Columns that a bill of this form needs and this one lacks."""
        return tuple(name for name in NEEDED[self.form] if not self.has(name))

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Columns without which it says less."""
        return tuple(name for name in WANTED[self.form] if not self.has(name))


def shape_of(names: Sequence[str], types: Sequence[str] = (), *, sql: Sequence[str] = ()) -> Shape | None:
    """The form of a table with these columns, None where it is no bill.

    Args:
        names: of its columns, as they are there.
        types: of its columns, as the engine names them; all text when empty.
        sql: an expression for each column; x0, x1, … when empty.
    """
    kinds = list(types) or ["VARCHAR"] * len(names)
    places = list(sql) or [f"x{number}" for number in range(len(names))]
    found: dict[str, dict[str, Place]] = {CUR: {}, FOCUS: {}}
    for name, kind, place in zip(names, kinds, places, strict=True):
        for form, known in found.items():
            known.setdefault(_known(form, name), Place(place, kind.upper()))
    held = {form: sum(_known(form, name) in found[form] for name in NEEDED[form]) for form in found}
    form = max(held, key=lambda one: held[one])
    return Shape(form, found[form]) if held[form] else None


def lacking_words(shape: Shape | None) -> str:
    """What a table lacks to be a bill; the empty string where it lacks nothing."""
    if shape is None:
        needs = " or ".join(f"{', '.join(NEEDED[form])} ({form})" for form in NEEDED)
        return f"is no bill: it has none of the columns {needs}"
    if not shape.missing:
        return ""
    return f"has no column {', '.join(shape.missing)}; a {shape.form} bill needs {', '.join(NEEDED[shape.form])}"


def unsaid_words(shape: Shape) -> str:
    """What a bill does not say; the empty string where it says all."""
    return f"has no column {', '.join(shape.unsaid)}: null" if shape.unsaid else ""


def snake(name: str) -> str:
    """A name as AWS writes it for Athena: `lineItem/UsageType` is line_item_usage_type."""
    return OTHER.sub("_", CAPITAL.sub("_", name).lower()).strip("_")


def _known(form: str, name: str) -> str:
    if form == FOCUS:
        return name.lower()
    return snake(name) if "/" in name else name.lower()
