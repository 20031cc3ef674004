"""Log events that show one tenant reaching what is another's.

The events are read where they lie, by DuckDB: only those that name tenants are looked at, only those that do not fit
come back. What several events of one request say is put together by its request id, unless its events name callers of
several tenants.
"""

import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from ddms_ops.analysis.line_witnesses import (
    RECORD_CHARS,
    TENANT_CHARS,
    key_owner_sql,
    lines,
    parameters,
    tenant_sql,
    unescaped,
    used,
)
from ddms_ops.declaration import Logs
from ddms_ops.engine import offline_engine
from ddms_ops.schema import conform
from ddms_ops.tenancy import LogTenants, Objects
from ddms_ops.tenant_ids import folded_tenants
from ddms_ops.tenant_schemas import WITNESSES
from ddms_ops.window import Window

Pulls = Sequence[tuple[Path, str, Logs]]
MEMORY = "512MB"
NO_BUCKETS = Objects()
DENIED = "(?i)denied|blocked|forbidden|unauthorized"
FAILED = "(?i)error|failed|failure"
SAYS = "coalesce(objects, keys) IS NOT NULL OR coalesce(path_tenant, cache_key) IS NOT NULL"
REACH = ", ".join(
    ["count(*) FILTER (is_request)"]
    + [f"count({name})" for name in ("token", "path_tenant", "objects", "keys", "cache_key")]
    + ["count(*) FILTER (is_search)"]
)


@dataclass(frozen=True, slots=True)
class LogReach:
    """How far log events can tell of tenants: how many there were of each sort in the window.

    `requests` name a path or a status; of all events `token`, `path` and `returned` name a tenant of the caller, on the
    path, or of what was returned; `keys` name an S3 key, `cached` were answered from a cache, `searches` are searches.
    """

    requests: int = 0
    token: int = 0
    path: int = 0
    returned: int = 0
    keys: int = 0
    cached: int = 0
    searches: int = 0

    @property
    def is_telling(self) -> bool:
        """Whether a crossing could have been seen: a caller's tenant beside another, an answer of a cache, a search."""
        others = self.path + self.returned + self.keys
        return bool(self.cached or self.searches or (self.token and others) or (self.path and self.returned))


def read_log_witnesses(
    pulls: Pulls,
    declared: LogTenants,
    *,
    folded: bool,
    window: Window,
    objects: Objects,
    known: Collection[str],
) -> tuple[pd.DataFrame, LogReach]:
    """Events of the window that show a tenant reaching what is another's, or nobody keeping them apart; and the reach.

    Args:
        pulls: evidence files of raw log events, the pulls' names, and how the events name things.
        declared: where the events name tenants.
        folded: whether ids are compared without regard to case, hyphens and braces.
        window: events outside are not looked at.
        objects: whose the buckets are, for S3 keys in events; a bare key is held against every declared pattern.
        known: ids of the tenants there are; with them, what is none of them is no tenant that is reached, and of a
            caller's list (groups) those count that are.

    Returns:
        WITNESSES frame of kinds token_path, response_tenant, cache, search_unfiltered and object_key, by time; one row
        a request (or event without an id), kind, actor, owner and record: the first event. Tenants as they are
        compared. Empty where every event fits, or none names two tenants; the LogReach tells which.
    """
    if not pulls or declared == LogTenants():
        return conform(pd.DataFrame(), WITNESSES), LogReach()
    with _staged(pulls, declared, folded=folded, window=window) as connection:
        [counts] = connection.execute(f"SELECT {REACH} FROM lines").fetchall()
        query = f"CREATE TEMP TABLE crossed AS {_crossed(objects, folded=folded, known=bool(known))}"
        given = parameters(declared, objects) | {"known": _compared(known, folded=folded)}
        connection.execute(query, used(given, query))
        found = connection.sql(_witnesses()).to_arrow_table().to_pandas()
    names = [name for _, name, _ in pulls]
    return conform(found.assign(pull=[names[place] for place in found["place"]]), WITNESSES), LogReach(*counts)


def _compared(known: Collection[str], *, folded: bool) -> list[str]:
    """Tenant ids as the events' are compared."""
    ids = pd.Series(sorted(known), dtype="str")
    return (folded_tenants(ids).dropna() if folded else ids).tolist()


def _given(pulls: Pulls, declared: LogTenants, window: Window) -> dict[str, object]:
    paths = {f"path{place}": str(path) for place, (path, _, _) in enumerate(pulls)}
    ends = {"start": window.start.to_pydatetime(), "end": window.end.to_pydatetime()}
    return {**paths, **ends, **parameters(declared, NO_BUCKETS)}


@contextmanager
def _staged(pulls: Pulls, declared: LogTenants, *, folded: bool, window: Window) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with a table `lines` of the events that say anything; what outgrows memory goes to disk.

    Of events that are only counted, or lend their request a status and a user, the path is not kept.
    """
    with tempfile.TemporaryDirectory(prefix="ddms-ops-") as spill:
        connection = offline_engine(memory_limit=MEMORY, temp_directory=spill, preserve_insertion_order=False)
        try:
            for place, (_, _, logs) in enumerate(pulls):
                select = f"""SELECT * REPLACE (CASE WHEN {SAYS} OR is_search THEN path END AS path)
                    FROM ({lines(logs, declared, place, folded=folded)})
                    WHERE token IS NOT NULL OR {SAYS} OR is_request OR is_filtered"""
                query = f"INSERT INTO lines {select}" if place else f"CREATE TEMP TABLE lines AS {select}"
                connection.execute(query, used(_given(pulls, declared, window), query))
            yield connection
        finally:
            connection.close()


def _reached(objects: Objects, *, folded: bool) -> str:
    """SQL of each tenant that an event names beside its caller's, as `owner` (`raw`: as it is escaped), and where."""
    owner = key_owner_sql(objects, "key")
    escaped = tenant_sql(unescaped(owner), folded=folded)
    return f"""SELECT *, 'token_path' AS kind, path_tenant AS owner, path_raw AS raw, path AS record FROM said
            WHERE caller IS NOT NULL
        UNION ALL SELECT *, 'response_tenant', unnest(objects), NULL, path FROM said
        UNION ALL SELECT *, 'cache', cache_owner, NULL, cache_key FROM said WHERE cache_key IS NOT NULL
        UNION ALL SELECT * EXCLUDE (key), 'object_key', {escaped}, {tenant_sql(owner, folded=folded)}, key
            FROM (SELECT *, unnest(keys) AS key FROM said)"""


