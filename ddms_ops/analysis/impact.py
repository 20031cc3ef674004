"""Blast radius: which requests and tenants something hit, and what share of theirs that was."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.requests import between, failing_shares


@dataclass(frozen=True, slots=True)
class Impact:
    """Who was hit between `since` and `until`.

    `tenants` has one row a tenant seen in that time, most failures first: requests, failed (int64),
    share (0..1). `requests` and `failed` count all requests of that time. Requests that name no tenant
    are counted in `no_tenant_failed` and in no tenant's row. `users` and `users_hit` count distinct users,
    0 where no event names one. `unseen` are the tenants of the baseline that had no request in that time:
    nothing can be said about them.
    """

    since: pd.Timestamp
    until: pd.Timestamp
    requests: int
    failed: int
    tenants: pd.DataFrame
    no_tenant_failed: int
    users: int = 0
    users_hit: int = 0
    unseen: tuple[str, ...] = ()

    @property
    def hit(self) -> pd.DataFrame:
        """Tenants with at least one failure."""
        return self.tenants[self.tenants["failed"] > 0]

    @property
    def unaffected(self) -> pd.DataFrame:
        """Tenants with requests and without a failure."""
        return self.tenants[self.tenants["failed"] == 0]

    @property
    def share(self) -> float:
        """Failed share of all requests, 0..1."""
        return self.failed / self.requests if self.requests else 0.0


def blast_radius(
    found: pd.DataFrame,
    rows: pd.DataFrame,
    since: pd.Timestamp,
    until: pd.Timestamp,
    before: pd.DataFrame | None = None,
) -> Impact:
    """Impact of some error events on the requests of a time.

    A request is hit when one of the error events carries its id; error events without a request in
    `found` count as requests of their own.

    Args:
        found: `requests` frame (window).
        rows: the error events.
        since: first instant, inclusive.
        until: last instant, exclusive.
        before: `requests` of the baseline, to tell which tenants were not seen.
    """
    kept = ["timestamp", "tenant", "user", "request_id"]
    inside, errors = (between(frame[kept], since, until) for frame in (found, rows))
    hit = inside.assign(failed=is_hit(inside, errors))
    known = set(inside.loc[hit["failed"], "request_id"].dropna())
    orphans = errors[~errors["request_id"].isin(known) & ~errors.index.isin(inside.index)]
    orphans = orphans[~orphans["request_id"].duplicated() | orphans["request_id"].isna()]
    everyone = pd.concat([hit[["tenant", "user", "failed"]], orphans[["tenant", "user"]].assign(failed=True)])
    failed = everyone["failed"].astype(bool)
    tenants = tenant_table(everyone)
    usual = set() if before is None else set(before["tenant"].dropna().astype("str").unique())
    return Impact(
        since=since,
        until=until,
        requests=len(everyone),
        failed=int(failed.sum()),
        tenants=tenants,
        no_tenant_failed=int((failed & everyone["tenant"].isna()).sum()),
        users=int(everyone["user"].nunique()),
        users_hit=int(everyone.loc[failed, "user"].nunique()),
        unseen=tuple(sorted(usual - set(tenants.index))),
    )


def is_hit(found: pd.DataFrame, errors: pd.DataFrame) -> pd.Series:
    """Whether each request is one of the error events, or carries the request id of one (bool)."""
    if errors.empty:
        return pd.Series(False, index=found.index)
    return found["request_id"].isin(errors["request_id"].dropna().unique()) | found.index.isin(errors.index)


def tenant_table(found: pd.DataFrame) -> pd.DataFrame:
    """Requests, failed and share by tenant, most failures first, then most requests, then by name."""
    known = found[found["tenant"].notna()]
    table = failing_shares(known["failed"], known["tenant"].astype("str").rename("tenant")).reset_index()
    return table.sort_values(["failed", "requests", "tenant"], ascending=[False, False, True]).set_index("tenant")
