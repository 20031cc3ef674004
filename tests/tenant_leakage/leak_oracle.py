"""What the written files themselves say of a row, by plain loops: for the generator's own tests, not for rules."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

Row = dict[str, str]
SERVED = ("200", "304")


def table(folder: Path, name: str) -> Iterator[Row]:
    """Rows of audit/<name>.csv."""
    with (folder / "audit" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def instant(text: str) -> pd.Timestamp | None:
    """A time as Postgres prints it; null where empty."""
    return pd.Timestamp(text) if text else None


class Oracle:
    """Who owned what and who was let in where, looked up by time."""

    def __init__(self, folder: Path) -> None:
        self.owners = self._stretches(folder, "document_owners", "document_id", "valid_from", "valid_until")
        self.users = self._stretches(folder, "user_tenants", "user_id", "valid_from", "valid_until")
        self.shares = self._stretches(
            folder, "document_shares", "document_id", "created_at", "expires_at", "revoked_at"
        )
        self.members = self._stretches(folder, "memberships", "user_id", "joined_at", "left_at")
        self.sessions = self._stretches(folder, "support_sessions", "user_id", "started_at", "ended_at", "expires_at")
        self.tenants = {self.folded(row["id"]) for row in table(folder, "tenants")}

    @staticmethod
    def folded(tenant: str) -> str:
        """A tenant's id without case and hyphens."""
        return tenant.lower().replace("-", "")

    def at(self, kept: dict[str, list[Any]], name: str, time: pd.Timestamp) -> set[str]:
        """Tenants of the stretches of a record or user that hold at a time; sessions without a ticket do not."""
        return {tenant for tenant, since, until in kept[name] if since <= time and (until is None or time < until)}

    def crossings(self, row: Row) -> list[tuple[str, str, str]]:
        """Pairs of another tenant's record and its owner that a row served without any right to; the actor first."""
        time = instant(row["created_at"])
        if row["status"] not in SERVED or time is None:
            return []
        actor = self.folded(row["tenant_id"])
        if row["user_id"]:
            [home] = self.at(self.users, row["user_id"], time)
            actor = home
        found = []
        for record, owner in self._records(row, time):
            rights = self.at(self.shares, record, time) & {actor, ""}
            if row["user_id"]:
                entered = self.at(self.members, row["user_id"], time) | self.at(self.sessions, row["user_id"], time)
                rights |= entered & {owner}
            if owner != actor and not rights:
                found.append((actor, owner, record))
        return found

    def _records(self, row: Row, time: pd.Timestamp) -> Iterator[tuple[str, str]]:
        details = json.loads(row["details"] or "{}")
        if key := details.get("key"):
            yield key, self.folded(key.split("/")[0])
        for record in [*filter(None, [row["resource_id"]]), *details.get("results", ())]:
            [owner] = self.at(self.owners, record, time)
            yield record, owner

    def _stretches(self, folder: Path, name: str, key: str, since: str, *until: str) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        for row in table(folder, name):
            if row.get("ticket") != "":
                ends = [end for column in until if (end := instant(row[column])) is not None]
                found[row[key]].append((self.folded(row["tenant_id"]), instant(row[since]), min(ends, default=None)))
        return found