def _crossed(objects: Objects, *, folded: bool, known: bool) -> str:
    """SQL of the events whose tenants do not fit, or that nothing keeps apart; `actors` are the tenants of the caller.

    The caller of an event that names none is that of its request's other events, where these agree, else whom the path
    names.
    """
    is_known = "AND owner IN (SELECT unnest($known))" if known else ""
    of_list = "list_filter(actors, lambda item: list_contains($known, item))" if known else "actors"
    common = "place, row, timestamp, request_id, user, status"
    return f"""WITH tokens AS (SELECT request_id, min(token) AS others FROM lines
            WHERE token IS NOT NULL AND request_id IN (SELECT request_id FROM lines WHERE token IS NULL AND ({SAYS}))
            GROUP BY request_id HAVING min(token) = max(token)),
        said AS (SELECT lines.*, token IS NULL AND others IS NOT NULL AS is_joined, coalesce(token, others) AS caller,
                coalesce(caller, CASE WHEN path_tenant IS NOT NULL THEN [path_tenant] END) AS actors
            FROM lines LEFT JOIN tokens USING (request_id) WHERE {SAYS}),
        reached AS ({_reached(objects, folded=folded)}),
        crossed AS (FROM reached WHERE owner IS NOT NULL AND NOT list_contains(actors, owner)
                AND NOT coalesce(list_contains(actors, raw), false) {is_known}
            UNION ALL FROM reached WHERE kind = 'cache' AND owner IS NULL),
        named AS (SELECT *, CASE WHEN len(actors) > 1 THEN {of_list} ELSE actors END AS acting FROM crossed)
        SELECT {common}, kind, record, owner, is_joined, caller IS NULL AS by_path,
            CASE WHEN len(acting) = 1 THEN acting[1] END AS actor FROM named
        UNION ALL SELECT {common}, 'search_unfiltered', path, NULL, false, false,
            CASE WHEN len(token) = 1 THEN token[1] END FROM lines WHERE is_search AND NOT is_filtered
            AND (request_id IS NULL OR request_id NOT IN (SELECT request_id FROM lines
                WHERE is_filtered AND request_id IS NOT NULL))"""


def _witnesses() -> str:
    """SQL from the crossed events to WITNESSES; a status and user that another event of the request names are taken."""
    code = "coalesce(try_cast(regexp_extract(stated, '^[0-9]{3}') AS INTEGER), 0)"
    return f"""WITH facts AS (SELECT request_id,
            max({{'t': timestamp, 'p': place, 'r': row, 's': status}}) FILTER (status IS NOT NULL).s AS answered,
            min(user) AS who, max(user) AS last_who
            FROM lines WHERE request_id IN (SELECT request_id FROM crossed) GROUP BY request_id),
        whole AS (SELECT crossed.* EXCLUDE (user, record), left(record, {RECORD_CHARS}) AS record,
            coalesce(user, CASE WHEN who = last_who THEN who END) AS user, coalesce(status, answered) AS stated
            FROM crossed LEFT JOIN facts USING (request_id)
            QUALIFY row_number() OVER (PARTITION BY coalesce(request_id, place || ':' || row), kind, actor, owner,
                record ORDER BY timestamp, place, row) = 1)
        SELECT timestamp, kind, actor, owner, user, record, request_id, place, row,
            CASE WHEN regexp_full_match(stated, '{DENIED}') OR {code} IN (401, 403, 404) THEN 'denied'
                WHEN regexp_full_match(stated, '{FAILED}') OR {code} >= 400 THEN 'failed' ELSE 'served' END AS outcome,
            {_words()} || CASE WHEN is_joined THEN ' (another event of the request names the caller)' ELSE '' END
                || CASE WHEN {code} > 0 THEN '; status ' || {code} ELSE '; no status' END AS words
        FROM whole ORDER BY timestamp, place, row, kind, owner, record"""


def _words() -> str:
    """SQL of what an event shows, in words; ids on one line and cut."""
    actor, owner = (
        f"coalesce(left(regexp_replace({name}, '[[:cntrl:]]+', ' ', 'g'), {TENANT_CHARS}), 'nobody known')"
        for name in ("actor", "owner")
    )
    caller = f"CASE WHEN by_path THEN 'the path' ELSE 'the token' END || ' names tenant ' || {actor}"
    return f"""CASE kind WHEN 'token_path' THEN {caller} || ', the path tenant ' || {owner}
        WHEN 'response_tenant' THEN {caller} || ', what was returned tenant ' || {owner}
        WHEN 'cache' THEN CASE WHEN owner IS NULL THEN 'answered from a cache, by a key that names no tenant'
            ELSE {caller} || ', the cache key that answered tenant ' || {owner} END
        WHEN 'object_key' THEN {caller} || ', the object key tenant ' || {owner}
        ELSE 'a search carries no tenant filter' END"""
