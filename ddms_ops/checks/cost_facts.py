"""What the checks of the cost notebook read."""

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from ddms_ops.analysis.cost_drivers import Story
from ddms_ops.analysis.cost_periods import CostPeriods
from ddms_ops.analysis.cost_rises import Rise
from ddms_ops.analysis.driver_starts import Start
from ddms_ops.analysis.provisional import Estimate
from ddms_ops.analysis.repeated_work import RepeatedWork
from ddms_ops.analysis.savings import Saving
from ddms_ops.spending import Costs


class CostFacts(Protocol):
    """The bill of window and baseline and what the system did; frames as in `ddms_ops.cost_schemas`."""

    @property
    def costs(self) -> Costs:
        """The profile's section `costs`."""
        ...

    @property
    def currency(self) -> str:
        """The bill's currency."""
        ...

    @property
    def cost_days(self) -> pd.DataFrame:
        """COSTS by day."""
        ...

    @property
    def cost_hours(self) -> pd.DataFrame:
        """COSTS by hour, no rows where the bill is daily."""
        ...

    @property
    def cost_details(self) -> pd.DataFrame:
        """DETAILS of the days compared."""
        ...

    @property
    def cost_periods(self) -> CostPeriods:
        """Which days are compared with which."""
        ...

    @property
    def cost_bridge(self) -> pd.DataFrame:
        """BRIDGE."""
        ...

    @property
    def cost_rises(self) -> list[Rise]:
        """Kinds of lines that cost more, or less, than expected."""
        ...

    @property
    def total_rise(self) -> Rise | None:
        """The same of the whole spend."""
        ...

    @property
    def cost_amounts(self) -> pd.DataFrame:
        """AMOUNTS of every step of every driver, by the hour."""
        ...

    @property
    def cost_stories(self) -> Mapping[str, Story]:
        """What moved the cost of each driver, by its name."""
        ...

    def story_of(self, service: str | None, usage_type: str | None) -> tuple[str, Story] | None:
        """The driver of a kind of lines and its story."""
        ...

    def driver_start(self, name: str) -> Start | None:
        """When what moved a driver left its normal."""
        ...

    def signal_start(self, name: str) -> Start | None:
        """When the use that a driver is billed for left its normal, whatever the bill knows."""
        ...

    @property
    def repeated_work(self) -> tuple[tuple[RepeatedWork, ...], pd.DataFrame, tuple[str, ...]]:
        """Work done again and again, WORK, and doubts."""
        ...

    @property
    def tenant_costs(self) -> Mapping[str, pd.DataFrame]:
        """Cost by tenant of each driver."""
        ...

    @property
    def provisional_costs(self) -> list[Estimate]:
        """Estimates for what the bill does not hold yet."""
        ...

    @property
    def cost_savings(self) -> list[Saving]:
        """What the runbook's actions would have saved."""
        ...
