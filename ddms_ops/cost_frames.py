"""What is computed from a case's bill and from what the system did meanwhile, each once."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.analysis.cost_bridge import bridge, sides
from ddms_ops.analysis.cost_course_amounts import is_kind
from ddms_ops.analysis.cost_drivers import Story, matching, story
from ddms_ops.analysis.cost_periods import CostPeriods, cost_periods
from ddms_ops.analysis.cost_rises import Rise, cost_rises, total_rise
from ddms_ops.analysis.driver_starts import Start, start_of
from ddms_ops.analysis.log_amounts import metric_amounts, read_log_amounts
from ddms_ops.analysis.provisional import Estimate, provisional
from ddms_ops.analysis.repeated_work import RepeatedWork, read_work
from ddms_ops.analysis.savings import Saving, savings
from ddms_ops.analysis.signal_starts import start_of_signal
from ddms_ops.analysis.tenant_cost import tenant_cost
from ddms_ops.cost_schemas import AMOUNTS, COSTS, DETAILS
from ddms_ops.declaration import Logs, Profile
from ddms_ops.evidence import EvidenceFolder, read_table
from ddms_ops.normalize.costs import cost_frame
from ddms_ops.sampling import sample_words
from ddms_ops.schema import conform
from ddms_ops.sources.base import Pull, Query, Source
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs
from ddms_ops.tenancy import is_folded
from ddms_ops.tenant_ids import other_spellings, spelled_alike
from ddms_ops.window import Window

DAY = pd.Timedelta(days=1)
BILL, HOURS, DETAIL = "costs", "costs_hours", "costs_details"
"""Names of the pulls; only the first is needed to call anything clear."""


class CostFrames:
    """The frames of a case that come from its bill; a `Case` brings the pulls."""

    profile: Profile
    window: Window
    baseline: Window
    source: Source
    evidence: EvidenceFolder
    metrics: pd.DataFrame
    baseline_metrics: pd.DataFrame

    @abstractmethod
    def _pull(self, name: str, fetch: Callable[..., Pull], query: Query) -> str:
        """Fetch and record one pull, once; its name."""

    @property
    @abstractmethod
    def sample(self) -> tuple[int, int, int] | None:
        """1 in how many events by time the log pulls hold, None where all."""

    @property
    @abstractmethod
    def log_pulls(self) -> list[tuple[Path, str, Logs]]:
        """For each log pull of window and baseline its evidence file, its name, and how its events name things."""

    @property
    def costs(self) -> Costs:
        """The profile's section `costs`."""
        return self.profile.costs

    @cached_property
    def cost_days(self) -> pd.DataFrame:
        """COSTS by day: of window and baseline, of what teaches the usual before, and of what settles them after."""
        query = self._cost_query("days", self.costs.history_days)
        settled = query.window.end + pd.Timedelta(hours=self.costs.settle_h).ceil("D") + DAY
        asked = replace(query, window=Window(query.window.start, settled), until=query.window.end)
        return self._cost_frame(BILL, asked)

    @cached_property
    def cost_hours(self) -> pd.DataFrame:
        """COSTS by hour of window and baseline; no rows where the bill is daily."""
        return self._cost_frame(HOURS, self._cost_query("hours", 0))

    @cached_property
    def cost_details(self) -> pd.DataFrame:
        """DETAILS of the days that are compared; no rows where there are none."""
        periods = self.cost_periods
        if not (periods.now and periods.before):
            return conform(pd.DataFrame(), DETAILS)
        now, before = (tuple(f"{day:%Y-%m-%d}" for day in days) for days in (periods.now, periods.before))
        query = replace(self._cost_query("details", 0), now=now, before=before)
        return cost_frame(self._cost_table(DETAIL, query), DETAIL, DETAILS)

    def _cost_query(self, part: str, history_days: int) -> CostQuery:
        """Whole days around window and baseline."""
        start = min(self.window.start, self.baseline.start).floor("D") - pd.Timedelta(days=history_days)
        end = max(self.window.end, self.baseline.end).ceil("D")
        return CostQuery(Window(start, end), part, self.costs)

    def _cost_table(self, name: str, query: CostQuery) -> pa.Table:
        return read_table(self.evidence.path_of(self._pull(name, self.source.fetch_cost_answer, query)))

    def _cost_frame(self, name: str, query: CostQuery) -> pd.DataFrame:
        return cost_frame(self._cost_table(name, query), name, COSTS)

    @cached_property
    def currency(self) -> str:
        """The bill's currency; the declared one, or nothing, where there is no bill."""
        named = self.cost_days["currency"].dropna()
        return str(named.iloc[0]) if len(named) else self.costs.currency

    @cached_property
    def cost_periods(self) -> CostPeriods:
        """Which days are compared with which."""
        return cost_periods(self.cost_days, self.window, self.baseline, settle_h=self.costs.settle_h)

    @cached_property
    def cost_bridge(self) -> pd.DataFrame:
        """BRIDGE from the baseline's days to the window's."""
        periods = self.cost_periods
        before, now = sides(self.cost_days, periods)
        return bridge(before, now, scale=periods.scale, measure=self.costs.measure)

    @cached_property
    def cost_rises(self) -> list[Rise]:
        """Kinds of lines that cost more, or less, than expected; most money first."""
        costs = self.costs
        return cost_rises(
            self.cost_days, self.cost_periods, measure=costs.measure, min_amount=costs.min_amount,
            min_share=costs.min_share,
        )  # fmt: skip

    @cached_property
    def total_rise(self) -> Rise | None:
        """The same of the whole spend; None where it is as expected."""
        costs = self.costs
        return total_rise(
            self.cost_days, self.cost_periods, measure=costs.measure, min_amount=costs.min_amount,
            min_share=costs.min_share,
        )  # fmt: skip

    @cached_property
    def cost_amounts(self) -> pd.DataFrame:
        """AMOUNTS of every step of every driver, by the hour, of window and baseline."""
        return self._read_amounts[0]

    @cached_property
    def amount_doubts(self) -> tuple[str, ...]:
        """What makes the amounts doubtful, in words."""
        return self._read_amounts[1]

    @cached_property
    def _read_amounts(self) -> tuple[pd.DataFrame, tuple[str, ...]]:
        if not self.costs.drivers:
            return conform(pd.DataFrame(), AMOUNTS), ()
        logged, doubts = read_log_amounts(self.log_pulls, self.costs)
        logged = self._spelled_alike(logged, "events")
        if self.sample:
            logged = logged[~logged["signal"].isin(self._counted_once)]
            logged = logged.assign(value=logged["value"] * self.sample[0])
            words = f"{sample_words(self.sample[0])}: amounts out of logs are estimates, ids cannot be counted"
            doubts = (*doubts, words)
        measured = metric_amounts(self.metrics, self.baseline_metrics, self.costs)
        parts = [part for part in (logged, measured) if len(part)]
        return (pd.concat(parts, ignore_index=True) if parts else logged), tuple(doubts)

    @property
    def _asked(self) -> tuple[Window, Window]:
        """What logs and metrics were asked for."""
        return self.window, self.baseline

    @property
    def _counted_once(self) -> list[str]:
        """Signals that count each id once, which a sample cannot tell."""
        chains = {name: driver.chain for name, driver in self.costs.drivers.items()}
        return [
            f"{name}/{step}"
            for name, chain in chains.items()
            for step, link in chain.items()
            if link.logs and link.logs.distinct
        ]

    @cached_property
    def cost_stories(self) -> Mapping[str, Story]:
        """What moved the cost of each driver that the bill knows, by its name in the profile."""
        found = {}
        for name, driver in self.costs.drivers.items():
            told = story(
                name, driver, self._lines_of[name], self.cost_amounts, self.cost_periods,
                doubts=self.amount_doubts, asked=self._asked,
            )  # fmt: skip
            if told is not None:
                found[name] = told
        return found

    @cached_property
    def _lines_of(self) -> Mapping[str, pd.DataFrame]:
        """Lines of the bridge by the driver that they are of, the first that matches."""
        left, found = self.cost_bridge, {}
        for name, driver in self.costs.drivers.items():
            is_own = matching(driver, left)
            found[name], left = left[is_own], left[~is_own]
        return found

    def story_of(self, service: str | None, usage_type: str | None) -> tuple[str, Story] | None:
        """The driver of a kind of lines and its story; None where the profile declares none for it."""
        for name, told in self.cost_stories.items():
            if is_kind(self._lines_of[name], service, usage_type).any():
                return name, told
        return None

    def driver_start(self, name: str) -> Start | None:
        """When what moved a driver left its normal, by what the system did; None where that cannot be told."""
        if name not in self._starts:
            told = self.cost_stories[name]
            self._starts[name] = start_of(told, self.cost_amounts, self.cost_periods, self.window, asked=self._asked)
        return self._starts[name]

    @cached_property
    def _starts(self) -> dict[str, Start | None]:
        return {}

    def signal_start(self, name: str) -> Start | None:
        """When the use that a driver is billed for left its normal, whatever the bill knows."""
        signal = f"{name}/{list(self.costs.drivers[name].chain)[-1]}"
        return start_of_signal(signal, self.cost_amounts, self.window)

    @cached_property
    def repeated_work(self) -> tuple[tuple[RepeatedWork, ...], pd.DataFrame, tuple[str, ...]]:
        """Work done again and again: by entry of `repeats`, WORK of the ids concerned, and doubts."""
        totals, work, doubts = read_work(self.log_pulls, self.costs)
        return totals, self._spelled_alike(work, "times"), doubts

    def _spelled_alike(self, frame: pd.DataFrame, number: str) -> pd.DataFrame:
        """The frame, each tenant as it is spelled most often by a column of numbers."""
        counts = frame.groupby("tenant")[number].sum()
        others = other_spellings(counts, is_folded=is_folded(self.profile.tenants))
        return frame.assign(tenant=spelled_alike(frame["tenant"], others)) if others else frame

    @cached_property
    def tenant_costs(self) -> Mapping[str, pd.DataFrame]:
        """Cost by tenant of each driver that the bill knows; the row without a tenant is not allocated."""
        drivers, lines = self.costs.drivers, self._lines_of
        return {
            name: tenant_cost(name, drivers[name], lines[name], self.cost_amounts, self.cost_periods, asked=self._asked)
            for name in self.cost_stories
        }

    @cached_property
    def provisional_costs(self) -> list[Estimate]:
        """Estimates for the hours of the window that the bill does not hold yet."""
        return provisional(
            self.costs, self.cost_amounts, self.cost_days, self.cost_periods, self.window, asked=self._asked
        )

    @cached_property
    def cost_savings(self) -> list[Saving]:
        """What each of the runbook's actions would have saved over the window."""
        return savings(self.costs, self.cost_stories, len(self.cost_periods.now))
