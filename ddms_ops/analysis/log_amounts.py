"""How much a system did, by the hour: the steps of its cost drivers, counted out of log events and metrics.

Log events are read where they lie, by DuckDB: only those that hold a declared text are parsed, all steps at once. A
number is summed as a decimal, so that the sum does not depend on the order of the events.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from ddms_ops.analysis.line_witnesses import NOTHING, tenant_sql, used
from ddms_ops.cost_schemas import AMOUNTS
from ddms_ops.declaration import Logs
from ddms_ops.engine import offline_engine
from ddms_ops.normalize.json_fields import JsonFields
from ddms_ops.normalize.log_text import payload
from ddms_ops.schema import conform
from ddms_ops.spending import Costs, LogAmount

Pulls = Sequence[tuple[Path, str, Logs]]
MEMORY = "512MB"
NUMBER = "DECIMAL(27, 9)"  # a thousand petabytes, and room for the sum of 1e11 of them
HOUR_US = 3_600_000_000
BARE_GROUP = "regexp_replace(log_group, '^[0-9]+:', '')"  # without the account before it


def read_log_amounts(pulls: Pulls, costs: Costs) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """What the drivers' steps that are counted in logs came to, by hour and tenant; and what was left out.

    Args:
        pulls: evidence files of raw log events, the pulls' names, and how the events name things.
        costs: the drivers; steps that are the same are counted once.

    Returns:
        AMOUNTS frame by signal, time, pull and tenant, in the steps' units; `row` is the first event's. An hour without
        such events has no row. An id is counted once in each pull, in the hour and for the tenant of its first event.
        Doubts: for each signal the events that have no number (or a negative one) in the field that is summed, or no
        id in the one that is counted; empty where there are none.
    """
    signals = _signals(costs)
    amounts = list(dict.fromkeys(key for key, _ in signals.values()))
    if not pulls or not amounts:
        return conform(pd.DataFrame(), AMOUNTS), ()
    with staged_lines(pulls, amounts) as connection:
        parts = [_hours(connection, amount, place) for place, amount in enumerate(amounts)]
        faults = [_faults(connection, amount, place) for place, amount in enumerate(amounts)]
    names = [name for _, name, _ in pulls]
    found, doubts = [], []
    for signal, (amount, scale) in signals.items():
        part = parts[amounts.index(amount)]
        found.append(part.assign(signal=signal, value=part["value"] * scale))
        doubts += [f"{signal}: {words}" for words in faults[amounts.index(amount)]]
    table = pd.concat(found, ignore_index=True)
    table["timestamp"] = pd.to_datetime(table["hour"] * HOUR_US, unit="us", utc=True)
    table["pull"] = pd.Categorical.from_codes(table["place"], categories=pd.Index(names)) if len(table) else None
    return _ordered(conform(table, AMOUNTS)), tuple(doubts)


def metric_amounts(metrics: pd.DataFrame, baseline: pd.DataFrame, costs: Costs) -> pd.DataFrame:
    """What the drivers' steps that are metrics came to, by hour.

    Args:
        metrics, baseline: METRICS of window and baseline, sums over each period.
        costs: the drivers.

    Returns:
        AMOUNTS frame by signal, time and pull, in the steps' units, without tenants; `events` are metric points, `row`
        is the first of them. An hour without a point has no row.
    """
    scales = {
        f"{name}/{step}": (link.metric, link.scale)
        for name, driver in costs.drivers.items()
        for step, link in driver.chain.items()
        if link.metric
    }
    points = pd.concat([frame for frame in (metrics, baseline) if len(frame)] or [metrics], ignore_index=True)
    points = points[points["value"].notna() & points["metric"].isin([metric for metric, _ in scales.values()])]
    points = points.assign(timestamp=points["timestamp"].dt.floor("h"), pull=points["pull"].astype("str"))
    hours = (
        points.sort_values(["metric", "timestamp", "pull", "value"])
        .groupby(["metric", "timestamp", "pull"], sort=True)
        .agg(value=("value", "sum"), events=("value", "size"), row=("row", "min"))
        .reset_index()
    )
    parts = [
        hours[hours["metric"] == metric].assign(signal=signal, value=lambda part, by=scale: part["value"] * by)
        for signal, (metric, scale) in scales.items()
    ]
    return _ordered(conform(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(), AMOUNTS))


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    keys = table[["signal", "timestamp", "tenant"]].assign(pull=table["pull"].astype("str"))
    return table.loc[keys.sort_values(["signal", "timestamp", "pull", "tenant"]).index].reset_index(drop=True)


def _signals(costs: Costs) -> dict[str, tuple[LogAmount, float]]:
    """The drivers' steps that are counted in logs, and their scale."""
    return {
        f"{name}/{step}": (link.logs, link.scale)
        for name, driver in costs.drivers.items()
        for step, link in driver.chain.items()
        if link.logs is not None
    }


