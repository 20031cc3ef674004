"""Bills in short words."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from ddms_ops.analysis.cost_periods import CostPeriods, cost_periods
from ddms_ops.analysis.cost_rises import Rise, cost_rises
from ddms_ops.cost_schemas import COSTS, DETAILS
from ddms_ops.schema import conform
from ddms_ops.window import Window

MONDAY = "2026-02-02"
"""First day of a history of 42 days: the window begins on Monday, 2026-03-16."""
LIMITS = {"measure": "amortised", "min_amount": Decimal(1), "min_share": 0.2}


def day(text: str) -> pd.Timestamp:
    """Start of a day, UTC."""
    return pd.Timestamp(text, tz="UTC")


def after(days: int, start: str = MONDAY) -> pd.Timestamp:
    """A day so many days after another."""
    return day(start) + pd.Timedelta(days=days)


def span(start: str | pd.Timestamp, days: int) -> Window:
    """So many whole days."""
    first = day(start) if isinstance(start, str) else start
    return Window(first, first + pd.Timedelta(days=days))


def line(
    stamp: str | pd.Timestamp, cost: object, kind: str | tuple[str, ...] = "S3/Requests", **columns: object
) -> dict:
    """A row of COSTS: `service/usage type` or `service/usage type/operation`; amortised as billed, usage as given."""
    service, usage_type, operation = [*(kind.split("/") if isinstance(kind, str) else kind), None, None][:3]
    billed = Decimal(str(cost))
    usual = {"category": "usage", "currency": "USD", "estimated": False, "lines": 1, "account": "1", "region": "r"}
    keys = {"service": service, "usage_type": usage_type, "operation": operation, "billed": billed}
    given = {key: Decimal(str(value)) if key in ("usage", "amortised") and value is not None else value
             for key, value in columns.items()}  # fmt: skip
    stamp = day(stamp) if isinstance(stamp, str) else stamp
    return {"timestamp": stamp, **keys, "amortised": billed, **usual, **given}


def costs(*rows: dict | Iterable[dict]) -> pd.DataFrame:
    """COSTS of rows and of series of rows; `row` counts."""
    flat = [each for row in rows for each in ([row] if isinstance(row, dict) else row)]
    frame = pd.DataFrame(flat, columns=COSTS.names[:-2], dtype="object")
    return conform(frame.assign(pull="costs/days", row=range(len(frame))), COSTS)


def details(*rows: dict) -> pd.DataFrame:
    """DETAILS of rows made with `line` and a side."""
    frame = pd.DataFrame(list(rows), columns=DETAILS.names[:-2], dtype="object")
    return conform(frame.assign(pull="costs/details", row=range(len(frame))), DETAILS)


def series(values: Iterable[object], kind: str = "S3/Requests", start: str = MONDAY, **columns: object) -> list[dict]:
    """A line a day from `start` on; no line where the value is None."""
    return [line(after(n, start), value, kind, **columns) for n, value in enumerate(values) if value is not None]


def weekly(
    rng: np.random.Generator, *, days: int = 45, level: float = 100.0, noise: float = 0.05, weekend: float = 0.5
) -> list[float]:
    """Amounts from a Monday on with quieter weekends and lognormal noise."""
    shape = np.where(np.arange(days) % 7 >= 5, weekend, 1.0)
    return [round(float(value), 6) for value in level * shape * np.exp(rng.normal(0, noise, days))]


def last_days(frame: pd.DataFrame, *, window: int = 3, baseline: int = 7, settle_h: int = 48) -> CostPeriods:
    """The last days of a bill, against the same days so many days before."""
    end = frame["timestamp"].max().floor("D") + pd.Timedelta(days=1)
    now = Window(end - pd.Timedelta(days=window), end)
    return cost_periods(frame, now, now.shifted(-pd.Timedelta(days=baseline)), settle_h=settle_h)


def rises(*rows: dict | Iterable[dict], window: int = 3, **given: object) -> list[Rise]:
    """Of the last days of a bill."""
    frame = costs(*rows)
    return cost_rises(frame, last_days(frame, window=window), **{**LIMITS, **given})


def periods(now: Iterable[pd.Timestamp], before: Iterable[pd.Timestamp]) -> CostPeriods:
    """Chosen days."""
    return CostPeriods(tuple(now), tuple(before))


def focus_sample(path: Path) -> pd.DataFrame:
    """COSTS by line of a FOCUS export, read with the csv module; SKU as the usage type."""
    with path.open(newline="", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    named = {"Usage": "usage", "Credit": "credit", "Tax": "tax", "Purchase": "commitment", "Adjustment": "adjustment"}
    return costs(
        line(
            pd.Timestamp(each["ChargePeriodStart"], tz="UTC"),
            each["BilledCost"],
            (each["ServiceName"], each["SkuId"]),
            amortised=each["EffectiveCost"],
            category=named[each["ChargeCategory"]],
            unit=each["ConsumedUnit"] or None,
            usage=each["ConsumedQuantity"] if each["ConsumedQuantity"] not in ("", "NULL") else None,
        )
        for each in records
    )
