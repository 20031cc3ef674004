"""Which index is worth a test?"""

from typing import Any

import pandas as pd

from ddms_ops.analysis.index_candidates import index_candidates
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import pair_refs
from ddms_ops.findings import Finding, Severity, Verdict
from ddms_ops.redact import redact

SHOWN = 5
STATEMENTS = 50
KEY = ["schema", "table", "index"]
LEAST_GAIN = 0.05  # of the statements' time; less, where plans tell, and it is not worth a test
UNTESTED = "proposed from predicates and plans; none was tested, each costs writes"


def check_index_candidates(facts: Facts) -> list[Finding]:
    """Indexes that plans and predicates of statements that became slow argue for; to be tested, never made.

    An index that is gone between two snapshots and that a plan used comes first.
    """
    made = facts.result("slow_statements")
    if made.status is Verdict.NOT_CHECKED:
        raise CannotTell(f"which statements became slow is not known: {made.reason}")
    slow = [finding.subject["statement"] for finding in made.findings if "statement" in finding.subject]
    basis = facts.statement_basis
    ids = [name for name in slow if name in basis.now.index][:STATEMENTS]
    statements = pd.DataFrame(
        {
            "statement": ids,
            "text": [facts.masked_text(name) for name in ids],
            "calls": basis.now.loc[ids, "calls"].to_numpy(),
            "total_ms": basis.now.loc[ids, "total_ms"].to_numpy(),
        }
    )
    ours = facts.plans[facts.plans["statement"].isin(ids)]
    first, last = facts.statistics.ends(facts.statistics.indexes)
    _, tables = facts.statistics.ends(facts.statistics.tables)
    found = index_candidates(
        statements,
        list(zip(ours["statement"], ours["node"], strict=True)),
        tables.rename(columns={"rows_live": "rows"})[["table", "rows"]],
        last[["table", "definition", "index", "is_valid"]],
        dropped=_gone(first, last)[["table", "definition", "index"]].dropna(),
    )
    found = found[~(found["gain_ms"] < LEAST_GAIN * found["total_ms"])].head(SHOWN)
    return [_finding(facts, row, len(found) - place) for place, row in enumerate(found.itertuples())]


def _gone(first: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Indexes of the first snapshot that the last has not, by schema, table and name."""
    first_keys, last_keys = (pd.MultiIndex.from_frame(frame[KEY]) for frame in (first, last))
    return first[~first_keys.isin(last_keys)]


def untested(facts: Facts, findings: list[Finding]) -> str:  # noqa: ARG001
    """What all candidates have in common."""
    return UNTESTED


def _finding(facts: Facts, row: Any, strength: int) -> Finding:
    basis = facts.statement_basis
    gain = f"; at most {row.gain_ms / 1000:,.2f} s of the plans read" if pd.notna(row.gain_ms) else ""
    return Finding(
        check="index_candidates",
        severity=Severity.LOW if row.was_dropped else Severity.INFO,
        statement=f"To be tested: an index on {row.table} ({', '.join(row.columns)}): {redact(row.evidence)}{gain}",
        subject={"table": str(row.table), "columns": ", ".join(row.columns)},
        evidence=pair_refs(pair for name in row.statements for pair in basis.now.loc[name, "evidence"]),
        strength=float(strength),
        observed=float(row.total_ms),
        unit="ms of database time",
        next_step=f"To be tested, with hypopg or on a copy, before anybody runs: {redact(row.ddl)}",
    )
