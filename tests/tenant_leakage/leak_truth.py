"""Planted truth for the tenant leakage audit: a day of a made-up document SaaS whose every disclosure is known.

The rows say what happened, the truth says what it was; nothing here knows how anybody judges.
Profile: profile/leaky.yaml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from leak_disclosures import ONE_TENANT, TWO_TENANTS, Disclosures
from leak_files import load_postgres, write_audit, write_tables
from leak_look_alikes import NOISE, SHARES, LookAlikes, stand_around
from leak_rows import ordinary
from leak_world import World, made_world

__all__ = ["END", "PROFILE", "START", "Truth", "load_postgres", "write_hidden_seven", "write_leaky_system"]
PROFILE = Path(__file__).parent / "profile"
START, END = pd.Timestamp("2026-03-04T00:00Z"), pd.Timestamp("2026-03-05T00:00Z")
PARTS = {**dict.fromkeys(TWO_TENANTS, 10), **dict.fromkeys(ONE_TENANT, 12)}
HIDDEN = ("plain", "cache", "search", "presign", "token_path", "job", "share_ended")


@dataclass(frozen=True, slots=True)
class Truth:
    """What was planted.

    `rows` has a line for each planted row of the trail and each record that crossed in it (a search may show two):
    id (the audit row's), class, is_disclosure, actor, owner, record. Of a look-alike, actor, owner and record are
    null; classes named in `leak_look_alikes.NOISE` are neither disclosures nor among the look-alikes counted. Tenants
    are as `tenants` writes them, not folded; the record of class presign is the object key.
    """

    folder: Path
    rows: pd.DataFrame

    @property
    def disclosed(self) -> set[str]:
        """Ids of the audit rows that disclosed something."""
        return set(self.rows.loc[self.rows["is_disclosure"], "id"])


def write_leaky_system(
    folder: Path, *, seed: int, rows: int = 1_000_000, disclosures: int = 1_500, look_alikes: int = 8_400
) -> Truth:
    """Write audit/*.csv of a day with so many rows, disclosures in nine classes and look-alikes in six among them."""
    return _written(folder, seed, rows, shared_out(disclosures, PARTS), shared_out(look_alikes, SHARES))


def write_hidden_seven(folder: Path, *, seed: int, rows: int = 200_000, legitimate: int = 40_000) -> Truth:
    """Write a day with seven disclosures, each of another class, among crossings that are all entitled."""
    crossings = shared_out(legitimate, {"share": 60, "support": 20, "member": 20})
    return _written(folder, seed, rows, dict.fromkeys(HIDDEN, 1), crossings)


def shared_out(total: int, parts: Mapping[str, int]) -> dict[str, int]:
    """Whole numbers in proportion to the parts, that add up to the total."""
    bounds = np.round(np.cumsum([0, *parts.values()]) * total / sum(parts.values())).astype(int)
    return dict(zip(parts, np.diff(bounds).tolist(), strict=True))


def _written(
    folder: Path, seed: int, rows: int, disclosures: Mapping[str, int], look_alikes: Mapping[str, int]
) -> Truth:
    (folder / "audit").mkdir(parents=True, exist_ok=True)
    world = made_world(seed, rows=rows, planted=sum(disclosures.values()) + look_alikes["share"] // 5)
    drawn, alike = Disclosures(world), LookAlikes(world)
    leaks = pd.concat([drawn.of(plan, count) for plan, count in disclosures.items() if count], ignore_index=True)
    planted = [leaks, *(alike.of(plan, count) for plan, count in look_alikes.items() if count)]
    planted += [alike.of(plan, max(4, rows // 20_000)) for plan in NOISE]
    stand_around(world, leaks)
    count = rows - sum(map(len, planted))
    trail = pd.concat([*planted, ordinary(world, count)], ignore_index=True)
    trail = trail.sort_values("at", kind="stable", ignore_index=True)
    ids = write_audit(world, trail, folder)
    write_tables(world, folder)
    return Truth(folder, _truth_of(world, trail, ids))


def _truth_of(world: World, trail: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    """The frame of Truth: planted rows, one line for each record that crossed."""
    planted = trail.assign(id=ids)[trail["plan"] != ""].explode("crossed", ignore_index=True)
    names = dict(enumerate(world.tenants))
    is_leak = planted["is_disclosure"].to_numpy(dtype=bool)
    pairs = [pair if leak else (None, None) for pair, leak in zip(planted["crossed"], is_leak, strict=True)]
    return pd.DataFrame({
        "id": planted["id"].astype("str"), "class": planted["plan"].astype("str"), "is_disclosure": is_leak,
        "actor": planted["by"].map(names).where(is_leak).astype("str"),
        "owner": pd.Series([names.get(owner) for owner, _ in pairs], dtype="str"),
        "record": pd.Series([record for _, record in pairs], dtype="str"),
    })  # fmt: skip
