"""Audit rows as frames: what happened, and what it was."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from leak_world import NONE, World

MISS, HIT = '{"cache": "MISS"}', '{"cache": "HIT"}'
DEFAULTS: dict[str, Any] = {
    "actor": NONE, "row": NONE, "user": NONE, "document": NONE, "action": "document.read", "kind": "document",
    "status": 200, "details": MISS, "plan": "", "is_disclosure": False, "by": NONE, "owner": NONE, "crossed": None,
}  # fmt: skip


def events(at: np.ndarray, **columns: Any) -> pd.DataFrame:
    """Rows of the trail: time, numbers of tenants, user and document; and as `plan` … `crossed` what they truly are.

    `crossed` holds for each row its crossings: pairs of the owner's number and the record.
    """
    return pd.DataFrame({"at": at, **{name: columns.get(name, default) for name, default in DEFAULTS.items()}})


def searched(world: World, tenants: np.ndarray, foreign: Sequence[Sequence[int]] = ()) -> list[str]:
    """Details of searches: some documents of the tenant, with foreign ones among them."""
    sizes = world.rng.integers(0 if foreign else 1, 5, len(tenants))
    flat = world.documents.ids[world.documents.pick(world.rng, np.repeat(tenants, sizes))]
    found = np.split(flat, np.cumsum(sizes)[:-1])
    places = world.rng.random(len(tenants))
    told = []
    for number, own in enumerate(found):
        listed = own.tolist()
        for document in foreign[number] if foreign else ():
            listed.insert(int(places[number] * (len(listed) + 1)), world.documents.ids[document])
        told.append(as_jsonb({"total": len(listed), "results": listed}))
    return told


def keys_of(world: World, tenants: np.ndarray, documents: np.ndarray) -> list[str]:
    """Object keys: the tenant, then the document."""
    return [f"{world.tenants[t]}/2026/03/{world.documents.ids[d]}.pdf" for t, d in zip(tenants, documents, strict=True)]


def as_jsonb(value: object) -> str:
    """JSON as Postgres prints it."""
    return json.dumps(value, ensure_ascii=False)


def ordinary(world: World, count: int) -> pd.DataFrame:
    """A day's traffic of people and jobs at their own tenant's documents."""
    rng = world.rng
    tenants = world.some_tenants(count)
    rows = events(
        world.times(count), row=tenants, actor=tenants, user=world.users.pick(rng, tenants),
        document=world.documents.pick(rng, tenants),
        action=np.array(["document.read", "document.download", "document.update"], dtype=object)[
            rng.choice(3, count, p=[0.8, 0.12, 0.08])],
        status=rng.choice([200, 304, 403, 404, 500, 503], count, p=[0.93, 0.03, 0.01, 0.01, 0.015, 0.005]),
        details=np.array([MISS, HIT, None], dtype=object)[rng.choice(3, count, p=[0.6, 0.3, 0.1])],
    )  # fmt: skip
    search, presign, job = (np.flatnonzero(part) for part in _parts(rng.random(count)))
    rows.loc[search, ["action", "kind", "document"]] = ["search.query", "search", NONE]
    rows.loc[search, "details"] = searched(world, tenants[search])
    rows.loc[presign, "action"] = "document.presign"
    documents = rows["document"].to_numpy()[presign]
    rows.loc[presign, "details"] = [as_jsonb({"key": key}) for key in keys_of(world, tenants[presign], documents)]
    rows.loc[presign[::2], "document"] = NONE
    rows.loc[job, ["action", "user", "actor"]] = ["job.process", NONE, NONE]
    return rows


def _parts(share: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return share < 0.03, (share >= 0.03) & (share < 0.05), (share >= 0.05) & (share < 0.08)
