"""Blast radius: which requests and tenants something hit, and what share of theirs that was."""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.analysis.requests import between, failing_shares


@dataclass(frozen=True, slots=True)
class Impact:
    """Who was hit between `since` and `until`.

    `tenants` has one row a tenant seen in that time, most failures first: requests, failed (int64),
    share (0..1). `requests` and `failed` count all requests of that time. Requests that name no tenant
    are counted in `no_tenant_failed` and `no_tenant_healthy` and in no tenant's row. `users` and
    `users_hit` count distinct users, 0 where no event names one. `unseen` are the tenants of the
    baseline that had no request in that time: nothing can be said about them.
    """

    since: pd.Timestamp
    until: pd.Timestamp
    requests: int
    failed: int
    tenants: pd.DataFrame
    no_tenant_failed: int
    no_tenant_healthy: int = 0
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
    def is_known(self) -> bool:
        """Whether it can be told which of the tenants were hit: hit requests name one, and healthy ones do."""
        hit, seen = len(self.hit), len(self.tenants)
        return hit > 0 and (hit < seen or not self.no_tenant_healthy)

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
    inside, errors = between(found[[*kept, "failed"]], since, until), between(rows[kept], since, until)
    hit = inside.assign(failed=is_hit(inside, errors))
    everyone = pd.concat([hit[["tenant", "user", "failed"]], _orphans(hit, errors)[["tenant", "user", "failed"]]])
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
        no_tenant_healthy=int((~failed & everyone["tenant"].isna()).sum()),
        users=int(everyone["user"].nunique()),
        users_hit=int(everyone.loc[failed, "user"].nunique()),
        unseen=tuple(sorted(usual - set(tenants.index))),
    )


def _orphans(hit: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Error events of no request, one for each request id."""
    known = set(hit.loc[hit["failed"], "request_id"].dropna())
    orphans = errors[~errors["request_id"].isin(known) & ~errors.index.isin(hit.index)]
    return orphans[~orphans["request_id"].duplicated() | orphans["request_id"].isna()].assign(failed=True)


def is_hit(found: pd.DataFrame, errors: pd.DataFrame) -> pd.Series:
    """Whether each request is one of the error events, or the one that an error event of its request id belongs to.

    Of several requests of one id (retries, calls of one trace) an error event belongs to the failed one where there is
    one, else to the next to end; to the last where none ends after it.

    Args:
        found: requests, with `failed`, in order of time.
        errors: events.

    Returns:
        bool, index of `found`.
    """
    if errors.empty or found.empty:
        return pd.Series(False, index=found.index)
    own = pd.Series(found.index.isin(errors.index), index=found.index)
    ids = pa.array(errors["request_id"].dropna().astype("str").unique(), type=pa.large_string())
    named = pd.Series(
        pc.is_in(pa.array(found["request_id"].astype("str")), ids).to_numpy(zero_copy_only=False), index=found.index
    )
    mine = found.loc[named, ["timestamp", "request_id", "failed"]]
    several = mine[mine["request_id"].duplicated(keep=False)]
    if several.empty:
        return own | named
    shared = pd.Series(found.index.isin(several.index), index=found.index)
    of_several = errors[errors["request_id"].isin(several["request_id"]) & ~errors.index.isin(found.index)]
    return own | (named & ~shared) | found.index.isin(_owners(several, of_several))


def _owners(several: pd.DataFrame, errors: pd.DataFrame) -> pd.Index:
    """The requests that error events belong to, where requests share their ids."""
    fails = several.groupby("request_id", observed=True)["failed"].transform("any")
    able = several[several["failed"] | ~fails]
    able = able.assign(request_id=able["request_id"].astype("str"), place=able.index)
    asked = errors[["timestamp", "request_id"]].assign(request_id=errors["request_id"].astype("str"))
    asked = asked.sort_values("timestamp", kind="stable")
    following = pd.merge_asof(asked, able, on="timestamp", by="request_id", direction="forward")["place"]
    last = pd.merge_asof(asked, able, on="timestamp", by="request_id", direction="backward")["place"]
    return pd.Index(following.fillna(last).dropna().astype("int64").unique())


def tenant_table(found: pd.DataFrame) -> pd.DataFrame:
    """Requests, failed and share by tenant, most failures first, then most requests, then by name."""
    known = found[found["tenant"].notna()]
    table = failing_shares(known["failed"], known["tenant"].astype("str").rename("tenant")).reset_index()
    return table.sort_values(["failed", "requests", "tenant"], ascending=[False, False, True]).set_index("tenant")
