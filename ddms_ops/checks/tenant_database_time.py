"""Whose database time is it?"""

import pandas as pd

from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.analysis.tenant_time import UNKNOWN
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.log_limits import is_full, limit_words
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

RISE = 2.0
MOST_UNKNOWN = 0.2
GREW = 1 / 3  # of what all tenants took more


def check_tenant_database_time(facts: Facts) -> list[Finding]:
    """Tenants that took twice the database time that they took before, and a third of all that grew or more."""
    table = time_by_tenant(facts)
    grew = (table["now_ms"] - table["before_ms"]).clip(lower=0)
    is_much = (grew >= facts.database.limits.medium_share * table["now_ms"].sum()) & (grew >= GREW * grew.sum())
    found = table[is_much & (table["rise"] >= RISE) & (table.index != UNKNOWN)]
    return [_finding(facts, str(name), row, table) for name, row in found.iterrows()]


def unattributed(facts: Facts) -> str:
    """Why no tenant found may not mean that none took more: too much of the time is nobody's."""
    share = float(time_by_tenant(facts)["share"].get(UNKNOWN, 0.0))
    return f"{share:.0%} of the database time cannot be attributed to a tenant" if share > MOST_UNKNOWN else ""


def time_by_tenant(facts: Facts) -> pd.DataFrame:
    """Database time of each tenant, the most first; `unknown` is what the log does not attribute.

    Returns:
        Indexed by tenant: now_ms, before_ms (at the window's length), calls, share (of the window's time), rise
        (inf for a new one); float64. The parts add up to all the log's calls.

    Raises:
        CannotTell: the log has no calls, or none of them can be attributed.
    """
    parts = facts.tenant_time
    for side, name in ((NOW, "window"), (BEFORE, "baseline")):
        if not (parts["side"] == side).any():
            raise CannotTell(f"the Postgres log has no statement with its duration in the {name}")
    if not is_full(facts):
        raise CannotTell(f"{limit_words(facts)}, so that what a session set may not be seen")
    if set(parts["tenant"]) == {UNKNOWN}:
        names = ", ".join(facts.database.tenant_settings)
        raise CannotTell(
            f"no session of the log states its tenant (looked for the settings {names}), so all is unknown"
        )
    sums = parts.groupby(["tenant", "side"])[["calls", "total_ms"]].sum().unstack("side", fill_value=0.0)
    table = pd.DataFrame(
        {
            "now_ms": sums[("total_ms", NOW)],
            "before_ms": sums[("total_ms", BEFORE)] * (facts.window.length / facts.baseline.length),
            "calls": sums[("calls", NOW)],
        }
    )
    table["share"] = table["now_ms"] / max(table["now_ms"].sum(), 1e-9)
    table["rise"] = (table["now_ms"] / table["before_ms"].where(table["before_ms"] > 0)).fillna(float("inf"))
    return table.assign(name=table.index).sort_values(["now_ms", "name"], ascending=[False, True]).drop(columns="name")


def _finding(facts: Facts, tenant: str, row: pd.Series, table: pd.DataFrame) -> Finding:
    unknown = float(table["share"].get(UNKNOWN, 0.0))
    before = (
        f"{row['before_ms'] / 1000:,.2f} s expected by the baseline" if row["before_ms"] else "none in the baseline"
    )
    share = (row["now_ms"] - row["before_ms"]) / (table["now_ms"] - table["before_ms"]).clip(lower=0).sum()
    return Finding(
        check="tenant_database_time",
        severity=Severity.LOW,
        statement=(
            f"Tenant {redact(tenant)} took {row['now_ms'] / 1000:,.2f} s of database time in {facts.window},"
            f" {row['share']:.0%} of all, {before}; {share:.0%} of what grew;"
            f" {unknown:.0%} of the time cannot be attributed"
        ),
        subject={"tenant": tenant},
        evidence=tuple(EvidenceRef(pull.pull, pull.rows) for pull in facts.pulls("database_log") if pull.rows),
        strength=float(row["now_ms"] - row["before_ms"]),
        observed=float(row["now_ms"]),
        baseline=float(row["before_ms"]),
        unit="ms of database time",
    )
