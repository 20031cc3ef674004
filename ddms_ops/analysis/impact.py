"""Blast radius: which requests and tenants something hit, and what share of theirs that was."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.requests import between, failing_shares


@dataclass(frozen=True, slots=True)
class Impact:
    """Who was hit between `since` and `until`.

    `tenants` has one row a tenant seen in that time, most failures first: requests, failed (int64),
    share (0..1). `requests` and `failed` count all requests of that time. Requests that name no tenant
    are counted in `no_tenant_failed` and in no tenant's row.
    """

    since: pd.Timestamp
    until: pd.Timestamp
    requests: int
    failed: int
    tenants: pd.DataFrame
    no_tenant_failed: int

    @property
    def hit(self) -> pd.DataFrame:
        """Tenants with at least one failure."""
        return self.tenants[self.tenants["failed"] > 0]

    @property
    def share(self) -> float:
        """Failed share of all requests, 0..1."""
        return self.failed / self.requests if self.requests else 0.0


def blast_radius(found: pd.DataFrame, rows: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp) -> Impact:
    """Impact of some error events on the requests of a time.

    A request is hit when one of the error events carries its id; error events without a request in
    `found` count as requests of their own.

    Args:
        found: `requests` frame (window).
        rows: the error events.
        since: first instant, inclusive.
        until: last instant, exclusive.
    """
    inside, errors = (between(frame[["timestamp", "tenant", "request_id"]], since, until) for frame in (found, rows))
    hit = inside.assign(failed=is_hit(inside, errors))
    known = set(inside.loc[hit["failed"], "request_id"].dropna())
    orphans = errors[~errors["request_id"].isin(known) & ~errors.index.isin(inside.index)]
    orphans = orphans[~orphans["request_id"].duplicated() | orphans["request_id"].isna()]
    everyone = pd.concat([hit[["tenant", "failed"]], orphans[["tenant"]].assign(failed=True)])
    failed = everyone["failed"].astype(bool)
    return Impact(
        since,
        until,
        len(everyone),
        int(failed.sum()),
        tenant_table(everyone),
        int((failed & everyone["tenant"].isna()).sum()),
    )


def is_hit(found: pd.DataFrame, errors: pd.DataFrame) -> pd.Series:
    """Whether each request is one of the error events, or carries the request id of one (bool)."""
    return found["request_id"].isin(set(errors["request_id"].dropna())) | found.index.isin(errors.index)


def tenant_table(found: pd.DataFrame) -> pd.DataFrame:
    """Requests, failed and share by tenant, most failures first, then most requests, then by name."""
    known = found[found["tenant"].notna()]
    table = failing_shares(known["failed"], known["tenant"].astype("str").rename("tenant")).reset_index()
    return table.sort_values(["failed", "requests", "tenant"], ascending=[False, False, True]).set_index("tenant")
