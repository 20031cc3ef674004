"""How a system keeps its tenants apart, and what excuses a crossing; the profile's `tenants` section."""

import re
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from ddms_ops.settings import Strict

TENANT_GROUP = "tenant"
EXCUSABLE = ("user", "actor", "owner", "action", "record_type", "record")


class Trail(Strict):
    """The audit table, and which of its columns says what; an empty name: it has no such column.

    `actor_tenant` is the tenant of who acted, `row_tenant` the tenant that the row was written for. `outcome` holds a
    status; rows whose outcome is among `denied` disclosed nothing, nor did those among `failed`. `sequence` is a
    number that grows by one with each row. `details` is JSON: its member `results` lists the records that a search
    returned, `object_key` is the key that a pre-signed URL was made for.
    """

    table: str
    id: str
    time: str
    row_tenant: str
    actor_tenant: str = ""
    user: str = ""
    action: str = ""
    record_type: str = ""
    record: str = ""
    request: str = ""
    outcome: str = ""
    denied: tuple[str, ...] = ("401", "403", "404", "denied", "blocked")
    failed: tuple[str, ...] = ("400", "409", "422", "429", "500", "502", "503", "504", "error", "failed")
    sequence: str = ""
    details: str = ""
    results: str = ""
    object_key: str = ""


class Ownership(Strict):
    """Which tenant a record or user belongs to; with `since` one row for each stretch of time, else as it is now.

    A stretch is half-open; it ends with the earliest of the `until` columns that is not null. `types` are the record
    types that the table is of, where ids of one may be those of another; empty: all.
    """

    table: str
    id: str
    tenant: str
    since: str = ""
    until: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole_stretches(self) -> Self:
        if bool(self.since) != bool(self.until):
            raise ValueError("needs both 'since' and 'until', or neither: a stretch of time has two ends")
        return self


class Grants(Strict):
    """Records shared with another tenant (with every tenant where `tenant` is null in a row), for a stretch of time."""

    table: str
    record: str
    tenant: str
    since: str
    until: tuple[str, ...] = ()


class Access(Strict):
    """Users let into another tenant for a stretch of time; with `ticket` only where that column is not empty."""

    table: str
    user: str
    tenant: str
    since: str
    until: tuple[str, ...] = ()
    ticket: str = ""


class Bucket(Strict):
    """Whose the objects of a bucket are: all one tenant's, or named by the group `tenant` of a pattern on the key."""

    tenant: str = ""
    key: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.tenant) == bool(self.key):
            raise ValueError("needs exactly one of 'tenant' and 'key'")
        return self

    _check = field_validator("key")(lambda pattern: _tenant_pattern(pattern))


class Objects(Strict):
    """Tenants in S3: by bucket, and by who reads.

    `accounts` and `principals` say which tenant an account id, or an ARN or user that a pattern matches, acts for;
    others act for nobody in particular. `data_events` says that reads of objects are recorded, so that their
    absence is a gap: as CloudTrail data events, with `access_logs` also as S3 access logs.
    """

    buckets: dict[str, Bucket] = {}
    accounts: dict[str, str] = {}
    principals: dict[str, str] = {}
    data_events: bool = False
    access_logs: bool = False

    @field_validator("principals")
    @classmethod
    def _patterns(cls, principals: dict[str, str]) -> dict[str, str]:
        return {checked_pattern(pattern): tenant for pattern, tenant in principals.items()}


class LogTenants(Strict):
    """Where the logs' events name tenants; fields as they stand in the events (a list is tried in order).

    `token_tenant` is the tenant of the caller's token (a Cognito group or claim too), `path_tenant` a pattern with the
    group `tenant` on the request's path, `object_tenant` the field with the tenant of what was returned. `cache` is a
    field whose value is among `cache_hits` where the answer came from a cache, `cache_key` the key, on which
    `cache_tenant`, a pattern with the group `tenant`, finds the tenant it was stored for. A request whose path matches
    `search_path` must carry one of the fields `search_filter`. `object_key` is a field with an S3 key.
    """

    token_tenant: tuple[str, ...] = ()
    path_tenant: str = ""
    object_tenant: tuple[str, ...] = ()
    cache: str = ""
    cache_hits: tuple[str, ...] = ("HIT", "hit", "true")
    cache_key: str = ""
    cache_tenant: str = ""
    search_path: str = ""
    search_filter: tuple[str, ...] = ()
    object_key: tuple[str, ...] = ()

    _plain = field_validator("search_path")(lambda pattern: checked_pattern(pattern))
    _check = field_validator("path_tenant", "cache_tenant")(lambda pattern: _tenant_pattern(pattern))


