"""Where one environment of a system runs: accounts, resources, database; see `ddms_ops.declaration`."""

import json
import re
from typing import Self, TypeVar

from pydantic import Field, field_validator, model_validator

from ddms_ops.settings import Strict

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ACCOUNT_ID = r"|\d{12}"


Declared = TypeVar("Declared", bound=Strict)


def of_account(declared: Declared, account: str) -> Declared:
    """The same with the account's name in the place of `{account}` in every text."""
    text = declared.model_dump_json()
    if "{account}" not in text:
        return declared
    return type(declared).model_validate_json(text.replace("{account}", json.dumps(account)[1:-1]))


class Account(Strict):
    """One AWS account and region.

    `account` is compared with the caller's identity before anything is asked; `aws_profile` names a profile of the
    AWS configuration (a role to assume stands there), empty means the default credentials.
    """

    region: str = Field(min_length=1)
    account: str = Field(default="", pattern=ACCOUNT_ID)
    aws_profile: str = ""


class Environment(Strict):
    """Where one environment runs: one account and region, or several by name.

    With several, each log group, metric and resource is asked for in every one, and named `<account name>:<name>`;
    `{account}` in a name stands for the account's.
    """

    region: str = ""
    account: str = Field(default="", pattern=ACCOUNT_ID)
    aws_profile: str = ""
    accounts: dict[str, Account] = {}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.region) == bool(self.accounts):
            raise ValueError("needs a region, or accounts: {name: {region: …}}, and not both")
        return self

    @field_validator("accounts")
    @classmethod
    def _plain_names(cls, accounts: dict[str, Account]) -> dict[str, Account]:
        if wrong := [name for name in accounts if not ACCOUNT_NAME.fullmatch(name)]:
            raise ValueError(f"{wrong[0]!r} cannot name an account; use letters, digits, '-' and '_'")
        return accounts

    @property
    def targets(self) -> dict[str, Account]:
        """Accounts by name; one without a name where the environment is one account."""
        return self.accounts or {"": Account(region=self.region, account=self.account, aws_profile=self.aws_profile)}


class Resources(Strict):
    """What the system runs on, by name; what is not named is not asked for."""

    queues: tuple[str, ...] = ()
    state_machines: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    graphql_apis: tuple[str, ...] = ()
    rest_apis: tuple[str, ...] = ()

    @field_validator("services")
    @classmethod
    def _in_a_cluster(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in names if name.count("/") != 1]:
            raise ValueError(f"{wrong[0]!r} names no ECS service; write cluster/service")
        return names


class AuditTable(Strict):
    """One table of audit rows; `columns` are all that is ever read of it."""

    time_column: str
    columns: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _reads_its_time(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("columns names one twice")
        if self.time_column not in self.columns:
            raise ValueError(f"columns must hold the time column {self.time_column!r}")
        return self


class DatabaseLimits(Strict):
    """From where on a sign of the database weighs.

    A load is seconds of database time a second: of one more session that is always busy it rises by 1. Shares are of
    the window's database time; `temp_bytes` are those that one statement spills in the window.
    """

    high_load: float = Field(default=0.05, gt=0)
    medium_load: float = Field(default=0.01, gt=0)
    high_share: float = Field(default=0.25, gt=0, le=1)
    medium_share: float = Field(default=0.1, gt=0, le=1)
    wait_s: float = Field(default=1.0, gt=0)
    connections_share: float = Field(default=0.9, gt=0, le=1)
    temp_bytes: int = Field(default=10 << 20, gt=0)


class Database(Strict):
    """The system's Postgres.

    The connection is the libpq URL in the environment variable `dsn_variable`; its password may instead come from the
    Secrets Manager secret `secret` (JSON with username and password), or from an IAM token (`iam_token`). `log_prefix`
    is the server's log_line_prefix (empty: found out), `log_groups` are the CloudWatch log groups that it logs to,
    `tenant_settings` the settings in which a session states its tenant.
    """

    dsn_variable: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    secret: str = ""
    iam_token: bool = False
    audit: dict[str, AuditTable] = {}
    row_security: tuple[str, ...] = ()
    statement_timeout_s: int = Field(default=15, gt=0)
    log_prefix: str = ""
    log_groups: tuple[str, ...] = ()
    tenant_settings: tuple[str, ...] = ("app.tenant_id", "app.current_tenant", "app.current_tenant_id", "app.tenant")
    limits: DatabaseLimits = DatabaseLimits()


UNDECLARED = Database(dsn_variable="DATABASE_URL")
"""What holds for a folder of exports whose profile declares no database."""


class Athena(Strict):
    """Tables of the account's data lake that stand in for a service, where one machine ends."""

    database: str
    workgroup: str = "primary"
    trail: str = ""
    logs: str = ""
    requests: str = ""


class HealthCheck(Strict):
    """One line of the runbook's health check: a metric, over the last minutes, within its limit.

    Or a resource that must be there, `resource` being one of the keys of `resources`. A `url` is never asked for; it is
    listed as not checked.
    """

    title: str
    anchor: str = ""
    metric: str = ""
    above: float | None = None
    below: float | None = None
    minutes: int = Field(default=60, gt=0)
    resource: str = ""
    name: str = ""
    url: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [bool(self.metric), bool(self.resource), bool(self.url)].count(True) != 1:
            raise ValueError("needs exactly one of 'metric', 'resource' and 'url'")
        if self.metric and (self.above is None) == (self.below is None):
            raise ValueError("a metric needs exactly one of 'above' and 'below', the side that is healthy")
        if self.resource and (self.resource not in Resources.model_fields or not self.name):
            raise ValueError(f"resource is one of {', '.join(Resources.model_fields)}, with a name")
        return self
