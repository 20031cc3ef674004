"""What spilled to disk?"""

import pandas as pd

from ddms_ops.analysis.statement_log import NOW
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.refs import counted, pair_refs
from ddms_ops.findings import Finding, Severity

BLOCK = 8192
RISE = 2.0
SHOWN = 5
MIB = 1 << 20
STEP = (
    "Look at its sorts and hashes in the plans below; raise work_mem for this role or statement only, or give the sort"
    " an index"
)


def check_temp_files(facts: Facts) -> list[Finding]:
    """Statements that wrote `limits.temp_bytes` or more of temporary files, and twice what they did before."""
    table = spilled(facts)
    if table is None:
        raise CannotTell("no Postgres log and no snapshots tell of temporary files")
    is_much = (table["bytes"] >= facts.database.limits.temp_bytes) & (table["bytes"] >= RISE * table["usual"])
    found = table[is_much].sort_values("bytes", ascending=False, kind="stable").head(SHOWN)
    return [_finding(facts, str(name), row) for name, row in found.iterrows()]


def unlogged_spills(facts: Facts) -> str:
    """Why no spill may not mean that none was: temporary files are not logged, and no counters tell."""
    is_logged = not is_absent(facts, "database_log") and facts.statistics.setting("log_temp_files") == "0"
    if is_logged or len(facts.statement_log.of("temp_file")) or _by_counters(facts) is not None:
        return ""
    return "temporary files are logged with log_temp_files = 0 only, and whether that is set is not known"


def spilled(facts: Facts) -> pd.DataFrame | None:
    """Bytes spilled by each statement of the window, and as the baseline has it; None where nothing tells.

    Returns:
        Indexed by statement id: bytes, usual (at the window's length), files (float64; NaN by counters), first_seen,
        last_seen, evidence (pull and row).
    """
    events = facts.statement_log.of("temp_file")
    counters = _by_counters(facts) if events.empty else None
    if counters is not None:
        return counters
    if is_absent(facts, "database_log"):
        return None
    events = events.assign(pair=list(zip(events["pull"], events["row"], strict=True)))
    is_now = events["side"] == NOW
    table = events[is_now].groupby(events["id"].astype("str")).agg(
        bytes=("bytes", "sum"), files=("bytes", "size"), first_seen=("timestamp", "min"),
        last_seen=("timestamp", "max"), evidence=("pair", list),
    )  # fmt: skip
    before = events[~is_now].groupby(events["id"].astype("str"))["bytes"].sum()
    scale = facts.window.length / facts.baseline.length
    return table.assign(usual=before.reindex(table.index).fillna(0).astype("float64") * scale)


def _by_counters(facts: Facts) -> pd.DataFrame | None:
    """The same by the counters of temporary blocks; None where these are not known."""
    basis, _ = facts.counted_basis
    if basis is None or basis.now["temp_written"].isna().all():
        return None
    wrote = basis.now[basis.now["temp_written"] > 0]
    before = basis.before["temp_written"].reindex(wrote.index).fillna(0.0) * basis.scale
    return pd.DataFrame(
        {
            "bytes": wrote["temp_written"] * BLOCK,
            "usual": before * BLOCK,
            "files": float("nan"),
            "first_seen": pd.NaT,
            "last_seen": pd.NaT,
            "evidence": wrote["evidence"],
        }
    )


def _finding(facts: Facts, statement: str, row: pd.Series) -> Finding:
    files = "" if pd.isna(row["files"]) else f" in {counted(int(row['files']), 'file')}"
    first, last = (row[name] if pd.notna(row[name]) else None for name in ("first_seen", "last_seen"))
    since = f" from {first:%Y-%m-%d %H:%M:%S} UTC" if first is not None else f" in {facts.window}"
    return Finding(
        check="temp_files",
        severity=Severity.MEDIUM,
        statement=(
            f"{facts.statement_text(statement)} spilled {row['bytes'] / MIB:,.1f} MiB to disk{files}{since},"
            f" {row['usual'] / MIB:,.1f} MiB expected by the baseline{_work_mem(facts)}"
        ),
        subject={"statement": statement},
        evidence=pair_refs(row["evidence"]),
        strength=float(row["bytes"]),
        first_seen=first,
        last_seen=last,
        observed=float(row["bytes"]),
        baseline=float(row["usual"]),
        unit="bytes",
        next_step=STEP,
    )


def _work_mem(facts: Facts) -> str:
    found = facts.statistics.setting("work_mem")
    return f" (work_mem is {int(found):,} kB)" if found and found.isdigit() else ""
