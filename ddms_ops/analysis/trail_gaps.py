"""Where the audit trail is not whole: holes, silences, clocks set back, actions that name nobody, rows not kept.

A gap caps what may be said: over it nobody can tell.
"""

from collections.abc import Callable, Iterable
from functools import partial

import pandas as pd

from ddms_ops.analysis.trail_silences import unlikely_silences
from ddms_ops.schema import conform
from ddms_ops.tenant_ids import folded_tenants
from ddms_ops.tenant_schemas import GAPS
from ddms_ops.window import Window

EXTENT_PULL = "trail/extent"
NO_ROW = -1  # where no row of evidence stands for a gap, only that there is none
INSTANT = pd.Timedelta(microseconds=1)
CLOCK = pd.Timedelta(seconds=5)  # rows written together may pass one another by less
MISSING_SHARE = 0.01  # of a sequence's numbers; from so many on, and spread, holes are its nature
FEWEST_HOLES = 20
TENTHS = 10
CRASH_HOLE = 32  # numbers that Postgres skips after a crash (SEQ_LOG_VALS in commands/sequence.c)
TIMES_USUAL = 10
USUAL_PAUSES = 20  # mean pauses that a table may begin after the window does: by chance once in 5e8
NAMELESS_SHARE = 0.01  # of an action's rows


def trail_gaps(
    rhythm: pd.DataFrame,
    pauses: pd.DataFrame,
    holes: pd.DataFrame,
    extent: pd.DataFrame,
    *,
    window: Window,
    folded: bool = True,
    has_sequence: bool = False,
    first_row: pd.Timestamp | None = None,
    others: Iterable[pd.DataFrame] = (),
) -> pd.DataFrame:
    """Every gap of the trail in a window.

    Args:
        rhythm: RHYTHM of the window; days around it, where there are any, tell what is usual.
        pauses: PAUSES, at least the longest of the trail and of each tenant.
        holes: HOLES of the sequence; also rows that only step back in time, with no number missing.
        extent: EXTENT of the window.
        window: what was asked.
        folded: whether tenants that differ only in case, hyphens or space are one.
        has_sequence: whether the trail has a sequence, so that rows that were taken away would show.
        first_row: time of the first row of the whole table; None where not known.
        others: GAPS from elsewhere (`unaudited`, witnesses), put beside.

    Returns:
        GAPS clipped to the window, by start, kind and tenant; `row` is NO_ROW where no row of evidence stands for one.
    """
    if folded:
        rhythm = rhythm.assign(tenant=folded_tenants(rhythm["tenant"]))
        pauses = pauses.assign(tenant=folded_tenants(pauses["tenant"]))
    pauses = _with_edges(pauses, extent, window, first_row)
    found = [*_retention(extent, window, first_row), *_holes(holes, extent, window), *_clocks(holes)]
    found += [*_silences(rhythm, pauses, has_sequence=has_sequence), *_nameless(extent, window)]
    frames = [part for part in (gap_frame(found), *others) if len(part)]
    return clipped(pd.concat(frames, ignore_index=True) if frames else gap_frame([]), window)


def gap_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """GAPS of such rows; no rows still mean all columns."""
    return conform(pd.DataFrame(rows, columns=GAPS.names), GAPS)


def clipped(gaps: pd.DataFrame, window: Window) -> pd.DataFrame:
    """GAPS within the window, each at least an instant long, by start, kind and tenant."""
    end = gaps["end"].where(gaps["end"] > gaps["start"], gaps["start"] + INSTANT)
    inside = (gaps["start"] < window.end) & (end > window.start)
    start, end = gaps["start"].clip(lower=window.start), end.clip(upper=window.end)
    kept = gaps.assign(start=start, end=end)[inside.to_numpy()]
    kept = kept.sort_values(["start", "kind", "tenant"], kind="stable").assign(
        pull=lambda rows: rows["pull"].astype("str")
    )
    return conform(kept, GAPS)


def natural_holes(holes: pd.DataFrame, extent: pd.DataFrame) -> bool:
    """Whether a sequence has holes by nature (a cache, many rolled back inserts), so that they prove nothing.

    So it is where FEWEST_HOLES or more lie in at least half of the tenths of its time, and more than MISSING_SHARE of
    the numbers are missing. nextval is never rolled back, and cached values that a session did not use are lost
    (PostgreSQL documentation, CREATE SEQUENCE, Notes).
    """
    missing = _missing(holes)
    real = holes[(missing > 0).to_numpy()]
    if len(real) < FEWEST_HOLES:
        return False
    rows = float(extent["rows"].sum())
    share = missing.clip(lower=0).sum() / max(rows + missing.clip(lower=0).sum(), 1)
    span = extent["last"].max() - extent["first"].min()
    tenths = ((real["start"] - extent["first"].min()) / max(span, INSTANT) * TENTHS).astype("int64").nunique()
    return bool(share > MISSING_SHARE and tenths >= TENTHS / 2)


def trail_notes(holes: pd.DataFrame, extent: pd.DataFrame) -> tuple[str, ...]:
    """What holds for the whole trail and is no gap of its own, in sentences."""
    if not natural_holes(holes, extent):
        return ()
    missing = _missing(holes).clip(lower=0)
    return (
        f"the sequence has gaps by nature ({int((missing > 0).sum()):,} holes, {int(missing.sum()):,} numbers):"
        " it cannot prove that no row was taken away",
    )


def _missing(holes: pd.DataFrame) -> pd.Series:
    return holes["after"] - holes["before"] - 1


