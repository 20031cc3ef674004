"""Which accesses name no tenant?"""

from typing import Any

import pandas as pd

from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, span_words
from ddms_ops.checks.trail_basis import must_have_trail
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

CHECK = "unknown_tenants"
CHARS = 60
HIGH_SHARE = 0.01  # from this share of an action's rows on, what they hide weighs


def check_unknown_tenants(facts: Facts) -> list[Finding]:
    """Actions whose rows name no tenant, or whose user's tenant nobody knows; jobs apart."""
    must_have_trail(facts)
    extent = facts.trail_frame("extent")
    return [found for row in extent.itertuples() for found in _findings(row)]


def jobs_note(facts: Facts, _findings: list[Finding]) -> str:
    """How many rows are of jobs, which act for the tenant that their row names."""
    trail = facts.tenants.trail
    jobs = int(facts.trail_frame("extent")["without_user"].sum()) if trail is not None and trail.user else 0
    return (
        f"{counted(jobs, 'row')} without a user are taken as jobs, which act for the tenant of their row"
        if jobs
        else ""
    )


def _findings(row: Any) -> list[Finding]:
    lacks = {
        "tenant": (row.without_tenant, "name no tenant"),
        "actor": (row.without_actor, "are of users of no known tenant"),
    }
    action = _shown(row.action, "(no action)")
    kind = _shown(row.record_type, "")
    found = []
    for what, (number, words) in lacks.items():
        if not number:
            continue
        share = number / row.rows
        found.append(Finding(
            check=CHECK,
            severity=Severity.HIGH if share >= HIGH_SHARE else Severity.MEDIUM,
            statement=(
                f"{number:,} of {counted(row.rows, 'row')} of {action}{f' on {kind}' if kind else ''} {words}"
                f" ({share:.1%}),"
                f" {span_words(row.first, row.last)}: whose data they reached cannot be told from the trail alone"
            ),
            subject={"action": action, "record_type": kind, "lacks": what},
            evidence=(EvidenceRef.of(row.pull, [row.row]),),
            strength=float(number),
            first_seen=row.first,
            last_seen=row.last,
            observed=float(share),
            unit="ratio",
            next_step="write the tenant into every audit row; see the columns of tenants.trail",
        ))  # fmt: skip
    return found


def _shown(text: object, otherwise: str) -> str:
    return otherwise if pd.isna(text) else redact(str(text))[:CHARS]
