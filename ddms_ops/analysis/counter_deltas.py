"""What counters of statements gained between two snapshots of them, and whether that can be told at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.window import iso

KEYS = ["key", "user", "database", "toplevel"]
COUNTS = [
    "calls", "total_ms", "rows", "blocks_hit", "blocks_read", "blocks_dirtied", "temp_read", "temp_written",
    "wal_bytes", "plan_ms", "jit_ms",
]  # fmt: skip
NOT_OF_A_SPAN = ["min_ms", "max_ms"]  # of all time only
DELTAS = [
    "query_id", "user", "database", "toplevel", "text", *COUNTS, "mean_ms", "stddev_ms", *NOT_OF_A_SPAN, "is_new",
    "is_lower_bound", "pull", "row", "row_before",
]  # fmt: skip
SQUARES = "squares"  # Σ x² of the calls' times: like the counts it adds up, unlike a deviation
TOLERANCE = 1e-9
RESET_SHARE = 0.5
"""Where over this share of the statements that two snapshots share fell, all were reset."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The counters at one moment; a time is NaT and `dealloc` NaN where the snapshot does not say.

    `rows` are of STATEMENT_COUNTERS, `at` is where the snapshot stands, `label` what it is called, `stats_reset` and
    `database_reset` when the counters of statements and of pg_stat_database began, `started` when the server did.
    """

    at: pd.Timestamp
    label: str
    rows: pd.DataFrame
    stats_reset: pd.Timestamp
    dealloc: float
    database_reset: pd.Timestamp
    started: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Gained:
    """What the counters gained, in DELTAS; `words` for all that is wrong with it."""

    deltas: pd.DataFrame
    words: tuple[str, ...]
    is_valid: bool
    is_lower_bound: bool


def gained(snapshots: list[Snapshot]) -> Gained:
    """What the counters gained from the first of some snapshots to the last.

    A statement whose counters fell was reset by itself, or dropped and taken up again: what it has now is a lower
    bound. One that only the first has is left out, which makes the whole a lower bound.

    Args:
        snapshots: two or more, in order of time.

    Returns:
        Deltas by query_id, role and database, of statements with calls; none where they are not valid. `stddev_ms` is
        NaN where the difference of squares is too small to be trusted, `min_ms` and `max_ms` always are.
    """
    first, last = snapshots[0], snapshots[-1]
    both, twice = _side_by_side(first, last)
    if why := _why_invalid(snapshots, both):
        return Gained(gained_nothing(), (why,), is_valid=False, is_lower_bound=False)
    fell, gone = both["fell"], both["is_gone"]
    words = [*twice, *_restart_words(first, last)]
    lost = last.dealloc - first.dealloc
    if lost > 0:
        words.append(f"the least used statements were dropped {lost:,.0f} times in the span: some may be missing")
    if fell.any():
        words.append(f"{_statements(fell)} began anew in the span (reset, or dropped and back): lower bounds")
    if gone.any():
        words.append(f"{_statements(gone)} of the first snapshot are not in the last: what they did is not known")
    if pd.isna(first.stats_reset) or pd.isna(last.stats_reset):
        words.append("no pg_stat_statements_info: a reset is only seen where counters fall, which most did not")
    return Gained(_deltas(both), tuple(words), is_valid=True, is_lower_bound=bool(lost > 0 or fell.any() or gone.any()))


def held(snapshot: Snapshot) -> pd.DataFrame:
    """All that the counters of one snapshot hold, in DELTAS; `is_new` is False throughout."""
    now, _ = _by_statement(snapshot.rows)
    both = _sides(now.iloc[:0], now)
    return _deltas(both).assign(is_new=False)


def gained_nothing() -> pd.DataFrame:
    """DELTAS without rows."""
    empty = pd.DataFrame({name: pd.Series(dtype="float64") for name in DELTAS})
    return empty.astype(dict.fromkeys(("query_id", "user", "database", "text", "pull"), "str")).astype(
        dict.fromkeys(("toplevel", "is_new", "is_lower_bound"), "bool")
    )


def _why_invalid(snapshots: list[Snapshot], both: pd.DataFrame) -> str:
    """Why nothing can be told from the first and the last; empty where something can."""
    first, last = snapshots[0], snapshots[-1]
    if first.at >= last.at:
        return f"the two snapshots are of one time, {iso(first.at)}: the same one twice, cannot tell"
    shared, fell = both["is_shared"].sum(), both["fell"].sum()
    if pd.notna(first.stats_reset) and pd.notna(last.stats_reset):
        if last.stats_reset > first.stats_reset:
            return f"the counters were reset inside the span, at {iso(last.stats_reset)}: cannot tell"
        if last.stats_reset < first.stats_reset or last.dealloc < first.dealloc:
            return "the later snapshot is of earlier counters: a clock was set back, or they were swapped; cannot tell"
        if shared > 1 and fell == shared and last.dealloc == first.dealloc:  # else they were dropped, and came back
            return f"the counters of all {shared:,} statements fell, with no reset: swapped snapshots? cannot tell"
    else:
        sides = [_side_by_side(*pair)[0] for pair in zip(snapshots, snapshots[1:], strict=False)]
        for side in [*sides, both]:
            shared, fell = side["is_shared"].sum(), side["fell"].sum()
            if shared and fell > RESET_SHARE * shared:
                words = f"the counters of {fell:,} of {shared:,} statements fell inside the span"
                return f"{words}: they were reset, or the server restarted; cannot tell"
    if shared == len(both) and _is_alike(both):
        return "the two snapshots are alike in every counter: the same one twice, or nothing ran; cannot tell"
    return ""


def _is_alike(both: pd.DataFrame) -> bool:
    same = [
        np.array_equal(both[name], both[f"{name}_before"], equal_nan=True) for name in (*COUNTS, SQUARES)
    ]  # fmt: skip
    return all(same)


def _restart_words(first: Snapshot, last: Snapshot) -> list[str]:
    words = []
    if last.started > first.started:
        words.append(f"the server restarted inside the span, at {iso(last.started)}; the counters were kept")
    if last.database_reset > first.database_reset:
        reset = iso(last.database_reset)
        words.append(f"pg_stat_database was reset inside the span, at {reset}: by hand, or as the server crashed")
    return words


def _statements(chosen: pd.Series) -> str:
    count = int(chosen.sum())
    return "1 statement" if count == 1 else f"{count:,} statements"


def _side_by_side(first: Snapshot, last: Snapshot) -> tuple[pd.DataFrame, list[str]]:
    """Each statement's counters in both snapshots, and words for what stands in one of them twice."""
    (before, twice_before), (now, twice_now) = _by_statement(first.rows), _by_statement(last.rows)
    count = twice_before + twice_now
    words = [f"{count:,} rows repeat a statement of their snapshot: the one with the most calls is taken"]
    return _sides(before, now), words if count else []


