"""The questions as SQL over a relation of lines; see `lines.LINE`."""

from collections.abc import Callable, Sequence

import pandas as pd

from ddms_ops.cost_sql.lines import DAY, KIND_COLUMNS, LINE, line_columns, tags_json
from ddms_ops.cost_sql.parts import COST_PARTS
from ddms_ops.spending import Costs
from ddms_ops.window import Window

MOST = 2_000  # resources, and kinds with tags, that are told apart; by far more than a person reads
HOUR = "INTERVAL 1 HOUR"
KIND_UNIT = ("service", "usage_type", "operation", "category", "unit")
SUMS = """CAST(sum(billed) AS DECIMAL(38, 12)) AS billed,
    CAST(CASE WHEN count(amortised) = count(*) THEN sum(amortised) END AS DECIMAL(38, 12)) AS amortised,
    CAST(sum(list_cost) AS DECIMAL(38, 12)) AS list_cost, CAST(sum(usage) AS DECIMAL(38, 12)) AS usage"""
LINES = f"{SUMS}, CAST(count(*) AS BIGINT) AS lines"
SUMMED = ("billed", "amortised", "list_cost", "usage", "lines")
IS_HOURLY = f"ended > begun AND ended <= begun + {HOUR}"
USABLE = "(begun IS NOT NULL AND billed IS NOT NULL AND currency IS NOT NULL)"
LACK = "CASE WHEN begun IS NULL THEN 'time' WHEN billed IS NULL OR currency IS NULL THEN 'amount' END"
SAME_LINE = "key, begun, service, usage_type, operation, account, category, resource"
"""What lasts longer than a day counts on its first, as on the invoice."""


def days_sql(lines: str, window: Window) -> str:
    """Costs by day, of all lines that begin in the window."""
    keys = ", ".join([*KIND_COLUMNS, "estimated"])
    answer = f"""SELECT CAST(date_trunc('day', begun) AS TIMESTAMP) AS timestamp, {keys}, {LINES} FROM {lines}
        WHERE {USABLE} AND is_ours AND {_within(window)} GROUP BY ALL"""
    return _ordered("days", answer)


def hours_sql(lines: str, window: Window) -> str:
    """Costs by hour, of the usage lines that last an hour at most."""
    answer = f"""SELECT date_trunc('hour', begun) AS timestamp, service, usage_type, category, {LINES} FROM {lines}
        WHERE {USABLE} AND is_ours AND {_within(window)} AND category = 'usage' AND {IS_HOURLY}
        GROUP BY ALL"""
    return _ordered("hours", answer)


def details_sql(lines: str, costs: Costs, *, now: Sequence[str], before: Sequence[str]) -> str:
    """Costs of two sets of days by resource and tags; resources that moved little are added up.

    A row is told apart where its cost a day moved most, MOST of them; of what is left, MOST pairs of kind and tags
    are; and the rest by kind.
    """
    tags = line_columns(costs)[len(LINE) :]
    kind, tagged = ", ".join(KIND_UNIT), ", ".join(["resource", *tags])
    moved = " - ".join(_a_day(side, costs, len(days)) for side, days in (("now", now), ("before", before)))
    any_tag = f"coalesce({', '.join([*tags, 'NULL'])}) IS NOT NULL"
    told = "".join(f", CASE WHEN is_told OR NOT is_rest THEN {tag} END AS {tag}" for tag in tags)
    answer = f"""WITH found AS (SELECT *, {_on(now)} AS is_now, {_on(before)} AS is_before FROM {lines}
            WHERE {USABLE} AND is_ours AND ({_on([*now, *before])})),
        pairs AS (SELECT {kind}, {tagged}, {_both(_side_of_lines)} FROM found GROUP BY ALL),
        placed AS ({_placed("pairs", moved, "resource IS NOT NULL", [*KIND_UNIT, "resource", *tags], "is_kept")}),
        kept AS (SELECT {kind}, CASE WHEN is_kept THEN resource END AS resource, NOT is_kept AS is_rest
            {"".join(f", {tag}" for tag in tags)}, {_both(_side_of_sums)} FROM placed GROUP BY ALL),
        told AS ({_placed("kept", moved, f"is_rest AND {any_tag}", [*KIND_UNIT, "resource", *tags], "is_told")}),
        summed AS MATERIALIZED (SELECT {kind}, resource{told}, {_both(_side_of_sums)} FROM told GROUP BY ALL)
        {_side("now", tags_json(costs))} UNION ALL {_side("before", tags_json(costs))}"""
    return _ordered("details", answer)


def facts_sql(lines: str) -> str:
    """What each day of each file holds: see `Fact`; lines that cannot be used are counted under what they lack."""
    return f"""SELECT file, CAST(begun AS DATE) AS day, currency, is_ours, {LACK} AS lack, count(*) AS lines,
        CAST(sum(billed) AS DECIMAL(38, 12)) AS billed, count(*) FILTER (category = 'usage') AS usage_lines,
        count(*) FILTER (category = 'usage' AND {IS_HOURLY}) AS hourly_lines,
        count(*) FILTER (ended > begun + {DAY}) AS long_lines,
        count(*) FILTER (category = 'usage' AND amortised = 0 AND billed > 0) AS unspread_lines
        FROM {lines} GROUP BY ALL ORDER BY ALL"""


