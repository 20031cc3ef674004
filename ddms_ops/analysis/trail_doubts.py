"""Why a trail may not tell all, beyond its gaps: what its answers contradict or cannot name."""

import pandas as pd

from ddms_ops.analysis.trail_gaps import gap_frame, trail_notes
from ddms_ops.tenancy import Tenants
from ddms_ops.tenant_ids import merged_tenants

MERGED = "tenants differ only in case, hyphens or braces and were taken for one another: set tenants.folded: false"
OVERLAP = "the stretches of owners or users overlap, or stand twice"
TICK = pd.Timedelta(microseconds=1)


def ambiguity(matrix: pd.DataFrame, rhythm: pd.DataFrame) -> str:
    """Words where more rows were counted with their owners than there are; empty where each has one at most.

    Args:
        matrix, rhythm: the answers of these names.
    """
    counted, held = int(matrix["rows"].sum()), int(rhythm["rows"].sum())
    return f"{OVERLAP} ({counted:,} rows counted of {held:,})" if counted > held else ""


def trail_doubts(
    tenants: Tenants,
    *,
    bounds: pd.DataFrame,
    holes: pd.DataFrame,
    extent: pd.DataFrame,
    known: pd.Series,
) -> list[str]:
    """Why nothing can be told of the whole window, in sentences.

    Args:
        tenants: the profile's declaration.
        bounds: the answer of that name.
        holes, extent: HOLES and EXTENT, with `without_number` and `unreadable`.
        known: ids of the tenants that the system lists.
    """
    found = list(trail_notes(holes, extent))
    timeless, repeated = int(bounds["timeless"].sum()), int((holes["before"] == holes["after"]).sum())
    found += [f"{timeless:,} rows of the trail have no time"] if timeless else []
    found += [f"{repeated:,} numbers of the sequence stand twice"] if repeated else []
    if tenants.trail is not None and tenants.trail.sequence and (lost := int(extent["without_number"].sum())):
        found.append(f"{lost:,} rows have no number in {tenants.trail.sequence!r}")
    if unread := int(extent["unreadable"].sum()):
        found.append(f"of {unread:,} rows the details are no JSON, or their results no list of ids")
    alike = merged_tenants(known) if tenants.folded else []
    return [*found, *([f"{len(alike):,} {MERGED}"] if alike else [])]


def owner_gaps(matrix: pd.DataFrame) -> pd.DataFrame:
    """Stretches with served rows about records that are in no table of owners, as GAPS of kind unknown_owner.

    Args:
        matrix: the answer of that name, with `pull` and `row`.
    """
    lacking = matrix[(matrix["is_owner_known"] == 0) & (matrix["outcome"] == "served")]
    return gap_frame([
        {
            "kind": "unknown_owner", "start": row.timestamp, "end": row.last + TICK, "missing": float(row.rows),
            "tenant": None, "pull": row.pull, "row": row.row,
            "why": f"of {row.rows:,} served rows of {row.row_tenant} the record is in no table of owners",
        }
        for row in lacking.itertuples()
    ])  # fmt: skip


def witness_only(witnesses: pd.DataFrame) -> pd.DataFrame:
    """What other sources show to have been handed out and the trail does not, as GAPS of its owner.

    Args:
        witnesses: WITNESSES that show data of a known tenant returned to another, none of a disclosure in the trail.
    """
    return gap_frame([
        {
            "kind": "untold", "start": row.timestamp, "end": row.timestamp + pd.Timedelta(seconds=1),
            "missing": 1.0, "tenant": row.owner, "pull": row.pull, "row": row.row,
            "why": "another source shows its data returned to another tenant, the trail does not",
        }
        for row in witnesses.itertuples()
    ])  # fmt: skip