class Isolation(Strict):
    """What the database's own isolation is judged by.

    `app_roles` are the roles that the application connects as, `columns` what a tenant column is called, `setting` the
    setting that policies go by (empty: any of database.tenant_settings); `shared` are tables that no tenant owns, by
    name, with the reason.
    """

    app_roles: tuple[str, ...] = ()
    columns: tuple[str, ...] = ("tenant_id",)
    setting: str = ""
    shared: dict[str, str] = {}


class ExceptionRule(Strict):
    """A crossing that is meant: which rows, why, who answers for it, and from when to when.

    Every column of `where` must hold one of its values; `since` and `until` are instants with a zone, half-open.
    """

    name: str
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    since: str
    until: str
    where: dict[str, tuple[str, ...]] = Field(min_length=1)

    @field_validator("where")
    @classmethod
    def _known_columns(cls, where: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if wrong := [name for name in where if name not in EXCUSABLE]:
            raise ValueError(f"{wrong[0]!r} is no column of a crossing; known: {', '.join(EXCUSABLE)}")
        return where

    @field_validator("since", "until")
    @classmethod
    def _instant(cls, text: str) -> str:
        try:
            stamp = pd.Timestamp(text)
        except ValueError:
            stamp = pd.NaT
        if pd.isna(stamp) or stamp.tzinfo is None:
            raise ValueError("is no instant with a zone; write 2026-03-04T10:00Z")
        return text

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if pd.Timestamp(self.since) >= pd.Timestamp(self.until):
            raise ValueError("ends before it begins; 'until' must be after 'since'")
        return self


class Tenants(Strict):
    """How a tenant shows in a system's trail, tables, logs, objects and database, and what may cross.

    `known` is the table that lists the tenants. `folded` says that ids which differ only in case, hyphens or
    surrounding space are one tenant; it is counted once, as most of its log events spell it.
    """

    known: Ownership | None = None
    folded: bool = True
    trail: Trail | None = None
    records: Ownership | None = None
    users: Ownership | None = None
    grants: Grants | None = None
    members: Access | None = None
    impersonations: Access | None = None
    objects: Objects = Objects()
    logs: LogTenants = LogTenants()
    isolation: Isolation = Isolation()
    exceptions: tuple[ExceptionRule, ...] = ()
    unaudited: dict[str, str] = {}  # endpoint, as the logs' are named, → why its reads need no audit row
    categories: dict[str, str] = {}  # record type → category of personal data, for the breach annex
    containment: tuple[str, ...] = ()  # the runbook's steps

    @model_validator(mode="after")
    def _knows_who_acts(self) -> Self:
        if self.trail is not None and not self.trail.actor_tenant and self.users is None:
            raise ValueError("needs trail.actor_tenant, or users: nothing says whose tenant the actor is")
        return self

    @field_validator("exceptions")
    @classmethod
    def _named_once(cls, rules: tuple[ExceptionRule, ...]) -> tuple[ExceptionRule, ...]:
        names = [rule.name for rule in rules]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"names {twice[0]!r} twice")
        return rules


def is_folded(tenants: Tenants | None) -> bool:
    """Whether ids that differ only in case, hyphens or surrounding space are one tenant; not where none is declared."""
    return tenants is not None and tenants.folded


def checked_pattern(pattern: str) -> str:
    """The pattern, which both this process and the engine that reads records can run.

    Raises:
        ValueError: it is none, or uses what RE2 does not have.
    """
    try:
        re.compile(pattern)
        pc.match_substring_regex(pa.array([""]), pattern)
    except (re.error, pa.ArrowInvalid):
        raise ValueError(f"{pattern!r} is not a regular expression of RE2 (it has no look-around)") from None
    return pattern


def _tenant_pattern(pattern: str) -> str:
    if not pattern:
        return pattern
    groups = re.compile(checked_pattern(pattern)).groupindex
    if TENANT_GROUP not in groups:
        raise ValueError("has no group named tenant; write (?P<tenant>[^/]+)")
    return pattern
