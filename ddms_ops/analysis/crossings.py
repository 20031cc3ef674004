"""Rows of an audit trail that cross tenants, judged: disclosed, blocked, explained, or not to be told.

A row is a disclosure where somebody was served what belonged, at that moment, to another tenant than theirs, and no
share, membership, support session or rule of the profile allowed it at that moment. What the row's own two columns do
not tell is told by the records' owners, the users' history, the keys of objects and the results of searches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.excuses import Excuses, excuses
from ddms_ops.schema import conform
from ddms_ops.tenancy import Tenants
from ddms_ops.tenant_ids import compared_tenants
from ddms_ops.tenant_schemas import CROSSINGS

DISCLOSED, BLOCKED, EXPLAINED, UNKNOWN = "disclosed", "blocked", "explained", "unknown"
SERVED = "served"
OWN_RECORD = "own record"
MOVED = "the row was written for another tenant; whose the record is, is known as of now only"
OWNED = "the record belonged to the actor's tenant then"
USED = "object_access"
RETURNED = ("response_tenant", "cache", "object_access")  # of the kinds of WITNESSES: what was handed out


@dataclass(frozen=True, slots=True)
class Context:
    """What may excuse a crossing, as pulled; None where the profile declares no such table.

    `unread` says why what would excuse cannot be told, in words; `known` are the ids of all tenants there are.
    """

    grants: pd.DataFrame | None = None
    members: pd.DataFrame | None = None
    impersonations: pd.DataFrame | None = None
    unread: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


def judged(candidates: pd.DataFrame, context: Context, tenants: Tenants) -> pd.DataFrame:
    """Every candidate with who reached whom, the verdict, and why.

    Args:
        candidates: the answer `crossings` of `trail_sql.PARTS`, with `pull` and `row`.
        context: what may excuse them.
        tenants: the profile's declaration.

    Returns:
        CROSSINGS in order of time, id and record; no rows where nothing crossed.
    """
    found = _named(candidates, context.known, tenants)
    known = excuses(found, context.grants, context.members, context.impersonations, tenants)
    found["verdict"] = _verdicts(found, known, context, tenants)
    found["kind"] = np.where(found["verdict"] == DISCLOSED, _kinds(found, known), "")
    is_excused = found["verdict"] == EXPLAINED
    found["rule"] = np.select([_own(found, tenants), is_excused], [OWN_RECORD, known.active], "")
    found["why"] = _reasons(found, known, context)
    found["witnesses"] = ""
    renamed = found.drop(columns="owner").rename(columns={"usr": "user", "request": "request_id", "reached": "owner"})
    ordered = renamed.sort_values(["timestamp", "id", "record"], kind="stable")
    return conform(ordered, CROSSINGS)


def key_tenants(keys: pd.Series, tenants: Tenants) -> pd.Series:
    """Whose the keys of objects are, folded, by the first of the profile's patterns that fits; null without one."""
    found = pd.Series(None, index=keys.index, dtype="str")
    for bucket in tenants.objects.buckets.values():
        if bucket.key:
            found = found.where(found.notna(), keys.astype("str").str.extract(bucket.key)["tenant"].astype("str"))
    return compared_tenants(found, is_folded=tenants.folded)


def _named(candidates: pd.DataFrame, known: Sequence[str], tenants: Tenants) -> pd.DataFrame:
    """The candidates with folded tenants: `actor`, `reached` (whose data it was) and `seen_by`.

    One whose object's key is another tenant's has a row for that, whatever else its row names.
    """
    found = candidates.reset_index(drop=True).copy()
    stated, home, row, owner = (
        compared_tenants(found[name], is_folded=tenants.folded) for name in ("stated", "home", "row_tenant", "owner")
    )
    key = key_tenants(found["object_key"], tenants)
    if known:  # what stands where a key has its tenant may be none: public/, tmp/
        key = key.where(key.isin(compared_tenants(pd.Series(known, dtype="str"), is_folded=tenants.folded)))
    has_history = tenants.users is not None and bool(tenants.users.since)
    actor = home.where(home.notna(), stated) if has_history else stated.where(stated.notna(), home)
    names_users = tenants.trail is not None and bool(tenants.trail.user)
    is_job = actor.isna() & found["usr"].isna() & names_users
    actor = actor.where(~is_job, row)
    by_owner, by_key, by_row = (one.notna() & actor.notna() & (one != actor) for one in (owner, key, row))
    by_user = pd.Series(has_history, index=found.index) & home.notna() & stated.notna() & (home != stated)
    is_result = found["is_result"] > 0
    found["actor"], found["folded_owner"] = actor, owner
    found["reached"] = owner.where(owner.notna() | is_result, row)
    found["is_job"], found["is_by_key"], found["is_by_user"], found["is_by_row"] = is_job, False, by_user, by_row
    found["seen_by"] = _ways(
        {"row": by_row, "owner": by_owner & ~is_result, "search": by_owner & is_result, "user": by_user, "job": is_job}
    )
    is_base = by_owner | by_row | by_user | actor.isna() | found["reached"].isna()
    keyed = found.assign(reached=key, folded_owner=key, is_by_key=True, seen_by="key", record=found["object_key"])
    return pd.concat([found[is_base], keyed[by_key]], ignore_index=True)


