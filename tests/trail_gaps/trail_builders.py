"""Trails small enough to see, and rhythms drawn from a seed."""

import numpy as np
import pandas as pd
from builders import at, window

from ddms_ops.schema import UTC, Schema, conform
from ddms_ops.tenant_schemas import CROSSINGS, EXTENT, GAPS, HOLES, PAUSES, RHYTHM

WINDOW = window("10:00", "11:00")
MIDNIGHT = at("00:00")


def framed(schema: Schema, pull: str, *rows: dict) -> pd.DataFrame:
    """A frame in a schema; `row` counts."""
    return conform(pd.DataFrame(list(rows), columns=schema.names).assign(pull=pull, row=range(len(rows))), schema)


def hole(before: int, after: int, start: str, end: str) -> dict:
    """A row of HOLES."""
    return {"before": before, "after": after, "start": at(start), "end": at(end)}


def holes(*rows: dict) -> pd.DataFrame:
    """HOLES."""
    return framed(HOLES, "trail/holes", *rows)


def extent(
    *, first: str = "10:00", last: str = "11:00", rows: int = 10_000, action: str = "view", **lacks: int
) -> pd.DataFrame:
    """EXTENT with one action."""
    row = {"action": action, "record_type": "document", "rows": rows, "first": at(first), "last": at(last)}
    none = {column.name: 0 for column in EXTENT.columns if column.dtype == "int64"}
    return framed(EXTENT, "trail/extent", {**none, **row, **lacks})


def none_of(schema: Schema) -> pd.DataFrame:
    """No rows, all columns."""
    return framed(schema, "none")


def gap(start: str, end: str, *, kind: str = "silence", tenant: str | None = None, why: str = "") -> dict:
    """A row of GAPS."""
    return {"kind": kind, "start": at(start), "end": at(end), "tenant": tenant, "why": why or f"no rows from {start}"}


def gaps(*rows: dict) -> pd.DataFrame:
    """GAPS."""
    return framed(GAPS, "trail/pauses", *rows)


def crossing(
    clock: str, verdict: str = "disclosed", *, actor: str | None = "globex", owner: str | None = "acme"
) -> dict:
    """A row of CROSSINGS."""
    named = {"id": clock, "record_type": "document", "record": f"d-{clock}", "action": "view", "user": "u1"}
    return {**named, "timestamp": at(clock), "actor": actor, "owner": owner, "verdict": verdict, "outcome": "served"}


def crossings(*rows: dict) -> pd.DataFrame:
    """CROSSINGS."""
    return framed(CROSSINGS, "trail/crossings", *rows)


def drawn(
    seed: int, *, hours: int, per_min: float, diurnal: bool = False, burst: int = 1, tenants: int = 6
) -> pd.DataFrame:
    """Rows of a trail from midnight on: `timestamp` and `tenant`.

    Args:
        seed: of the draw.
        hours: length.
        per_min: mean rows a minute.
        diurnal: whether nights have a fifth of the days' rate.
        burst: mean rows that come as one, of one tenant, seconds apart.
        tenants: how many, of unequal size.
    """
    draw = np.random.default_rng(seed)
    minute = np.arange(hours * 60)
    day = 1 + (2 / 3) * np.sin(2 * np.pi * (minute / 1440 + draw.uniform()))
    starts = draw.poisson((day if diurnal else np.ones(len(minute))) * per_min / burst)
    second = (np.repeat(minute, starts) + draw.uniform(size=starts.sum())) * 60
    size = draw.geometric(1 / burst, len(second))
    share = 1 / np.arange(1, tenants + 1)
    who = np.repeat(draw.choice(tenants, len(second), p=share / share.sum()), size)
    second = np.repeat(second, size) + (draw.exponential(3, size.sum()) if burst > 1 else 0)
    stamps = (MIDNIGHT + pd.to_timedelta((second * 1e6).astype("int64"), unit="us")).astype(UTC)
    rows = pd.DataFrame({"timestamp": stamps, "tenant": [f"t{n}" for n in who]})
    return rows[second < hours * 3600].sort_values("timestamp", ignore_index=True)


def without(rows: pd.DataFrame, start: pd.Timestamp, minutes: float, tenant: str | None = None) -> pd.DataFrame:
    """The rows without those of a stretch (of one tenant, or of all)."""
    inside = (rows["timestamp"] >= start) & (rows["timestamp"] < start + pd.Timedelta(minutes=minutes))
    return rows[~(inside & ((rows["tenant"] == tenant) | (tenant is None)))].reset_index(drop=True)


def rhythm(rows: pd.DataFrame) -> pd.DataFrame:
    """RHYTHM of such rows."""
    counted = rows.groupby([rows["timestamp"].dt.floor("min").rename("minute"), "tenant"]).size().rename("rows")
    return conform(counted.reset_index().assign(pull="trail/rhythm"), RHYTHM)


def pauses(rows: pd.DataFrame, *, most: int = 20) -> pd.DataFrame:
    """PAUSES of such rows: the longest of all and of each tenant."""
    parts = []
    for tenant, own in [(None, rows), *rows.groupby("tenant")]:
        found = pd.DataFrame({"start": own["timestamp"].shift(), "end": own["timestamp"]}).dropna()
        longest = (found["end"] - found["start"]).nlargest(most).index
        parts.append(found.loc[longest].assign(tenant=tenant).astype({"tenant": "str"}))
    return conform(pd.concat(parts, ignore_index=True).assign(pull="trail/pauses"), PAUSES)
