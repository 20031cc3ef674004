"""Accesses to S3 objects that show one tenant reaching what is another's, and hours in which nobody recorded any."""

import pandas as pd

from ddms_ops.analysis.line_witnesses import (
    RECORD_CHARS,
    TENANT_CHARS,
    bucket_parameters,
    owner_sql,
    tenant_sql,
    unescaped,
    used,
)
from ddms_ops.analysis.trail_gaps import NO_ROW
from ddms_ops.engine import offline_engine
from ddms_ops.schema import PULL, ROW, UTC, Column, Schema, conform
from ddms_ops.tenancy import Objects
from ddms_ops.tenant_schemas import GAPS, WITNESSES
from ddms_ops.window import Window

CHANGES_PULL = "changes"
HOUR = pd.Timedelta(hours=1)
PRESIGNED_USES = Schema(
    "PRESIGNED_USES",
    (
        Column("timestamp", UTC, "when"),
        Column("bucket", "str", "bucket"),
        Column("key", "str", "key that the URL was made for"),
        Column("owner", "str", "tenant whose object it is, as compared; null where nothing says"),
        Column("source_ip", "str", "address it came from"),
        Column("request_id", "str", "S3's request id"),
        Column("outcome", "str", "served, denied or failed"),
        PULL,
        ROW,
    ),
)


def object_witnesses(accesses: pd.DataFrame, declared: Objects, *, folded: bool, window: Window) -> pd.DataFrame:
    """Accesses of the window by a caller who acts for another tenant than the object's.

    Args:
        accesses: OBJECT_ACCESS.
        declared: whose the buckets are, and for whom accounts and principals act; a principal's pattern goes before
            its account.
        folded: whether ids are compared without regard to case, hyphens and braces.
        window: accesses outside are not looked at.

    Returns:
        WITNESSES frame of kind object_access, by time. Callers who act for nobody in particular, and objects that
        nothing says the owner of, are not in it; but the owner is null of a listing of all keys of a bucket whose keys
        are of several tenants.
    """
    actor, owner = tenant_sql("acting", folded=folded), tenant_sql(unescaped("whose"), folded=folded)
    lists_all = "is_listing AND coalesce(key, '') = '' AND has_several"
    shown = f"left(regexp_replace({{}}, '[[:cntrl:]]+', ' ', 'g'), {TENANT_CHARS})"
    reached = "'an object of tenant ' || {}".format(shown.format("owner"))
    query = f"""SELECT timestamp, 'object_access' AS kind, actor, owner, user, request_id, outcome, pull, row,
        left(bucket || '/' || coalesce(key, ''), {RECORD_CHARS}) AS record,
        {shown.format("operation")} || ' on ' || coalesce({reached}, 'the keys of all tenants')
        || ' by a caller of tenant ' || {shown.format("actor")}
        || CASE WHEN is_presigned THEN ', by a pre-signed URL' ELSE '' END
        || CASE WHEN error IS NOT NULL THEN '; ' || {shown.format("error")} ELSE '' END AS words
        FROM (SELECT *, {actor} AS actor, {owner} AS owner FROM ({_named(declared)}))
        WHERE actor IS NOT NULL AND (owner <> actor OR (owner IS NULL AND {lists_all}))
        ORDER BY timestamp, pull, row, record"""
    return conform(_asked(query, accesses, declared, window), WITNESSES)


def presigned_uses(accesses: pd.DataFrame, declared: Objects, *, folded: bool, window: Window) -> pd.DataFrame:
    """Uses of pre-signed URLs in the window, whoever signed them.

    Returns:
        PRESIGNED_USES frame, by time; to be matched by key with who had the URL made.
    """
    query = f"""SELECT timestamp, bucket, key, {tenant_sql(unescaped("whose"), folded=folded)} AS owner, source_ip,
        request_id, outcome, pull, row FROM ({_named(declared)}) WHERE is_presigned
        ORDER BY timestamp, pull, row, key"""
    return conform(_asked(query, accesses, declared, window), PRESIGNED_USES)


