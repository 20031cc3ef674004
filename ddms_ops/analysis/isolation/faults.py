"""A fault of isolation: where, for whom, what follows, and what to run after review."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.findings import Severity
from ddms_ops.schema import PULL, Column, Schema, conform

# What each rule is about; the ids of pg-notes 3.1, and P5 (by another condition), T5 (foreign), D1 (default).
RULES = {
    "T1": "a tenant table without row-level security",
    "T2": "policies on a table whose row-level security is off",
    "T3": "row-level security that does not hold for the table's owner",
    "T4": "a role that row-level security does not hold for",
    "T5": "a foreign table, which can have no row-level security",
    "P1": "a policy that lets every row through",
    "P2": "a policy that also lets through what is not the tenant's",
    "P3": "a policy that goes by the wrong column, setting or comparison",
    "P4": "a policy that lets rows be written for other tenants",
    "P5": "a policy that opens rows by another condition too",
    "V1": "a view that reads past row-level security",
    "V2": "a materialized view over tenants' rows",
    "F1": "a function that reads past row-level security",
    "C1": "a table that does not say, or need not say, whose its rows are",
    "C2": "a partition that is open where its parent is not",
    "G1": "a tenant setting that outlives the transaction",
    "G2": "a tenant setting whose empty value is not told from none",
    "D1": "default privileges that open tables to come",
}
FAULTS = Schema(
    "FAULTS",
    (
        Column("rule", "str", "id of the rule; see RULES"),
        Column("object", "str", "schema and name; of a role, setting or schema its name"),
        Column("part", "str", "policy or column that it is about, empty for all of it"),
        Column("role", "str", "roles that it holds for, comma-separated"),
        Column("severity", "str", "critical, high, medium, low or info"),
        Column("consequence", "str", "what follows, in one sentence"),
        Column("remedy", "str", "SQL to review, never run by us"),
        Column("rows", "object", "positions of the records that show it, tuple of int"),
        PULL,
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that one object breaks; see FAULTS for the fields."""

    rule: str
    object: str
    role: str
    severity: Severity
    consequence: str
    remedy: str
    rows: tuple[int, ...]
    part: str = ""


def fault_frame(faults: list[Fault], pull: str) -> pd.DataFrame:
    """The faults as FAULTS, in their order."""
    rows = [{name: getattr(fault, name) for name in Fault.__slots__} for fault in faults]
    frame = pd.DataFrame(rows, columns=FAULTS.names, dtype="object").assign(pull=pull)
    return conform(frame.assign(severity=frame["severity"].map(str)), FAULTS)


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def dotted(*names: str) -> str:
    """Schema and name as SQL has them."""
    return ".".join(quoted(name) for name in names)
