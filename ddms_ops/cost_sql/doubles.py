"""Lines and days that files of a bill share, as SQL over a relation of lines.

A line with an id of the bill counts once. Lines without one are many as alike; there a day counts once where one file
holds all of it that another does.
"""

from collections.abc import Sequence

SAME_LINE = "key, begun, service, usage_type, operation, account, category, resource"
CELL = ("account", "service", "usage_type", "operation", "category")
NEAR = 0.1  # a revised bill moves the amounts of a kind and day by less than this share
MOST_ALIKE = 0.8  # of kinds and days: parts of one export have as many lines of a kind by chance only, far from always
CELLS = 50_000  # kinds and days that are compared; of more a sample, which the names choose


def taken_sql(doubled: str, columns: Sequence[str]) -> str:
    """Of lines with one id those of the last file by name.

    AWS's ids are unique within a part of one report only, so that the kind of line has to agree as well.
    """
    order = ", ".join(f"{name} NULLS LAST" for name in columns if name not in ("key", "has_id"))
    picked = ", ".join(columns)
    return f"""SELECT file, {picked} FROM (
        SELECT *, row_number() OVER (PARTITION BY {SAME_LINE} ORDER BY file DESC, {order}) AS place
        FROM {doubled} WHERE has_id) WHERE place = 1"""


def conflicts_sql(doubled: str) -> str:
    """How many ids have lines of one kind with other amounts."""
    return f"""SELECT count(*) FROM (SELECT 1 FROM {doubled} WHERE has_id GROUP BY {SAME_LINE}
        HAVING count(DISTINCT (billed, amortised, list_cost, usage)) > 1)"""


def repeats_sql(lines: str, doubled: str) -> str:
    """Pairs of files that share lines without ids on a day: how many, how many kinds of those, and each one's lines.

    Args:
        lines: the relation of all lines.
        doubled: those of which there are several alike.
    """
    return f"""WITH alike AS (SELECT file, CAST(begun AS DATE) AS day, key, count(*) AS n FROM {doubled}
            WHERE NOT has_id AND begun IS NOT NULL GROUP BY ALL),
        pairs AS (SELECT one.file AS one, other.file AS other, day, sum(least(one.n, other.n)) AS shared,
            count(*) AS keys FROM alike AS one JOIN alike AS other USING (day, key) WHERE one.file < other.file
            GROUP BY ALL),
        held AS (SELECT file, CAST(begun AS DATE) AS day, count(*) AS n FROM {lines}
            WHERE NOT has_id AND CAST(begun AS DATE) IN (SELECT day FROM pairs) GROUP BY ALL)
        SELECT one, other, pairs.day, CAST(shared AS BIGINT), keys, first.n, second.n FROM pairs
        JOIN held AS first ON first.file = one AND first.day = pairs.day
        JOIN held AS second ON second.file = other AND second.day = pairs.day ORDER BY ALL"""


def rivals_sql(file_days: str, sources: str) -> str:
    """Pairs of sources that hold the same days of one bill: the first and last of these days, how many, and how many
    of the kinds on them are alike.

    Alike is what has as many lines, or lines by the hour against lines by the day, and cost nearly as much. A day is in
    both where neither has less than half of the other's kinds.

    Args:
        file_days: of `file_days_sql`.
        sources: a relation of `file` and `source`, a number.
    """
    same = " AND ".join(f"one.{name} IS NOT DISTINCT FROM other.{name}" for name in CELL)
    near = f"abs(one.billed - other.billed) <= {NEAR} * greatest(abs(one.billed), abs(other.billed))"
    alike = f"{near} AND (one.lines = other.lines OR one.is_hourly <> other.is_hourly)"
    return f"""WITH every AS (SELECT source, day, {", ".join(CELL)}, CAST(sum(billed) AS DOUBLE) AS billed,
            sum(lines) AS lines, sum(hourly_lines) > 0 AS is_hourly FROM {file_days} JOIN {sources} USING (file)
            WHERE lack IS NULL GROUP BY ALL),
        cells AS MATERIALIZED (SELECT * FROM every
            WHERE hash(day, {", ".join(CELL)}) % greatest(1, (SELECT count(*) FROM every) // {CELLS}) = 0),
        held AS (SELECT source, day, count(*) AS n FROM cells GROUP BY ALL),
        days AS (SELECT one.source AS one, other.source AS other, day, least(one.n, other.n) AS n
            FROM held AS one JOIN held AS other USING (day)
            WHERE one.source < other.source AND 2 * least(one.n, other.n) >= greatest(one.n, other.n)),
        shared AS (SELECT one.source AS one, other.source AS other, one.day, count(*) AS n
            FROM cells AS one JOIN cells AS other ON one.day = other.day AND {same}
            WHERE one.source < other.source AND {alike} GROUP BY ALL)
        SELECT one, other, min(day), max(day), count(*), CAST(sum(coalesce(shared.n, 0)) AS BIGINT),
            CAST(sum(days.n) AS BIGINT)
        FROM days LEFT JOIN shared USING (one, other, day) GROUP BY one, other
        HAVING sum(coalesce(shared.n, 0)) >= {MOST_ALIKE} * sum(days.n) ORDER BY ALL"""
