"""What the Postgres log tells of statements: their calls, how long they took, and when.

The events are those of `ddms_ops.postgres_log.write_events`, in a Parquet file, of window and baseline together; they
are counted where they lie, so that a log of any length needs no more memory than its statements.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.engine import offline_engine
from ddms_ops.interrupts import interruptible
from ddms_ops.sql_text import statement_ids

CALLS = ("statement", "execute", "duration", "fastpath")
"""Kinds of events that are one call each, where they have a duration; a `fetch` is time of a call, and no call."""

BASELINE = "database_log.baseline"
NOW, BEFORE = "now", "before"
NO_TEXT = "no-text"
"""What stands for the statement where the log gives a duration without one."""

EVIDENCE = 20
MEMORY = "1GB"
IN_NAME = "req[-_:]|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-"  # an application's name that may hold a request id
SAMPLE = 4000
STATS = f"""
SELECT id AS statement, count(*) FILTER (kind <> 'fetch')::DOUBLE AS calls, sum(us) / 1000.0 AS total_ms,
    quantile_cont(duration_ms, 0.5) AS p50_ms, quantile_cont(duration_ms, 0.95) AS p95_ms,
    quantile_cont(duration_ms, 0.99) AS p99_ms, max(duration_ms) AS max_ms, min(duration_ms) AS min_ms,
    sum(us::HUGEINT * us)::DOUBLE / 1e6 AS squares, min(timestamp) AS first_seen, max(timestamp) AS last_seen,
    arg_max({{'pull': pull, 'row': row}}, {{'us': us, 'pull': pull, 'row': -row}}, {EVIDENCE}) AS evidence
FROM (SELECT *, round(duration_ms * 1000)::BIGINT AS us FROM timed WHERE side = ?) GROUP BY id
HAVING calls > 0 ORDER BY id
"""
# A server's log may go on in another file, whose lines are counted anew; of a log group in each pull. `place` orders.
VIEWS = f"""
CREATE TABLE files AS
    SELECT log, part,
        if(part = '', regexp_extract(log, '^(.*)/[^/]*$', 1), regexp_replace(part, '^[^/]*/', '') || '/' || log)
            AS server,
        row_number() OVER (ORDER BY min(timestamp), log, part) AS file
    FROM (SELECT log, timestamp, if(contains(pull, '/'), pull, '') AS part FROM events) GROUP BY log, part;
CREATE VIEW sided AS SELECT events.*, if(starts_with(pull, '{BASELINE}'), '{BEFORE}', '{NOW}') AS side,
        files.server AS server, files.file * (1::BIGINT << 40) + line AS place
    FROM events JOIN files ON events.log = files.log AND if(contains(events.pull, '/'), events.pull, '') = files.part;
CREATE VIEW named AS SELECT sided.*, coalesce(ids.id, '{NO_TEXT}') AS id, coalesce(ids.number, 0) AS number
    FROM sided LEFT JOIN ids USING (statement);
