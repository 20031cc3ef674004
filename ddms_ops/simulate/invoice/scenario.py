"""What a cost scenario declares: when, what changes by how much, and for whom."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from zlib import crc32

import numpy as np
import pandas as pd

from ddms_ops.simulate.scenario import AS_DECLARED, MINUTE_MS, Call
from ddms_ops.window import Window, baseline_window, iso, parse_instant

HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BILL_DAYS = 56
SETTLED_H = 72  # days of a bill are finished by then

Effect = Literal[
    "", "repeats", "uploads", "prompt", "cache", "debug", "nat", "memory", "price", "offsets", "reservation", "credit",
    "unfinished",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CostScenario:
    """A planted cost incident, or a bill that only looks like one.

    From the onset on `effect` multiplies what it acts on by `factor`: pages by invoices processed again (repeats), all
    invoices by one customer's (uploads), tokens of a call (prompt), calls that the cache does not answer (cache), log
    bytes (debug: ten times the factor), bytes through the NAT gateway, memory, or the price of `driver`.
    """

    name: str
    title: str
    start: str
    incident_title: str = ""
    severity: str = "P3"
    days: int = 3
    baseline: str = "last-week"
    onset_h: int | None = None  # hours from start
    effect: Effect = ""
    factor: float = 1.0
    driver: str = ""  # key in the profile's costs.drivers, and in CHARGES
    step: str = ""
    bar: str = ""
    customer: int = 0  # the one with the n-th most invoices, of uploads
    monday: float = 1.0  # Mondays have so many times the usual
    changes: tuple[Call, ...] = ()  # minutes count from the onset
    instead: str = ""  # what a careful person says where nothing has risen
    vary: Callable[["CostScenario", np.random.Generator], "CostScenario"] = lambda scenario, _rng: scenario
    system: str = "smart-invoice"
    detected_min: float | None = None

    @property
    def window(self) -> Window:
        """The incident window: whole UTC days."""
        start = parse_instant(self.start)
        return Window(start, start + pd.Timedelta(days=self.days))

    @property
    def before(self) -> Window:
        """The baseline that the incident file asks for."""
        return baseline_window(self.window, self.baseline)

    @property
    def start_ms(self) -> int:
        """Start of the incident window, epoch ms."""
        return _ms(self.window.start)

    @property
    def end_ms(self) -> int:
        """End of the incident window, epoch ms."""
        return _ms(self.window.end)

    @property
    def bill_ms(self) -> int:
        """Start of the bill, epoch ms."""
        return self.bill_end_ms - BILL_DAYS * DAY_MS

    @property
    def bill_end_ms(self) -> int:
        """End of the bill, epoch ms: when the export was made."""
        return self.end_ms + (0 if self.effect == "unfinished" else SETTLED_H * HOUR_MS)

    @property
    def onset_ms(self) -> int | None:
        """First instant of what was planted, epoch ms; None where nothing begins."""
        return None if self.onset_h is None else self.start_ms + self.onset_h * HOUR_MS

    @property
    def onset(self) -> str | None:
        """The onset's hour, ISO with Z."""
        return None if self.onset_h is None else iso(self.window.start + pd.Timedelta(hours=self.onset_h))

    @property
    def anchor_ms(self) -> int:
        """What the minutes of calls count from: the onset, or the window's ninth hour."""
        return self.start_ms + 9 * HOUR_MS if self.onset_ms is None else self.onset_ms

    @property
    def as_of(self) -> str:
        """When the export was made: days after the window, or with its last days unfinished."""
        return iso(pd.Timestamp(self.bill_end_ms, unit="ms", tz="UTC"))

    @property
    def begins_ms(self) -> int:
        """The onset, or the end of the bill where nothing begins, epoch ms."""
        return self.bill_end_ms if self.onset_ms is None else self.onset_ms

    def draws(self, seed: int, part: int) -> np.random.Generator:
        """The random numbers of a part of this scenario."""
        return np.random.default_rng([seed, part, crc32(self.name.encode())])

    def times(self, effect: Effect) -> float:
        """By how much an effect multiplies from the onset on; 1 where another one, or none, is declared."""
        return self.factor if self.effect == effect else 1.0


def _ms(stamp: pd.Timestamp) -> int:
    return round(stamp.timestamp() * 1000)


def moment(time_ms: int) -> datetime:
    """Epoch ms as an aware time."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def played(scenario: CostScenario, seed: int) -> CostScenario:
    """The scenario as a seed plays it: another onset in its first 30 hours, another factor, customer or driver.

    Seed 7 plays it as it is declared. What only begins with a day keeps to that.
    """
    if seed == AS_DECLARED:
        return scenario
    rng = scenario.draws(seed, 11)
    varied = scenario.vary(scenario, rng)
    onset = varied.onset_h
    if onset is not None:
        onset = 24 * int(rng.integers(0, 2)) if onset % 24 == 0 else int(rng.integers(6, 31))
    return replace(varied, onset_h=onset)