def data_event_hours(accesses: pd.DataFrame, declared: Objects, *, window: Window) -> pd.DatetimeIndex:
    """Starts of the hours (UTC) that reach into the window and hold an access to a declared bucket, each once."""
    stamps = _declared(accesses, declared)["timestamp"]
    inside = stamps[(stamps >= window.start) & (stamps < window.end)]
    return pd.DatetimeIndex(sorted(inside.dt.floor("h").unique()), dtype=UTC)


def data_event_gaps(accesses: pd.DataFrame, declared: Objects, *, window: Window) -> pd.DataFrame:
    """Stretches of the window, in whole hours but at its ends, in which no access to a declared bucket was recorded.

    Returns:
        GAPS frame of kind witness; `pull` and `row` are those of the last such access before (of the first after, where
        none is; `row` is NO_ROW where there is none at all). Empty where the profile does not say that accesses are
        recorded (`tenants.objects.data_events`).
    """
    if not declared.data_events:
        return conform(pd.DataFrame(), GAPS)
    hours = pd.date_range(window.start.floor("h"), window.end.ceil("h"), freq=HOUR, inclusive="left")
    dark = pd.Series(hours[~hours.isin(data_event_hours(accesses, declared, window=window))])
    runs = dark.groupby((dark.diff() != HOUR).cumsum()).agg(["min", "max"])
    known = _declared(accesses, declared)
    rows = []
    for first, last in runs.itertuples(index=False):
        start, end = max(first, window.start), min(last + HOUR, window.end)
        rows.append({"kind": "witness", "start": start, "end": end, **_beside(known, start)})
    why = "no access to an S3 object was recorded, by CloudTrail data events or S3 access logs"
    return conform(pd.DataFrame(rows).assign(why=why), GAPS)


def _declared(accesses: pd.DataFrame, declared: Objects) -> pd.DataFrame:
    """The accesses to buckets of which the profile says whose they are."""
    return accesses[accesses["bucket"].isin(declared.buckets)]


def _beside(accesses: pd.DataFrame, start: pd.Timestamp) -> dict[str, object]:
    """Pull and row of the last access before an instant, else of the first of all."""
    if accesses.empty:
        return {"pull": CHANGES_PULL, "row": NO_ROW}
    place = max(int(accesses["timestamp"].searchsorted(start)) - 1, 0)
    return {"pull": str(accesses["pull"].iloc[place]), "row": int(accesses["row"].iloc[place])}


def _named(declared: Objects) -> str:
    """SQL of the accesses with `acting` and `whose`: the tenants of caller and object, NULL where nothing says."""
    principals = " ".join(
        f"WHEN regexp_matches(principal, $principal{place}) OR regexp_matches(user, $principal{place})"
        f" THEN $acts{place}"
        for place in range(len(declared.principals))
    )
    accounts = " ".join(f"WHEN account = $account{place} THEN $owns{place}" for place in range(len(declared.accounts)))
    several = " ".join(
        f"WHEN bucket = $bucket{place} THEN true" for place, one in enumerate(declared.buckets.values()) if one.key
    )
    cases = [f"CASE {words} END" if words else "NULL" for words in (f"{principals} {accounts}".strip(), several)]
    return f"""SELECT *, {cases[0]}::VARCHAR AS acting, {owner_sql(declared, "bucket", "key")} AS whose,
        coalesce({cases[1]}, false) AS has_several FROM accesses WHERE timestamp >= $start AND timestamp < $end"""


def _asked(query: str, accesses: pd.DataFrame, declared: Objects, window: Window) -> pd.DataFrame:
    given = bucket_parameters(declared)
    given |= {"start": window.start.to_pydatetime(), "end": window.end.to_pydatetime()}
    for place, (pattern, tenant) in enumerate(declared.principals.items()):
        given |= {f"principal{place}": pattern, f"acts{place}": tenant}
    for place, (account, tenant) in enumerate(declared.accounts.items()):
        given |= {f"account{place}": account, f"owns{place}": tenant}
    connection = offline_engine()
    try:
        connection.register("accesses", accesses.astype({"pull": "str"}))
        return connection.sql(query, params=used(given, query)).to_arrow_table().to_pandas()
    finally:
        connection.close()