@contextmanager
def staged_lines(pulls: Pulls, amounts: Sequence[LogAmount]) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with a table `lines` of the events that any of the amounts is about; what outgrows memory goes to disk.

    Its columns: place (of the pull), row, timestamp, tenant, and for each amount, by its place, `is0` (whether it is
    about the event) and `v0` (text of the field that it sums or counts, NULL without one).
    """
    given = _given(pulls, amounts)
    with tempfile.TemporaryDirectory(prefix="ddms-ops-") as spill:
        connection = offline_engine(memory_limit=MEMORY, temp_directory=spill, preserve_insertion_order=False)
        try:
            for place, (_, _, logs) in enumerate(pulls):
                select = _lines(logs, amounts, place)
                query = f"INSERT INTO lines {select}" if place else f"CREATE TEMP TABLE lines AS {select}"
                connection.execute(query, used(given, query))
            yield connection
        finally:
            connection.close()


def _given(pulls: Pulls, amounts: Sequence[LogAmount]) -> dict[str, object]:
    """Paths, texts and log groups, as the SQL names them."""
    given: dict[str, object] = {f"path{place}": str(path) for place, (path, _, _) in enumerate(pulls)}
    for place, amount in enumerate(amounts):
        given |= {f"text{place}_{number}": text for number, text in enumerate(amount.contains)}
        given[f"groups{place}"] = list(amount.groups)
    return given


def _lines(logs: Logs, amounts: Sequence[LogAmount], place: int) -> str:
    """SQL of the events of one pull, as `staged_lines` describes them."""
    own = {"tenant": logs.fields["tenant"]} if "tenant" in logs.fields else {}
    fields = JsonFields(logs.model_copy(update={"fields": own}))
    values = ", ".join(f"{_value(fields, amount)} AS v{number}" for number, amount in enumerate(amounts))
    flags = ", ".join(f"{_is_about(amount, number)} AS is{number}" for number, amount in enumerate(amounts))
    about = ", ".join(f"is{number}" for number in range(len(amounts)))
    source = f"""(SELECT *, {payload()} AS json FROM
        (SELECT file_row_number AS row, timestamp, message, {flags} FROM read_parquet($path{place},
            file_row_number = true)) WHERE {about.replace(", ", " OR ")})"""
    return f"""SELECT {place} AS place, row, timestamp,
        {tenant_sql(fields.field.get("tenant", NOTHING), folded=False)} AS tenant, {about}, {values}
        FROM ({fields.extracted(source)})"""


def _is_about(amount: LogAmount, place: int) -> str:
    """SQL of whether an event holds an amount's texts and is of its log groups."""
    said = [f"contains(message, $text{place}_{number})" for number in range(len(amount.contains))]
    if amount.groups:
        said.append(f"(list_contains($groups{place}, log_group) OR list_contains($groups{place}, {BARE_GROUP}))")
    return f"coalesce({' AND '.join(said) or 'true'}, false)"


def _value(fields: JsonFields, amount: LogAmount) -> str:
    """SQL of the field that an amount sums or counts; a name with dots is one key, or leads through several."""
    name = amount.sum or amount.distinct
    if not name:
        return NOTHING
    ways = dict.fromkeys(((name,), tuple(name.split("."))))
    values = [f"nullif({fields.value(way)}, '')" for way in ways]
    return f"coalesce({', '.join(values)}, NULL)"


def _hours(connection: duckdb.DuckDBPyConnection, amount: LogAmount, place: int) -> pd.DataFrame:
    """Rows of place, hour (since 1970), tenant, value, events and row of one amount."""
    hour = f"epoch_us(timestamp) // {HOUR_US} AS hour"
    own = f"FROM lines WHERE is{place}"
    if amount.distinct:
        firsts = f"""SELECT place, min({{'timestamp': timestamp, 'row': row, 'tenant': tenant}}) AS first
            {own} AND v{place} IS NOT NULL GROUP BY place, v{place}"""
        source = f"SELECT place, unnest(first) FROM ({firsts})"
        value = "count(*)"
    elif amount.sum:
        number = f"try_cast(v{place} AS {NUMBER})"
        source = f"SELECT * FROM (SELECT place, timestamp, row, tenant, {number} AS number {own}) WHERE number >= 0"
        value = "sum(number)"
    else:
        source, value = f"SELECT place, timestamp, row, tenant {own}", "count(*)"
    query = f"""SELECT place, hour, tenant, CAST({value} AS DOUBLE) AS value, count(*) AS events, min(row) AS row
        FROM (SELECT *, {hour} FROM ({source})) GROUP BY place, hour, tenant"""
    return connection.sql(query).to_arrow_table().to_pandas()


def _faults(connection: duckdb.DuckDBPyConnection, amount: LogAmount, place: int) -> list[str]:
    """Words for the events that could not be added up.

    Without texts to know them by, only those that have the field are meant.
    """
    if not (amount.sum or (amount.distinct and amount.contains)):
        return []
    own = f"is{place}" if amount.contains else f"is{place} AND v{place} IS NOT NULL"
    lacks = f"coalesce(try_cast(v{place} AS {NUMBER}) < 0, true)" if amount.sum else f"v{place} IS NULL"
    [(lacking, events)] = connection.execute(
        f"SELECT count(*) FILTER ({lacks}), count(*) FROM lines WHERE {own}"
    ).fetchall()
    what = f"number from 0 on in {amount.sum!r}" if amount.sum else f"{amount.distinct!r}"
    return [f"{lacking:,} of {events:,} log events have no {what} and are left out"] if lacking else []