def taken_sql(doubled: str, columns: Sequence[str]) -> str:
    """Which of lines that share a key are taken: of one id the first, of lines alike those of the file with most.

    AWS's ids are unique within a part of one report only, so that the kind of line has to agree as well.
    """
    order = ", ".join(f"{name} NULLS LAST" for name in columns if name not in ("key", "has_id"))
    picked = ", ".join(columns)
    return f"""SELECT file, {picked} FROM (
        SELECT *, row_number() OVER (PARTITION BY {SAME_LINE} ORDER BY file, {order}) AS place
        FROM {doubled} WHERE has_id) WHERE place = 1
        UNION ALL SELECT file, {picked} FROM {doubled} SEMI JOIN (
            SELECT key, file FROM (
                SELECT key, file, row_number() OVER (PARTITION BY key ORDER BY count(*) DESC, file) AS place
                FROM {doubled} WHERE NOT has_id GROUP BY key, file)
            WHERE place = 1) AS best USING (key, file)"""


def conflicts_sql(doubled: str) -> str:
    """How many ids have lines of one kind with other amounts."""
    return f"""SELECT count(*) FROM (SELECT 1 FROM {doubled} WHERE has_id GROUP BY {SAME_LINE}
        HAVING count(DISTINCT (billed, amortised, list_cost, usage)) > 1)"""


def _side_of_lines(side: str) -> str:
    """The sums of one side of lines that know which they are on; a day may be on both."""
    on = f"FILTER (is_{side})"
    return f"""CAST(sum(billed) {on} AS DECIMAL(38, 12)) AS {side}_billed,
        CAST(CASE WHEN count(amortised) {on} = count(*) {on} THEN sum(amortised) {on} END AS DECIMAL(38, 12))
            AS {side}_amortised,
        CAST(sum(list_cost) {on} AS DECIMAL(38, 12)) AS {side}_list_cost,
        CAST(sum(usage) {on} AS DECIMAL(38, 12)) AS {side}_usage, CAST(count(*) {on} AS BIGINT) AS {side}_lines"""


def _side_of_sums(side: str) -> str:
    """The sums of one side of such sums."""
    there = f"count(*) FILTER ({side}_lines > 0)"
    return f"""CAST(sum({side}_billed) AS DECIMAL(38, 12)) AS {side}_billed,
        CAST(CASE WHEN count({side}_amortised) = {there} THEN sum({side}_amortised) END AS DECIMAL(38, 12))
            AS {side}_amortised,
        CAST(sum({side}_list_cost) AS DECIMAL(38, 12)) AS {side}_list_cost,
        CAST(sum({side}_usage) AS DECIMAL(38, 12)) AS {side}_usage, CAST(sum({side}_lines) AS BIGINT) AS {side}_lines"""


def _both(sums: Callable[[str], str]) -> str:
    return f"{sums('now')}, {sums('before')}"


def _side(side: str, tags: str) -> str:
    """The rows of one side, with its tags as JSON."""
    columns = ", ".join(f"{side}_{name} AS {name}" for name in SUMMED)
    return f"""SELECT '{side}' AS side, {", ".join(KIND_UNIT)}, resource, {tags} AS tags, {columns} FROM summed
        WHERE {side}_lines > 0"""


def _a_day(side: str, costs: Costs, days: int) -> str:
    """SQL for what a pair of sums costs a day on one side; for comparing only."""
    measure = f"coalesce({side}_amortised, {side}_billed, 0)" if costs.measure == "amortised" else ""
    return f"CAST({measure or f'coalesce({side}_billed, 0)'} AS DOUBLE) / {max(days, 1)}"


def _placed(source: str, moved: str, among: str, keys: Sequence[str], mark: str) -> str:
    """The rows of `source`, with whether they are of those, among some, that moved most."""
    order = ", ".join(f"{key} NULLS LAST" for key in keys)
    place = f"row_number() OVER (ORDER BY {among} DESC, abs({moved}) DESC, {order})"
    return f"SELECT *, {among} AND {place} <= {MOST} AS {mark} FROM {source}"


def _on(days: Sequence[str]) -> str:
    """SQL for whether a line begins on one of some days, as stretches of days that follow each other."""
    stamps = sorted({pd.Timestamp(day, tz="UTC").normalize() for day in days})
    firsts = [stamp for stamp in stamps if stamp - pd.Timedelta(days=1) not in stamps]
    ends = [stamp + pd.Timedelta(days=1) for stamp in stamps if stamp + pd.Timedelta(days=1) not in stamps]
    stretches = [f"({_within(Window(first, end))})" for first, end in zip(firsts, ends, strict=True)]
    return f"({' OR '.join(stretches) or 'FALSE'})"


def _within(window: Window) -> str:
    start, end = (stamp.tz_convert("UTC").tz_localize(None).isoformat() for stamp in (window.start, window.end))
    return f"begun >= TIMESTAMP '{start}' AND begun < TIMESTAMP '{end}'"


def _ordered(part: str, answer: str) -> str:
    """The answer's columns in the contract's order, sorted by all of them that are no sums."""
    names = COST_PARTS[part].schema.names
    keys = [name for name in names if name not in SUMMED]
    order = ", ".join(f"{key} NULLS LAST" for key in keys)
    return f"SELECT {', '.join(names)} FROM ({answer}) ORDER BY {order}"
