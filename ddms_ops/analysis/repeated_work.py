"""Work that is done again and again: the same document or request processed n times, as a retry loop does it."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from ddms_ops.analysis.log_amounts import Pulls, staged_lines
from ddms_ops.cost_schemas import WORK
from ddms_ops.schema import conform
from ddms_ops.spending import Costs, LogAmount, Repeats

WINDOW_PULLS = "logs/"
AS_OFTEN = 0.5
"""An id that the baseline had this share as often, and too often there already, is no news: a default, a daily job."""
MOST_IDS = 10_000
ID_CHARS = 200
"""So much of an id is shown; ids are told apart by all of it."""
RUNS = """CREATE OR REPLACE TEMP TABLE runs AS SELECT place, row, timestamp, tenant,
    list_contains($window, place) AS is_now, v{place} AS id
    FROM lines WHERE is{place} AND v{place} IS NOT NULL"""
COUNTS = f"""CREATE OR REPLACE TEMP TABLE counts AS SELECT id, count(*) FILTER (is_now) AS times,
    count(*) FILTER (NOT is_now) AS earlier,
    coalesce(times > $most AND NOT (earlier > $most AND earlier >= {AS_OFTEN} * times), false) AS is_found
    FROM runs GROUP BY id"""
TOTALS = """SELECT count(*) FILTER (is_found), coalesce(sum(times) FILTER (is_found), 0),
    sum(earlier) / nullif(count(*) FILTER (earlier > 0), 0), sum(times) / nullif(count(*) FILTER (times > 0), 0),
    count(*) FILTER (times > $most) / nullif(count(*) FILTER (times > 0), 0) FROM counts"""
FIRST = """SELECT epoch_us(min(timestamp)) FROM (SELECT timestamp,
        row_number() OVER (PARTITION BY id ORDER BY timestamp, place, row) AS number
        FROM runs WHERE is_now AND id IN (SELECT id FROM counts WHERE is_found)) WHERE number = $most + 1"""
FOUND = f"""SELECT left(runs.id, {ID_CHARS}) AS id,
        min({{'t': timestamp, 'p': place, 'r': row, 'tenant': tenant}}) FILTER (tenant IS NOT NULL).tenant AS tenant,
        count(*) AS times, min(timestamp) AS first, max(timestamp) AS last,
        min({{'t': timestamp, 'p': place, 'r': row}}) AS at
    FROM runs JOIN (SELECT id FROM counts WHERE is_found ORDER BY times DESC, id LIMIT {MOST_IDS}) USING (id)
    WHERE is_now GROUP BY runs.id ORDER BY times DESC, runs.id"""


@dataclass(frozen=True, slots=True)
class RepeatedWork:
    """How often ids of one kind of work were worked on.

    `ids` were worked on more than `most` times in the window, `runs` times together, the first of them once too often
    at `first` (null without any). `usual` and `now` are runs for each id in baseline and window, NaN where there are
    none; `p_more` is the share of the window's ids that were worked on more than `most` times.
    """

    name: str
    ids: int
    runs: int
    usual: float
    now: float
    p_more: float
    first: pd.Timestamp


def read_work(pulls: Pulls, costs: Costs) -> tuple[tuple[RepeatedWork, ...], pd.DataFrame, tuple[str, ...]]:
    """Ids that were worked on more often than is normal.

    Args:
        pulls: evidence files of raw log events, the pulls' names (those of the window begin with `logs/`), and how the
            events name things.
        costs: which work is done once for each id, or a few times.

    Returns:
        The totals of each entry that has any event. WORK of the window by entry, most often first: ids above `most`
        that were not (half) as often too much in the baseline, at most 10,000 of an entry; without rows where there
        are none. Doubts: no log event at all, none that is such work, events without an id, ids left out for their
        number, and a baseline without any such event.
    """
    names = list(costs.repeats)
    if not pulls or not names:
        none = ["there are no log events, so that nothing tells of work that is done again"] if names else []
        return (), conform(pd.DataFrame(), WORK), tuple(none)
    amounts = [_amount(costs.repeats[name]) for name in names]
    totals, tables, doubts = [], [], []
    with staged_lines(pulls, amounts) as connection:
        window = [place for place, (_, pull, _) in enumerate(pulls) if pull.startswith(WINDOW_PULLS)]
        for place, name in enumerate(names):
            total, table, said = _worked(connection, name, costs.repeats[name], place, window)
            totals += total
            doubts += said
            tables.append(table)
    found = pd.concat(tables, ignore_index=True)
    found["pull"] = [pulls[place][1] for place in found["place"]]
    return tuple(totals), conform(found, WORK), tuple(doubts)


def _amount(repeats: Repeats) -> LogAmount:
    """The entry as something that is counted in logs."""
    return LogAmount(contains=repeats.contains, groups=repeats.groups, distinct=repeats.id)


def _none(repeats: Repeats) -> str:
    """Words for that no event is such work, by what the profile declares of it."""
    groups = f" of {', '.join(repeats.groups)}" if repeats.groups else ""
    return f"no log event{groups} holds {' and '.join(repr(text) for text in repeats.contains)}"


def _worked(
    connection: duckdb.DuckDBPyConnection, name: str, repeats: Repeats, place: int, window: Sequence[int]
) -> tuple[list[RepeatedWork], pd.DataFrame, list[str]]:
    """Totals, ids and doubts of one entry."""
    most = {"most": repeats.most}
    connection.execute(RUNS.format(place=place), {"window": list(window)})
    connection.execute(COUNTS, most)
    [(ids, runs, usual, now, p_more)] = connection.execute(TOTALS, most).fetchall()
    [(first,)] = connection.execute(FIRST, most).fetchall()
    table = connection.sql(FOUND).to_arrow_table().to_pandas()
    at = table.pop("at")
    table = table.assign(
        repeats=name,
        place=pd.Series([each["p"] for each in at], dtype="int64"),
        row=pd.Series([each["r"] for each in at], dtype="int64"),
    )
    [(events, lacking, baseline)] = connection.execute(
        f"""SELECT count(*), count(*) FILTER (v{place} IS NULL), count(*) FILTER (NOT list_contains($window, place))
        FROM lines WHERE is{place}""",
        {"window": list(window)},
    ).fetchall()
    if not events:
        return [], table, [f"{name}: {_none(repeats)} in window and baseline, so that nothing was counted"]
    said = [f"{name}: {lacking:,} of {events:,} log events name no {repeats.id!r} and are left out"] if lacking else []
    if not baseline:
        said.append(f"{name}: the baseline has no such log event, so that nothing tells what is usual")
    if ids > len(table):
        said.append(f"{name}: of {ids:,} ids the {len(table):,} that were worked on most often are listed")
    nan = float("nan")
    at_first = pd.NaT if first is None else pd.Timestamp(first, unit="us", tz="UTC")
    rates = [nan if each is None else float(each) for each in (usual, now)]
    p_more = nan if p_more is None else float(p_more)
    return [RepeatedWork(name, int(ids), int(runs), rates[0], rates[1], p_more, at_first)], table, said