def _retention(extent: pd.DataFrame, window: Window, first_row: pd.Timestamp | None) -> list[dict[str, object]]:
    gap: Callable[..., dict[str, object]] = partial(dict, start=window.start, pull=EXTENT_PULL, row=NO_ROW)
    if extent["rows"].sum() == 0:
        why = f"no audit row lies in the window{'' if first_row is not None else ', or in the table'}"
        return [gap(kind="silence", end=window.end, why=why)]
    if first_row is None or first_row - window.start <= USUAL_PAUSES * _mean_pause(extent):
        return []
    why = f"the table begins at {first_row:%Y-%m-%d %H:%M:%S} UTC; rows before are not kept, or were never written"
    return [gap(kind="retention", end=first_row, why=why)]


def _mean_pause(extent: pd.DataFrame) -> pd.Timedelta:
    """Between two rows of the window."""
    return (extent["last"].max() - extent["first"].min()) / max(int(extent["rows"].sum()) - 1, 1)


def _holes(holes: pd.DataFrame, extent: pd.DataFrame, window: Window) -> list[dict[str, object]]:
    missing = _missing(holes)
    is_shown = missing > 0
    if natural_holes(holes, extent):
        is_shown &= missing > max(CRASH_HOLE, TIMES_USUAL * float(missing[is_shown].median()))
    real = holes[is_shown.to_numpy()]
    known = real.assign(
        missing=missing[is_shown],
        low=real[["start", "end"]].min(axis=1).fillna(window.start),
        high=real[["start", "end"]].max(axis=1).fillna(window.end),
    )
    return [
        {
            "kind": "hole", "start": hole.low, "end": hole.high, "missing": float(hole.missing),
            "why": f"{_numbers(int(hole.missing))} missing from the sequence between {hole.before} and {hole.after}:"
            " taken away, or rolled back, which leaves the same hole",
            "pull": str(hole.pull), "row": hole.row,
        }
        for hole in known.itertuples()
    ]  # fmt: skip


def _numbers(missing: int) -> str:
    return f"{missing:,} number{' is' if missing == 1 else 's are'}"


def _clocks(holes: pd.DataFrame) -> list[dict[str, object]]:
    back = holes[(holes["start"] - holes["end"] > CLOCK).to_numpy()]
    return [
        {
            "kind": "clock", "start": jump.end, "end": jump.start,
            "why": f"the time steps back by {(jump.start - jump.end).total_seconds():,.0f} s between numbers"
            f" {jump.before} and {jump.after}: a clock set back, or a transaction that was open as long",
            "pull": str(jump.pull), "row": jump.row,
        }
        for jump in back.itertuples()
    ]  # fmt: skip


def _with_edges(
    pauses: pd.DataFrame, extent: pd.DataFrame, window: Window, first_row: pd.Timestamp | None
) -> pd.DataFrame:
    """Pauses, and those of the whole trail from the window's start to the first row and from the last to its end."""
    first, last = extent["first"].min(), extent["last"].max()
    edges = []
    if pd.notna(first) and first > window.start and (first_row is None or first_row <= window.start):
        edges.append({"start": window.start, "end": first})
    if pd.notna(last) and last < window.end:
        edges.append({"start": last, "end": window.end})
    if not edges:
        return pauses
    added = pd.DataFrame(edges).assign(tenant=None, pull=EXTENT_PULL, row=NO_ROW)
    own = pauses.assign(pull=pauses["pull"].astype("str"))
    return pd.concat([own, added.astype({"tenant": "str"})], ignore_index=True) if len(own) else added


def _silences(rhythm: pd.DataFrame, pauses: pd.DataFrame, *, has_sequence: bool) -> list[dict[str, object]]:
    """Silences of the whole trail, and those of a tenant that do not lie within one of these."""
    found = unlikely_silences(rhythm, pauses)
    whole = found[found["tenant"].isna()]
    gaps = []
    for silence in found.itertuples():
        is_whole = pd.isna(silence.tenant)
        if not is_whole and ((whole["start"] <= silence.start) & (whole["end"] >= silence.end)).any():
            continue
        minutes = (silence.end - silence.start).total_seconds() / 60
        of = "no row" if is_whole else "no row for this tenant"
        why = f"{of} for {minutes:,.1f} min, where about {silence.missing:,.0f} were to be expected"
        why += "; a sequence does not show rows that were never written" if has_sequence else ""
        gaps.append({
            "kind": "silence", "start": silence.start, "end": silence.end, "missing": silence.missing, "why": why,
            "tenant": None if is_whole else silence.tenant, "pull": silence.pull, "row": silence.row,
        })  # fmt: skip
    return gaps


def _nameless(extent: pd.DataFrame, window: Window) -> list[dict[str, object]]:
    """Actions of whose rows NAMELESS_SHARE or more do not say who, for whom, or, where the others do, which record.

    A row without a user is a job's, which acts for the row's tenant; only users whose tenant is not known count.
    """
    gaps = []
    for row in extent[(extent["rows"] > 0).to_numpy()].itertuples():
        unknown = row.without_actor - min(row.without_user, row.without_actor)
        recordless = row.without_record if row.without_record < row.rows / 2 else 0
        lacks = {"name no tenant": row.without_tenant, "have a user whose tenant is not known": unknown}
        lacks |= {"name no record": recordless}
        words = [
            f"{number:,} {lack}" for lack, number in lacks.items() if number and number >= NAMELESS_SHARE * row.rows
        ]
        if words:
            of = " on ".join(str(part) for part in (row.action, row.record_type) if pd.notna(part)) or "no action"
            gaps.append({
                "kind": "unknown_actor", "start": window.start, "end": window.end, "missing": float("nan"),
                "why": f"of {row.rows:,} rows of {of} {', '.join(words)}", "pull": str(row.pull), "row": row.row,
            })  # fmt: skip
    return gaps
