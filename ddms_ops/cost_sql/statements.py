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
UNSAID = "(usage IS NULL AND (billed <> 0 OR coalesce(amortised, 0) <> 0))"
SUMS = f"""CAST(sum(billed) AS DECIMAL(38, 12)) AS billed,
    CAST(CASE WHEN count(amortised) = count(*) THEN sum(amortised) END AS DECIMAL(38, 12)) AS amortised,
    CAST(sum(list_cost) AS DECIMAL(38, 12)) AS list_cost,
    CAST(CASE WHEN NOT bool_or({UNSAID}) THEN sum(usage) END AS DECIMAL(38, 12)) AS usage"""
"""What lines that cost something do not all say is not known of their sum."""
LINES = f"{SUMS}, CAST(count(*) AS BIGINT) AS lines"
AGAIN = """CAST(sum(billed) AS DECIMAL(38, 12)) AS billed,
    CAST(CASE WHEN count(amortised) = count(*) THEN sum(amortised) END AS DECIMAL(38, 12)) AS amortised,
    CAST(sum(list_cost) AS DECIMAL(38, 12)) AS list_cost,
    CAST(CASE WHEN NOT bool_or(is_unsaid) THEN sum(usage) END AS DECIMAL(38, 12)) AS usage,
    CAST(sum(lines) AS BIGINT) AS lines"""
SUMMED = ("billed", "amortised", "list_cost", "usage", "lines")
COUNTED = ("lines", "usage_lines", "hourly_lines", "long_lines", "unspread_lines", "strange_lines")
IS_HOURLY = f"ended > begun AND ended <= begun + {HOUR}"
USABLE = "(begun IS NOT NULL AND billed IS NOT NULL AND currency IS NOT NULL)"
LACK = "CASE WHEN begun IS NULL THEN 'time' WHEN billed IS NULL OR currency IS NULL THEN 'amount' END"


def file_days_sql(lines: str) -> str:
    """Costs of each file by day and kind: what the answer by day and the facts of the files are both made from.

    What lasts longer than a day counts on its first, as on the invoice. Lines that cannot be used are counted under
    what they lack.
    """
    keys = ", ".join([*KIND_COLUMNS, "estimated", "is_ours"])
    return f"""SELECT file, CAST(begun AS DATE) AS day, {keys}, {LACK} AS lack, {LINES},
        bool_or({UNSAID}) AS is_unsaid, count(*) FILTER (category = 'usage') AS usage_lines,
        count(*) FILTER (category = 'usage' AND {IS_HOURLY}) AS hourly_lines,
        count(*) FILTER (ended > begun + {DAY}) AS long_lines,
        count(*) FILTER (category = 'usage' AND amortised = 0 AND billed > 0) AS unspread_lines,
        count(*) FILTER (NOT is_known) AS strange_lines
        FROM {lines} GROUP BY ALL"""


def days_sql(file_days: str, window: Window) -> str:
    """Costs by day, of all lines of the window's days."""
    keys = ", ".join([*KIND_COLUMNS, "estimated"])
    answer = f"""SELECT begun AS timestamp, {keys}, {AGAIN}
        FROM (SELECT *, CAST(day AS TIMESTAMP) AS begun FROM {file_days})
        WHERE lack IS NULL AND is_ours AND {_within(window)} GROUP BY ALL"""
    return _ordered("days", answer)


def facts_sql(file_days: str) -> str:
    """What each day of each file holds: see `Fact`."""
    counts = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in COUNTED)
    return f"""SELECT file, day, currency, is_ours, lack, CAST(sum(billed) AS DECIMAL(38, 12)) AS billed, {counts}
        FROM {file_days} GROUP BY ALL ORDER BY ALL"""


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


def _side_of_lines(side: str) -> str:
    """The sums of one side of lines that know which they are on; a day may be on both."""
    on = f"FILTER (is_{side})"
    return f"""CAST(sum(billed) {on} AS DECIMAL(38, 12)) AS {side}_billed,
        CAST(CASE WHEN count(amortised) {on} = count(*) {on} THEN sum(amortised) {on} END AS DECIMAL(38, 12))
            AS {side}_amortised,
        CAST(sum(list_cost) {on} AS DECIMAL(38, 12)) AS {side}_list_cost,
        CAST(sum(usage) {on} AS DECIMAL(38, 12)) AS {side}_usage, CAST(count(*) {on} AS BIGINT) AS {side}_lines,
        coalesce(bool_or({UNSAID}) {on}, FALSE) AS {side}_unsaid"""


def _side_of_sums(side: str) -> str:
    """The sums of one side of such sums."""
    there = f"count(*) FILTER ({side}_lines > 0)"
    return f"""CAST(sum({side}_billed) AS DECIMAL(38, 12)) AS {side}_billed,
        CAST(CASE WHEN count({side}_amortised) = {there} THEN sum({side}_amortised) END AS DECIMAL(38, 12))
            AS {side}_amortised,
        CAST(sum({side}_list_cost) AS DECIMAL(38, 12)) AS {side}_list_cost,
        CAST(sum({side}_usage) AS DECIMAL(38, 12)) AS {side}_usage, CAST(sum({side}_lines) AS BIGINT) AS {side}_lines,
        bool_or({side}_unsaid) AS {side}_unsaid"""


def _both(sums: Callable[[str], str]) -> str:
    return f"{sums('now')}, {sums('before')}"


def _side(side: str, tags: str) -> str:
    """The rows of one side, with its tags as JSON."""
    said = {"usage": f"CASE WHEN NOT {side}_unsaid THEN {side}_usage END"}
    columns = ", ".join(f"{said.get(name, f'{side}_{name}')} AS {name}" for name in SUMMED)
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
