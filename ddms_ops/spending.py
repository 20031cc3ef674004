"""What a system spends: section `costs:` of a profile. Its bill, what drives it, and what could be done."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from ddms_ops.errors import did_you_mean
from ddms_ops.settings import Strict

ONE = Decimal(1)


class LogAmount(Strict):
    """A number out of log events: how many there are, the sum of one of their fields, or how many things they name.

    `contains` are texts that an event's message must all hold, as it was logged; `sum` and `distinct` name fields of
    the event's JSON (dots reach inside). With `distinct` an id counts once, in the hour in which it is seen first.
    """

    contains: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    sum: str = ""
    distinct: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.sum and self.distinct:
            raise ValueError("has sum as well as distinct; keep one, or neither to count events")
        if not (self.contains or self.groups or self.sum or self.distinct):
            raise ValueError("says nothing; give contains, groups, sum or distinct")
        return self


class Signal(Strict):
    """Something the system does that can be counted by the hour: a metric of the profile (a sum), or log events.

    `scale` is what one unit of it is in `unit` (0.001 where the metric has ms and the unit is s).
    """

    title: str
    unit: str = ""
    metric: str = ""
    logs: LogAmount | None = None
    scale: float = Field(default=1, gt=0)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.metric) == (self.logs is not None):
            raise ValueError("needs exactly one of 'metric' and 'logs'")
        return self


class Link(Signal):
    """One step on the way from what users do to what is billed.

    `means` says what a rise of this step, per unit of the step before, is called: the first step's is `volume`.
    """

    means: Literal["volume", "retries", "misses", "size"] = "size"


class Driver(Strict):
    """What makes some lines of the bill grow: a chain of steps, from what users do to what is billed.

    The lines are those whose service, usage type and operation match one of the patterns (`*` and `?`) each; lines that
    two drivers match are the first one's. A rise
    of their cost is split over the first step, each step per unit of the one before, usage billed per unit of the last
    step, and the price.
    """

    title: str
    services: tuple[str, ...] = Field(min_length=1)
    usage_types: tuple[str, ...] = ("*",)
    operations: tuple[str, ...] = ("*",)
    chain: dict[str, Link] = Field(min_length=1)
    tenant_key: str = ""

    @model_validator(mode="after")
    def _known_key(self) -> Self:
        if self.tenant_key and self.tenant_key not in self.chain:
            hint = did_you_mean(self.tenant_key, self.chain)
            raise ValueError(f"tenant_key: no step {self.tenant_key!r}{hint}; steps: {', '.join(self.chain)}")
        return self

    @property
    def key(self) -> str:
        """The step by whose tenants the cost is shared: the one named, or the last."""
        return self.tenant_key or list(self.chain)[-1]


class Repeats(Strict):
    """Work that is done once for each id, or a few times: events that hold `contains`, counted by the field `id`.

    `most` is how often one id is worked on in normal running; `least_runs` beyond that, of all ids together, are told.
    """

    title: str
    contains: tuple[str, ...] = Field(min_length=1)
    groups: tuple[str, ...] = ()
    id: str
    most: int = Field(default=3, ge=1)
    least_runs: int = Field(default=20, ge=1)
    driver: str = ""


class Action(Strict):
    """What the runbook suggests against a spike; its saving over the window is computed.

    It puts a `step` of the driver's chain back to what it was in the baseline (all of them where none is named), or,
    with `to: none`, ends the driver's spending.
    """

    title: str
    driver: str
    step: str = ""
    to: Literal["baseline", "none"] = "baseline"
    anchor: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.to == "none" and self.step:
            raise ValueError(
                "ends the driver's spending (to: none), so that it can name no step; leave one of both out"
            )
        return self


class BillStore(Strict):
    """Where AWS delivers the bill, for `live`: a table of the profile's `athena` database, or a prefix in S3.

    With neither, Cost Explorer is asked.
    """

    athena_table: str = ""
    s3: str = Field(default="", pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/[^*?]*)?)?$")


class Costs(Strict):
    """A system's spending: the section `costs` of its profile.

    `measure` is what is compared: amortised (commitments spread over what they cover) or billed. `tags` are cost
    allocation tags that the bill is broken down by, `only_tags` and `only_accounts` tell this system's lines from
    others of the same bill; `tenant_tag` is the tag that names a tenant. A rise is told from `min_amount` (a day, in
    the bill's currency) and `min_share` (of what was expected) on; from `high_share` of a usual day's usage on it is
    high. `history_days` before the window teach what is usual. Days that AWS calls estimated count as finished when
    the bill goes on `settle_h` after their end. `scenario` names the profile's scenario whose steps follow a rise.
    """

    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    measure: Literal["amortised", "billed"] = "amortised"
    tags: tuple[str, ...] = ()
    only_tags: dict[str, str] = {}
    only_accounts: tuple[str, ...] = ()
    tenant_tag: str = ""
    min_amount: Decimal = Field(default=ONE, gt=0)
    min_share: float = Field(default=0.2, gt=0)
    high_share: float = Field(default=0.25, gt=0)
    history_days: int = Field(default=42, ge=7, le=400)
    settle_h: int = Field(default=48, ge=0)
    scenario: str = ""
    bill: BillStore = BillStore()
    drivers: dict[str, Driver] = {}
    repeats: dict[str, Repeats] = {}
    actions: dict[str, Action] = {}

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        for key, repeats in self.repeats.items():
            if repeats.driver and repeats.driver not in self.drivers:
                raise ValueError(
                    f"repeats.{key}: no driver {repeats.driver!r}{did_you_mean(repeats.driver, self.drivers)}"
                )
        for key, action in self.actions.items():
            driver = self.drivers.get(action.driver)
            if driver is None:
                raise ValueError(
                    f"actions.{key}: no driver {action.driver!r}{did_you_mean(action.driver, self.drivers)}"
                )
            if action.step and action.step not in driver.chain:
                raise ValueError(f"actions.{key}: no step {action.step!r}{did_you_mean(action.step, driver.chain)}")
        return self
