"""What files of a bill hold twice: lines that count once, and files that cannot both count."""

from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath

import duckdb
import numpy as np
import pyarrow as pa

from ddms_ops.cost_sql import conflicts_sql, repeats_sql, rivals_sql, taken_sql
from ddms_ops.engine import registered
from ddms_ops.progress import report_progress
from ddms_ops.sources.bill_facts import Rivals
from ddms_ops.sources.bill_stage import Staged

AT_ONCE = 20_000_000  # keys that are sorted at once, 8 bytes each
FEW = 0.01  # of a day's lines: so many are alike in parts of one export, without being the same
DROPPED = pa.schema([("file", pa.int32()), ("day", pa.date32())])


def each_once(
    connection: duckdb.DuckDBPyConnection, lines: str, columns: Sequence[str], staged: Staged
) -> tuple[str, list[Rivals]]:
    """A relation with every line once, and files of which it cannot be told whether they are copies.

    What was left out is counted in the notes, what contradicts itself a fault.
    """
    keys = _shared_keys(connection, lines)
    if not len(keys):
        return lines, []
    report_progress(f"costs: {len(keys):,} lines seem to be there more than once")
    shared = f"{lines}_shared"
    with registered(connection, pa.table({"key": keys})) as known:
        connection.execute(f"CREATE OR REPLACE TABLE {shared} AS SELECT * FROM {lines} SEMI JOIN {known} USING (key)")
    dropped, rivals = _copies(connection, lines, staged)
    _without_ids(connection, lines, columns, dropped)
    taken = f"{lines}_taken"
    connection.execute(f"CREATE OR REPLACE TABLE {taken} AS {taken_sql(shared, columns)}")
    connection.execute(f"CREATE OR REPLACE TABLE {lines}_ids AS SELECT DISTINCT key FROM {shared} WHERE has_id")
    picked = f"file, {', '.join(columns)}"
    connection.execute(
        f"""CREATE OR REPLACE VIEW {lines}_once AS
        SELECT {picked} FROM {lines}_days_once ANTI JOIN {lines}_ids USING (key)
        UNION ALL SELECT {picked} FROM {taken}"""
    )
    [(again, conflicts)] = connection.execute(
        f"""SELECT (SELECT count(*) FROM {shared} WHERE has_id) - (SELECT count(*) FROM {taken}),
        ({conflicts_sql(shared)})"""
    ).fetchall()
    again += sum(dropped.values())
    staged.notes += [f"{again:,} repeated lines in the export taken once"] if again else []
    if conflicts:
        staged.faults.append(
            f"{conflicts:,} lines are there with other amounts as well: those of the last file by name were taken"
        )
    return f"{lines}_once", rivals


def rivals_of(connection: duckdb.DuckDBPyConnection, file_days: str, names: Sequence[str]) -> list[Rivals]:
    """Files, and folders of several, that hold the same days of one bill in other words."""
    folders = [PurePosixPath(name).parent.as_posix() for name in names]
    found = []
    if 1 < len(set(folders)) < len(names):
        found = _rivals(connection, file_days, [f"{folder}/" for folder in folders])
    return [*found, *_rivals(connection, file_days, list(names))]


def _rivals(connection: duckdb.DuckDBPyConnection, file_days: str, sources: list[str]) -> list[Rivals]:
    known = sorted(set(sources))
    if len(known) < 2:
        return []
    places = pa.table({"file": list(range(len(sources))), "source": [known.index(name) for name in sources]})
    with registered(connection, places) as table:
        rows = connection.execute(rivals_sql(file_days, table)).fetchall()
    return [
        Rivals(
            first, last,
            f"{known[one]} and {known[other]} hold the same bill on {days:,} days, {first} to {last} ({same:,} of "
            f"{cells:,} kinds by day alike), by other lines: keep one of them, the newer",
        )
        for one, other, first, last, days, same, cells in rows
    ]  # fmt: skip


def _copies(
    connection: duckdb.DuckDBPyConnection, lines: str, staged: Staged
) -> tuple[dict[tuple[int, date], int], list[Rivals]]:
    """The days of files that another file holds whole, with their lines; and files of which that cannot be told."""
    dropped: dict[tuple[int, date], int] = {}
    unclear: dict[tuple[int, int], list[date]] = {}
    alike: dict[tuple[int, int], int] = {}
    for one, other, day, shared, keys, first, second in connection.execute(
        repeats_sql(lines, f"{lines}_shared")
    ).fetchall():
        least = min(first, second)
        if shared == least and 2 * keys <= shared:
            unclear.setdefault((one, other), []).append(day)
        elif shared == least:
            dropped[one if first < second else other, day] = least
        else:
            alike[one, other] = alike.get((one, other), 0) + (shared if shared > FEW * least else 0)
    for (one, other), count in alike.items():
        if count:
            staged.faults.append(
                f"{count:,} lines of {staged.names[one]} are alike in {staged.names[other]}, among others: all were "
                "counted, as parts of one export; keep one where one is a newer copy of the other"
            )
    return dropped, [
        Rivals(
            min(days), max(days),
            f"{staged.names[one]} and {staged.names[other]} hold the same lines, many of them more than once, on "
            f"{len(days):,} days: a copy cannot be told from a part of one export; keep one, or put the parts together",
        )
        for (one, other), days in unclear.items()
    ]  # fmt: skip


def _without_ids(
    connection: duckdb.DuckDBPyConnection, lines: str, columns: Sequence[str], dropped: dict[tuple[int, date], int]
) -> None:
    """Make the relation of the lines without such days of lines that have no id."""
    picked = ", ".join(f"line.{name}" for name in ["file", *columns])
    places = pa.table({"file": [file for file, _ in dropped], "day": [day for _, day in dropped]}, schema=DROPPED)
    with registered(connection, places) as source:
        connection.execute(f"CREATE OR REPLACE TABLE {lines}_dropped AS SELECT * FROM {source}")
    kept = "NOT line.has_id AND line.file = gone.file AND CAST(line.begun AS DATE) = gone.day"
    without = f"ANTI JOIN {lines}_dropped AS gone ON {kept}" if dropped else ""
    connection.execute(f"CREATE OR REPLACE VIEW {lines}_days_once AS SELECT {picked} FROM {lines} AS line {without}")


def _shared_keys(connection: duckdb.DuckDBPyConnection, lines: str) -> np.ndarray:
    """The keys that more than one line has; sorting finds them in a tenth of the memory that grouping takes."""
    [(count,)] = connection.execute(f"SELECT count(*) FROM {lines}").fetchall()
    parts = max(1, -(-count // AT_ONCE))
    found = []
    for part in range(parts):
        some = f"SELECT key FROM {lines} WHERE key IS NOT NULL"
        some += f" AND key % {parts} = {part}" if parts > 1 else ""
        keys = connection.sql(some).to_arrow_table()["key"].to_numpy().copy()
        keys.sort()
        found.append(np.unique(keys[1:][keys[1:] == keys[:-1]]))
    return np.concatenate(found)
