"""Is the audit trail whole?"""

import pandas as pd

from ddms_ops.analysis.trail_gaps import trail_notes
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted
from ddms_ops.checks.trail_basis import must_have_trail
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact
from ddms_ops.window import iso

ALIKE = 5  # gaps of one kind and tenant that are told one by one
NAMES = {
    "hole": ("hole in the sequence", "holes in the sequence"),
    "silence": ("silence", "silences"),
    "clock": ("step back in time", "steps back in time"),
    "unaudited": ("endpoint that leaves no audit row", "endpoints that leave no audit row"),
    "unread": ("answered request without its audit row", "stretches with answered requests without their audit rows"),
    "retention": ("stretch that is not kept", "stretches that are not kept"),
    "witness": ("stretch without a second source", "stretches without a second source"),
    "unknown_actor": ("action that does not say who", "actions that do not say who"),
    "unknown_owner": ("stretch with records of no known owner", "stretches with records of no known owner"),
    "untold": ("access that only another source shows", "accesses that only another source shows"),
}
SEVERITIES = {"hole": Severity.HIGH, "silence": Severity.HIGH, "unread": Severity.HIGH, "retention": Severity.HIGH}


def gaps_note(facts: Facts, _findings: list[Finding]) -> str:
    """What holds for the whole trail, reads that are accepted without a row, and what was not looked for."""
    words = list(trail_notes(facts.trail_frame("holes"), facts.trail_frame("extent")))
    words += [f"{endpoint} needs no row: {why}" for endpoint, why in sorted(facts.tenants.unaudited.items())]
    lacking = [pull for pull in facts.pulls("trail_requests") if not pull.is_all_there]
    words += [f"reads without a row were not looked for: {pull.reason}" for pull in lacking]
    return redact("; ".join(words))


def check_trail_gaps(facts: Facts) -> list[Finding]:
    """Every gap of the trail, the largest first; many of one kind as one finding with their number.

    Raises:
        CannotTell: the profile declares no audit trail.
    """
    must_have_trail(facts)
    gaps = facts.trail_gaps
    found: list[Finding] = []
    for (kind, tenant), own in gaps.groupby(["kind", "tenant"], dropna=False, sort=True):
        name = "" if pd.isna(tenant) else str(tenant)
        if len(own) > ALIKE:
            found.append(_of_many(str(kind), name, own))
        else:
            found += [_of_one(str(kind), name, own.iloc[[place]]) for place in range(len(own))]
    return found


def _of_one(kind: str, tenant: str, gap: pd.DataFrame) -> Finding:
    row = gap.iloc[0]
    statement = f"Nothing can be told{_of(tenant)} {_stretch(row['start'], row['end'])}: {redact(str(row['why']))}"
    return _finding(kind, tenant, gap, statement, {"from": iso(row["start"]), "why": redact(str(row["why"]))})


def _of_many(kind: str, tenant: str, gaps: pd.DataFrame) -> Finding:
    missing = gaps["missing"].sum(min_count=1)
    rows = "" if pd.isna(missing) else f", about {counted(round(missing), 'row')} in all"
    largest = gaps.iloc[int((gaps["end"] - gaps["start"]).argmax())]
    statement = (
        f"{len(gaps):,} {NAMES.get(kind, (kind, kind))[1]}{rows}: nothing can be told{_of(tenant)} over them"
        f" {_stretch(gaps['start'].min(), gaps['end'].max())}; the longest {redact(str(largest['why']))}"
    )
    return _finding(kind, tenant, gaps, statement, {})


def _finding(kind: str, tenant: str, gaps: pd.DataFrame, statement: str, more: dict[str, str]) -> Finding:
    missing = gaps["missing"].sum(min_count=1)
    subject = {"gap": NAMES.get(kind, (kind, kind))[0], **more, **({"tenant": redact(tenant)} if tenant else {})}
    return Finding(
        check="trail_gaps",
        severity=SEVERITIES.get(kind, Severity.MEDIUM),
        statement=statement,
        subject=subject,
        evidence=_refs(gaps),
        strength=float((gaps["end"] - gaps["start"]).sum().total_seconds()),
        first_seen=gaps["start"].min(),
        last_seen=gaps["end"].max(),
        observed=None if pd.isna(missing) else float(missing),
        unit="" if pd.isna(missing) else "rows missing",
    )


def _refs(gaps: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """References to rows; a pull without a row stands for what is not there."""
    return tuple(
        EvidenceRef.of(str(pull), [row for row in own["row"] if row >= 0])
        for pull, own in gaps.groupby(gaps["pull"].astype("str"), sort=True)
    )


def _of(tenant: str) -> str:
    return f" of tenant {redact(tenant)}" if tenant else ""


def _stretch(start: pd.Timestamp, end: pd.Timestamp) -> str:
    return f"from {iso(start)} to {iso(end)}"