def _sides(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    both = now.merge(before, on=KEYS, how="outer", suffixes=("", "_before"), indicator="sides")
    both["is_shared"], both["is_gone"] = both["sides"] == "both", both["sides"] == "right_only"
    is_less = both["calls"] < both["calls_before"]
    is_less |= both["total_ms"] < both["total_ms_before"] * (1 - TOLERANCE)
    both["fell"] = both["is_shared"] & (is_less | (both["stats_since"] > both["stats_since_before"]))
    return both


def _by_statement(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Counters by KEYS, and how many rows stood there twice.

    A statement without queryid goes by its text. Rows of one statement that name no role or database are added up.
    """
    is_known = rows["query_id"].notna() & rows["user"].notna() & rows["database"].notna()
    keyed = rows.assign(
        key=rows["query_id"].fillna(rows["text"]).fillna(""),
        user=rows["user"].fillna(""),
        database=rows["database"].fillna(""),
        squares=rows["calls"] * (rows["stddev_ms"] ** 2 + (rows["total_ms"] / rows["calls"]) ** 2),
    )
    keyed = keyed.sort_values([*KEYS, "calls", "row"], kind="stable")
    repeats = is_known.reindex(keyed.index) & keyed.duplicated(KEYS, keep="last")
    groups = keyed[~repeats].groupby(KEYS, sort=True, observed=True, dropna=False)
    counts = groups[[*COUNTS, SQUARES]].sum(min_count=1)
    rest = groups[["query_id", "text", "pull", "row", "stats_since"]].last()
    return counts.join(rest).reset_index(), int(repeats.sum())


def _deltas(both: pd.DataFrame) -> pd.DataFrame:
    """What each statement gained, where it was called."""
    goes_on = both["is_shared"] & ~both["fell"]
    table = both[~both["is_gone"]].copy()
    goes_on = goes_on[table.index]
    for name in (*COUNTS, SQUARES):
        table[name] = table[name].where(~goes_on, table[name] - table[f"{name}_before"])
    table["mean_ms"] = table["total_ms"] / table["calls"].where(table["calls"] > 0)
    table["stddev_ms"] = _deviation(table, both.loc[table.index, SQUARES])
    table = table.assign(is_new=~table["is_shared"], is_lower_bound=table["fell"])
    table[NOT_OF_A_SPAN] = np.nan
    table = table.astype({"pull": "str", "row": "float64", "row_before": "float64"})
    called = table[table["calls"] > 0]
    ordered = called.sort_values(["total_ms", *KEYS], ascending=[False, *[True] * len(KEYS)], kind="stable")
    return ordered[DELTAS].reset_index(drop=True)


def _deviation(table: pd.DataFrame, squares: pd.Series) -> pd.Series:
    """Deviation of the calls' times, from the sum of their squares less what their mean makes of it."""
    spread = table[SQUARES] - table["calls"] * table["mean_ms"] ** 2
    is_sound = spread >= TOLERANCE * squares
    return np.sqrt((spread / table["calls"]).where(is_sound))