CREATE VIEW timed AS SELECT * FROM named WHERE kind IN {(*CALLS, "fetch")} AND isfinite(duration_ms);
CREATE VIEW calls AS SELECT * FROM timed WHERE kind <> 'fetch'
"""


class StatementLog:
    """The events of a Postgres log, window and baseline.

    Args:
        events: the Parquet file.

    Attributes:
        ids: of all statements; `number` in the views is the place in it.
    """

    def __init__(self, events: Path) -> None:
        self._engine = offline_engine(memory_limit=MEMORY, temp_directory=str(events.parent / "spill"))
        self._engine.execute("SET preserve_insertion_order = false")
        self._engine.read_parquet(str(events)).create_view("events")
        found = self._engine.execute("SELECT DISTINCT statement FROM events WHERE statement IS NOT NULL").fetchall()
        texts = sorted(text for (text,) in found)
        self._ids = statement_ids(texts)
        self.ids = [NO_TEXT, *sorted(set(self._ids.values()))]
        numbers = {name: number for number, name in enumerate(self.ids)}
        names = [self._ids[text] for text in texts]
        columns = {"statement": pa.array(texts, pa.string()), "id": pa.array(names, pa.string())}
        columns["number"] = pa.array([numbers[name] for name in names], pa.int32())
        self._engine.register("ids", pa.table(columns))
        self._engine.execute(VIEWS)
        self._stats: dict[str, pd.DataFrame] = {}
        self._shortest: dict[tuple[str, float], tuple[int, int, float]] = {}

    @cached_property
    def texts(self) -> dict[str, str]:
        """For each statement its text without literals, the shortest and first of several."""
        found: dict[str, str] = {}
        for text, name in sorted(self._ids.items(), key=lambda item: (len(item[0]), item[0])):
            found.setdefault(name, text)
        return found

    def stats(self, side: str) -> pd.DataFrame:
        """Calls of each statement on one side.

        Args:
            side: `now` or `before`.

        Returns:
            Indexed by statement id (`no-text` for durations without a text): calls, total_ms, mean_ms, p50_ms, p95_ms,
            p99_ms, max_ms, min_ms, spread_ms (standard deviation; all float64), first_seen, last_seen (UTC), evidence
            (pull and row of the slowest calls). Empty where no statement was logged with its duration.
        """
        if side not in self._stats:
            self._stats[side] = self._stats_of(side)
        return self._stats[side]

    def _stats_of(self, side: str) -> pd.DataFrame:
        frame = self.rows_of(STATS, [side]).set_index("statement")
        frame.insert(2, "mean_ms", frame["total_ms"] / frame["calls"])
        spread = frame.pop("squares") / frame["calls"] - frame["mean_ms"] ** 2
        frame["spread_ms"] = np.sqrt(spread.clip(lower=0) * frame["calls"] / (frame["calls"] - 1).clip(lower=1))
        frame["evidence"] = [[(each["pull"], each["row"]) for each in rows] for rows in frame["evidence"]]
        return frame

    def of(self, *kinds: str) -> pd.DataFrame:
        """Events of some kinds in the order of the log, with `side` and the statement's `id`; small kinds only."""
        query = "SELECT * FROM named WHERE list_contains(?, kind) ORDER BY server, place"
        return self.rows_of(query, [list(kinds)])

    def plans(self, *, statements: int, each: int) -> pd.DataFrame:
        """Logged plans of the statements with most time in them: an even sample of each, its slowest among them.

        Args:
            statements: how many statements at most.
            each: how many plans of one statement and side at most.

        Returns:
            statement, side, timestamp, duration_ms, plan (raw), pull, row, of (plans that there are), in the order of
            the log.
        """
        query = """
            WITH plans AS (
                SELECT id AS statement, side, timestamp, duration_ms, plan, pull, row, server, place,
                    row_number() OVER (PARTITION BY id, side ORDER BY hash(log, line), place) AS number,
                    row_number() OVER (PARTITION BY id, side ORDER BY duration_ms DESC, server, place) AS slowest,
                    count(*) OVER (PARTITION BY id, side) AS of
                FROM named WHERE kind = 'plan' AND plan IS NOT NULL
            ), most AS (
                SELECT statement FROM plans GROUP BY statement ORDER BY sum(duration_ms) DESC, statement LIMIT ?
            )
            SELECT statement, side, timestamp, duration_ms, plan, pull, row, of
            FROM plans SEMI JOIN most USING (statement)
            WHERE slowest = 1 OR number <= ? ORDER BY server, place
        """
        return self.rows_of(query, [statements, each])

    def tagged(self, *, most: int) -> pd.DataFrame:
        """Calls of the window that say more than their statement: with a comment, or a request id in the application.

        Args:
            most: how many at most, evenly from all of them.

        Returns:
            comment, application, statement (its id), duration_ms, timestamp, pid, pull, row, there (how many are).
        """
        query = f"""
            WITH tagged AS (
                SELECT *, row_number() OVER (ORDER BY server, place) AS number, count(*) OVER () AS there FROM calls
                WHERE side = ? AND (comment IS NOT NULL OR regexp_matches(application, '{IN_NAME}'))
            )
            SELECT comment, application, id AS statement, duration_ms, timestamp, pid, pull, row, there
            FROM tagged WHERE number % ceil(there / ?)::BIGINT = 0 ORDER BY number
        """
        return self.rows_of(query, [NOW, most])

    def texts_like(self, pattern: str) -> pd.DataFrame:
        """Calls and statements logged without a duration whose text a regular expression fits, in order.

        Args:
            pattern: RE2, whatever the case.

        Returns:
            timestamp, duration_ms (NaN of what is logged without), id, statement, user, pull, row, kind.
        """
        query = f"""
            SELECT timestamp, duration_ms, id, statement, user, pull, row, kind FROM named
            WHERE kind IN {(*CALLS, "log_statement")} AND regexp_matches(statement, ?, 'i') ORDER BY server, place
        """
        return self.rows_of(query, [pattern])

    def failures_like(self, pattern: str) -> pd.DataFrame:
        """Errors and refused connections whose message a regular expression fits, in order.

        Args:
            pattern: RE2.

        Returns:
            timestamp, side, user, message, pull, row.
        """
        query = """
            SELECT timestamp, side, user, message, pull, row FROM named
            WHERE kind IN ('connection_failed', 'error', 'server', 'terminated') AND level IN ('ERROR', 'FATAL')
                AND regexp_matches(message, ?) ORDER BY server, place
        """
        return self.rows_of(query, [pattern])

    def of_process(self, server: str, pid: int, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        """Events of one backend of a server between two instants, as `of` gives them; of any where none is named."""
        query = """
            SELECT * FROM named WHERE pid = ? AND timestamp >= ? AND timestamp <= ? AND (server = ? OR ? = '')
            ORDER BY server, place
        """
        stamps = [stamp.to_pydatetime() for stamp in (start, end)]
        return self.rows_of(query, [pid, *stamps, server, server])

    def counts(self) -> pd.DataFrame:
        """Events by side and kind: indexed by side, one column a kind, int64."""
        found = self.rows_of("SELECT side, kind, count(*) AS events FROM sided GROUP BY ALL", [])
        table = found.pivot_table(index="side", columns="kind", values="events", fill_value=0)
        return table.reindex([NOW, BEFORE], fill_value=0).astype("int64")

    def shortest(self, side: str, *, under_ms: float) -> tuple[int, int, float]:
        """Calls of a side, how many of them took less than `under_ms`, and the shortest of the others, ms; else 0."""
        query = """
            SELECT count(*), count(*) FILTER (duration_ms < $1),
                coalesce(min(duration_ms) FILTER (duration_ms >= $1), 0)
            FROM calls WHERE side = $2
        """
        if (side, under_ms) not in self._shortest:
            [(calls, short, least)] = self._engine.execute(query, [under_ms, side]).fetchall()
            self._shortest[side, under_ms] = int(calls), int(short), float(least)
        return self._shortest[side, under_ms]

    def preparing_ms(self, side: str) -> float:
        """Time of a side in parse and bind, which plan statements, ms; it is in no call's."""
        query = """
            SELECT coalesce(sum(round(duration_ms)::BIGINT), 0) FROM sided WHERE kind IN ('parse', 'bind') AND side = ?
        """
        [(total,)] = self._engine.execute(query, [side]).fetchall()
        return float(total)

    def durations(self, statement: str, side: str) -> pd.Series:
        """Durations of a statement in ms by time, in order of time; an even sample where there are very many."""
        query = """
            SELECT timestamp, duration_ms FROM (
                SELECT *, row_number() OVER (ORDER BY server, place) AS number, count(*) OVER () AS calls
                FROM calls WHERE id = ? AND side = ?
            ) WHERE number % ceil(calls / ?)::BIGINT = 0 ORDER BY number
        """
        found = self.rows_of(query, [statement, side, SAMPLE])
        return found.set_index("timestamp")["duration_ms"]

    def series(self, statement: str, side: str, *, start: pd.Timestamp, step_s: int) -> pd.DataFrame:
        """Calls and time of a statement by interval.

        Returns:
            Indexed by interval start (UTC), counted from `start`: calls, total_ms, float64; intervals without a call
            are absent.
        """
        query = """
            SELECT (epoch_us(timestamp) - ?) // (? * 1000000) AS step, count(*)::DOUBLE AS calls,
                sum(round(duration_ms * 1000)::BIGINT) / 1000.0 AS total_ms
            FROM calls WHERE id = ? AND side = ? GROUP BY step ORDER BY step
        """
        begin = start.value // 1000
        found = self.rows_of(query, [begin, step_s, statement, side])
        found.index = pd.DatetimeIndex(start + pd.to_timedelta(found.pop("step") * step_s, unit="s"), name="timestamp")
        return found

    def rows_of(self, query: str, parameters: list[object]) -> pd.DataFrame:
        """What a query of this package over the views `named` and `calls` gives; the text is never from outside."""
        return self.table_of(query, parameters).to_pandas()

    def table_of(self, query: str, parameters: list[object]) -> pa.Table:
        """The same, as an Arrow table."""
        with interruptible():
            return self._engine.sql(query, params=parameters).to_arrow_table()
