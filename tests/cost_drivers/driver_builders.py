"""Bills, amounts of work and log events of smart-invoice in short words."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ddms_ops.analysis.cost_drivers import Story, story
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.cost_schemas import AMOUNTS, BRIDGE, COSTS
from ddms_ops.declaration import Logs
from ddms_ops.profile import load_profile
from ddms_ops.schema import conform
from ddms_ops.sources.base import LOG_EVENTS
from ddms_ops.window import Window

PROFILE = load_profile("smart-invoice")
COSTS_OF = PROFILE.costs
MONDAY, WEEK_BEFORE = pd.Timestamp("2026-03-02", tz="UTC"), pd.Timestamp("2026-02-23", tz="UTC")
WINDOW = Window(MONDAY, MONDAY + pd.Timedelta(days=3))
DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
TEXTRACT = ("AmazonTextract", "USE1-SyncDocumentPagesProcessed", "DetectDocumentText")
LAMBDA = ("AWSLambda", "USE1-Lambda-GB-Second", "Invoke")
TOKENS = ("AmazonBedrock", "USE1-Claude-InputTokenCount", "InvokeModel")


def days(start: pd.Timestamp, number: int = 3) -> tuple[pd.Timestamp, ...]:
    """So many days from one on."""
    return tuple(start + place * DAY for place in range(number))


PERIODS = CostPeriods(days(MONDAY), days(WEEK_BEFORE))


def row(
    kind: tuple[str, str, str], before: object, now: object, used: tuple | None = None, **columns: object
) -> dict[str, object]:
    """A row of a bridge: cost and usage (None: not known) over the days of baseline and window."""
    costs = {"before": Decimal(str(before)), "now": Decimal(str(now))}
    usage = [None if each is None else Decimal(str(each)) for each in used or (None, None)]
    keys = dict(zip(("service", "usage_type", "operation"), kind, strict=True))
    rest = {"usage_before": usage[0], "usage_now": usage[1], "delta": costs["now"] - costs["before"]}
    return {**keys, "category": "usage", "unit": "Units", **costs, **rest, **columns}


def bridge(*rows: dict[str, object]) -> pd.DataFrame:
    """BRIDGE of some rows."""
    return conform(pd.DataFrame(list(rows), columns=BRIDGE.names, dtype="object"), BRIDGE)


def amounts(
    hourly: Mapping[str, tuple[float, float]],
    *,
    tenants: Mapping[str | None, tuple[float, float]] | None = None,
    without: Iterable[pd.Timestamp] = (),
    source: str = "logs",
) -> pd.DataFrame:
    """AMOUNTS of signals that come to so much in every hour of baseline and window.

    Args:
        tenants: what share of it is whose, on both sides; else all is of acme.
        without: hours without any.
        source: `logs`, or `metrics` (then nobody's).
    """
    shares = tenants or {"acme" if source == "logs" else None: (1.0, 1.0)}
    group = "/aws/lambda/inference" if source == "logs" else ""
    sides = ((f"{source}.baseline{group}", PERIODS.before), (f"{source}{group}", PERIODS.now))
    rows = [
        {"timestamp": at, "signal": signal, "tenant": tenant, "value": values[side] * share[side], "pull": pull}
        for signal, values in hourly.items()
        for side, (pull, chosen) in enumerate(sides)
        for at in (day + hour * HOUR for day in chosen for hour in range(24))
        for tenant, share in shares.items()
        if at not in set(without) and values[side] * share[side]
    ]
    frame = pd.DataFrame(rows, columns=AMOUNTS.names, dtype="object")
    return conform(frame.assign(events=20, row=range(len(frame))), AMOUNTS)


def told(name: str, lines: pd.DataFrame, work: pd.DataFrame) -> Story:
    """The story of one of the profile's drivers."""
    found = story(name, COSTS_OF.drivers[name], lines, work, PERIODS)
    assert found is not None
    return found


def effect_of(found: Story) -> dict[str, float]:
    """Effects by step, without those of 0."""
    return {factor.step: round(float(factor.effect), 6) for factor in found.factors if round(factor.effect, 6)}


def bill_days(kind: tuple[str, str, str], rows: Mapping[pd.Timestamp, tuple], **columns: object) -> pd.DataFrame:
    """COSTS by day from (billed, usage, list cost)."""
    keys = dict(zip(("service", "usage_type", "operation"), kind, strict=True))
    frame = pd.DataFrame(
        [
            {"timestamp": day, **keys, "category": "usage", "unit": "Units", "currency": "USD",
             **{name: None if value is None else Decimal(str(value))
                for name, value in zip(("billed", "usage", "list_cost"), values, strict=True)}, **columns}
            for day, values in rows.items()
        ],
        columns=COSTS.names[:-2], dtype="object",
    )  # fmt: skip
    frame = frame.assign(amortised=frame["billed"], lines=1, pull="costs", row=range(len(frame)))
    return conform(frame, COSTS)


def event(message: str, invoice: object = "i1", tenant: str | None = "acme", **fields: object) -> dict[str, object]:
    """One event of the inference function."""
    base = {"level": "INFO", "message": message, "requestId": "r", "invoice_id": invoice, "customer_id": tenant}
    return {**base, "version": "1.4.2", **fields}


def pulled(
    folder: Path, *events: tuple[str, str | dict], name: str = "logs/inference", group: str = "/aws/lambda/inference"
) -> tuple[Path, str, Logs]:
    """One pull of (clock of the window's first day, event)."""
    rows = [
        {
            "timestamp": pd.Timestamp(f"{MONDAY:%Y-%m-%d}T{clock}Z"),
            "log_group": group,
            "log_stream": "s",
            "message": each if isinstance(each, str) else json.dumps(each),
        }
        for clock, each in events
    ]
    path = folder / f"{name.replace('/', '_')}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=LOG_EVENTS), path)
    return path, name, PROFILE.logs
