"""What kind of charge a line of AWS's bill is, whatever spelling the report uses."""

import re

DISCOUNTS = (
    "Discount", "BundledDiscount", "EdpDiscount", "EnterpriseDiscountProgramDiscount", "PrivateRateDiscount",
    "PrivateRateCardDiscount", "SppDiscount", "SolutionProviderProgramDiscount", "DistributorDiscount",
    "CrossServiceDiscount",
)  # fmt: skip
"""They lower the price of usage, so that they are part of what it costs; their amount of usage is no usage."""
TYPES = {
    "usage": ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", *DISCOUNTS),
    "commitment": (
        "RIFee", "RiVolumeDiscount", "Recurring", "Upfront", "RecurringReservationFee", "UpfrontReservationFee",
        "ReservationFee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "SavingsPlanNegation",
    ),
    "fee": ("Fee", "Support", "SupportFee", "OtherOutOfCycleCharges"),
    "credit": ("Credit",),
    "refund": ("Refund",),
    "tax": ("Tax",),
}  # fmt: skip
OTHER = "adjustment"
LETTERS = re.compile(r"[^a-z]")
CATEGORY_OF = {name.lower(): category for category, names in TYPES.items() for name in names}


def category_of(line_type: str) -> str:
    """One of CATEGORIES for a line item type or record type; words may be apart: `Savings Plan Negation`."""
    return CATEGORY_OF.get(LETTERS.sub("", line_type.lower()), OTHER)


def category_sql(line_type: str) -> str:
    """The same as SQL over an expression of text in lower case, as reports spell it but for that."""
    cases = [f"WHEN '{name.lower()}' THEN '{category}'" for category, names in TYPES.items() for name in names]
    return f"CASE {line_type} {' '.join(cases)} ELSE '{OTHER}' END"


def is_known_sql(line_type: str) -> str:
    """SQL for whether such a text is a type of line that we know."""
    return f"coalesce({line_type} IN ({', '.join(repr(name) for name in CATEGORY_OF)}), FALSE)"