def _ways(ways: dict[str, pd.Series]) -> pd.Series:
    """Names of the ways that hold, comma-separated."""
    index = next(iter(ways.values())).index
    rows = zip(*ways.values(), strict=True)
    named = [",".join(name for name, is_way in zip(ways, row, strict=True) if is_way) for row in rows]
    return pd.Series(named, dtype="str", index=index)


def _own(found: pd.DataFrame, tenants: Tenants) -> pd.Series:
    """Rows whose record was the actor's own then; known as of now only, it may have moved since the row was written."""
    is_own = found["reached"].notna() & (found["reached"] == found["actor"])
    has_history = tenants.records is not None and bool(tenants.records.since)
    return is_own if has_history else is_own & ~(found["is_by_row"] & found["folded_owner"].notna())


def _verdicts(found: pd.DataFrame, known: Excuses, context: Context, tenants: Tenants) -> np.ndarray:
    is_own = _own(found, tenants)
    is_unknown = found["actor"].isna() | found["reached"].isna() | (found["reached"] == found["actor"])
    return np.select(
        [is_own, found["outcome"] != SERVED, known.active != "", is_unknown],
        [EXPLAINED, BLOCKED, EXPLAINED, UNKNOWN],
        UNKNOWN if context.unread else DISCLOSED,
    )


def _kinds(found: pd.DataFrame, known: Excuses) -> np.ndarray:
    """The fingerprint of each row, were it a disclosure."""
    return np.select(
        [found["is_job"], found["is_result"] > 0, known.ended != "", found["is_by_key"], found["is_by_user"],
         ~found["is_by_row"]],
        ["job", "search", known.ended, "object_key", "token_path", "owner_only"],
        "direct",
    )  # fmt: skip


def _reasons(found: pd.DataFrame, known: Excuses, context: Context) -> np.ndarray:
    own = np.where(found["folded_owner"].isna(), "the row was written for the actor's tenant", OWNED)
    blocked = np.where(found["outcome"] == "denied", "the attempt was denied", "the request failed")
    unknown = np.select(
        [found["actor"].isna(), found["reached"].isna(), found["reached"] == found["actor"]],
        ["the tenant of who acted is not known", "whose the record was is not known", MOVED],
        f"whether it was allowed cannot be told: {'; '.join(context.unread)}",
    )
    return np.select(
        [found["rule"] == OWN_RECORD, found["verdict"] == EXPLAINED, found["verdict"] == BLOCKED,
         found["verdict"] == UNKNOWN],
        [own, known.active_words, blocked, unknown],
        known.ended_words,
    )  # fmt: skip


def with_witnesses(crossings: pd.DataFrame, witnesses: pd.DataFrame, uses: pd.DataFrame) -> pd.DataFrame:
    """The crossings with the kinds of other sources that show the same request and owner, or a use of the same key.

    Args:
        crossings: CROSSINGS.
        witnesses: WITNESSES.
        uses: `key` of pre-signed URLs that were used, and when; a use before the crossing shows nothing of it.
    """
    shown = witnesses[witnesses["request_id"].notna() & (witnesses["outcome"] == SERVED)]
    kinds: dict[tuple[str, str], set[str]] = {}
    for request, owner, kind in zip(shown["request_id"], shown["owner"].fillna(""), shown["kind"], strict=True):
        kinds.setdefault((request, owner), set()).add(str(kind))
    last_use = uses[uses["outcome"] == SERVED].groupby("key")["timestamp"].max()
    used = last_use.reindex(crossings["record"].fillna("")).set_axis(crossings.index)
    is_used = (used >= crossings["timestamp"]).to_numpy()
    named = [
        ",".join(
            sorted(kinds.get((request, owner), set()) | kinds.get((request, ""), set()) | ({USED} if used else set()))
        )
        for request, owner, used in zip(crossings["request_id"], crossings["owner"], is_used, strict=True)
    ]
    return crossings.assign(witnesses=pd.Series(named, dtype="str", index=crossings.index))


def from_witnesses(witnesses: pd.DataFrame) -> pd.DataFrame:
    """What other sources show to have been handed out, as CROSSINGS: all there is of a system without a trail.

    Args:
        witnesses: WITNESSES; those that were served, of a kind that shows what was returned, with a known owner.
    """
    shown = witnesses[returned(witnesses)]
    named = shown.assign(id=shown["request_id"].fillna(shown["pull"].astype("str") + ":" + shown["row"].astype("str")))
    told = named.assign(verdict=DISCLOSED, seen_by="", witnesses="", why=shown["words"], rule="")
    return conform(told.sort_values(["timestamp", "id", "record"], kind="stable"), CROSSINGS)


def returned(witnesses: pd.DataFrame) -> pd.Series:
    """Which WITNESSES show that a known tenant's data was handed to another."""
    return witnesses["kind"].isin(RETURNED) & (witnesses["outcome"] == SERVED) & witnesses["owner"].notna()
