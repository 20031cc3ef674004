"""A made-up document SaaS: tenants of uneven size, their users and documents, and who was let in where."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

DAY = np.datetime64("2026-03-04T00:00:00", "us")
LENGTH = 86_400_000_000  # microseconds of the day; every time is an offset from its start
HOUR = LENGTH // 24
VENDOR = 0  # the tenant that support works for
ODD = ("o'brien & co", "100%_sure", "line\nbreak", "\N{FOX FACE} labs", 'the "quoted" one', "comma, inc", "back\\slash")
NONE = -1
Times = np.ndarray


def uuids(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random UUIDs as text."""
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[rng.integers(0, 16, (count, 36))]
    digits[:, [8, 13, 18, 23]] = ord("-")
    digits[:, 14] = ord("4")
    offsets = np.arange(count + 1, dtype=np.int32) * 36
    text = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits.tobytes()))
    return text.to_numpy(zero_copy_only=False)


@dataclass
class Kept:
    """Users, or documents, by number; a tenant's steady ones stand together, those that move come after."""

    ids: np.ndarray
    tenant: np.ndarray  # at the start of the day
    now: np.ndarray  # at its end
    first: np.ndarray  # of each tenant's
    count: np.ndarray
    moves: dict[int, int] = field(default_factory=dict)  # number → when

    @classmethod
    def of(cls, rng: np.random.Generator, weights: np.ndarray, total: int, least: int) -> "Kept":
        count = np.maximum(np.floor(weights * total).astype(np.int64), least)
        tenant = np.repeat(np.arange(len(weights)), count)
        return cls(uuids(rng, len(tenant)), tenant, tenant.copy(), np.cumsum(count) - count, count)

    def pick(self, rng: np.random.Generator, tenants: np.ndarray, half: str = "any") -> np.ndarray:
        """A steady one of each tenant; of its first half, its second, or any."""
        cut = self.count[tenants] // 2
        low = np.where(half == "second", cut, 0)
        high = np.where(half == "first", cut, self.count[tenants])
        return self.first[tenants] + low + (rng.random(len(tenants)) * (high - low)).astype(np.int64)

    def halves(self, half: str) -> np.ndarray:
        """All steady ones of one half, the vendor's left out."""
        place = np.arange(len(self.tenant)) - self.first[self.tenant]
        is_second = place >= self.count[self.tenant] // 2
        return np.flatnonzero((is_second == (half == "second")) & (self.tenant != VENDOR))

    def add(self, rng: np.random.Generator, tenants: np.ndarray, to: np.ndarray | None = None) -> np.ndarray:
        """More of them, of these tenants, at the day's end of the tenants `to`; their numbers."""
        start = len(self.ids)
        self.ids = np.concatenate([self.ids, uuids(rng, len(tenants))])
        self.tenant = np.concatenate([self.tenant, tenants])
        self.now = np.concatenate([self.now, tenants if to is None else to])
        return np.arange(start, len(self.ids))


@dataclass
class World:
    """Everything but the audit rows. Entitlements are lists of rows as their tables have them, times as offsets."""

    rng: np.random.Generator
    tenants: list[str]
    weights: np.ndarray
    users: Kept
    documents: Kept
    shares: list[tuple[Any, ...]] = field(default_factory=list)  # document, tenant, since, expires, revoked
    members: list[tuple[Any, ...]] = field(default_factory=list)  # user, tenant, since, left
    sessions: list[tuple[Any, ...]] = field(default_factory=list)  # user, tenant, since, ended, expires, ticket

    def __post_init__(self) -> None:
        self.names = list(self.tenants)  # of tenants, then ways to write them otherwise
        self._minutes = np.linspace(0, LENGTH, 1441)
        shape = 1 + 0.75 * np.sin(2 * np.pi * (np.arange(1440) / 1440 - 0.3))
        self._share = np.concatenate([[0], np.cumsum(shape / shape.sum())])

    def times(self, count: int, low: Any = 0, high: Any = LENGTH) -> np.ndarray:
        """Times of the day in its rhythm, from `low` to before `high`."""
        start, end = (np.interp(each, self._minutes, self._share) for each in (low, high))
        drawn = np.interp(start + self.rng.random(count) * (end - start), self._share, self._minutes)
        return np.clip(drawn.astype(np.int64), low, np.maximum(np.asarray(high) - 1, low))

    def some_tenants(self, count: int) -> np.ndarray:
        """Tenants as busy as they are."""
        return self.rng.choice(len(self.tenants), count, p=self.weights)

    def others(self, *taken: np.ndarray) -> np.ndarray:
        """Any tenant for each place, none of those taken there, nor the vendor."""
        drawn = self.rng.integers(1, len(self.tenants), len(taken[0]))
        while (wrong := np.any([drawn == each for each in taken], axis=0)).any():
            drawn[wrong] = self.rng.integers(1, len(self.tenants), int(wrong.sum()))
        return drawn

    def written_otherwise(self, tenants: np.ndarray) -> np.ndarray:
        """Numbers of names that differ from the tenants' only in case and hyphens."""
        ways = (str.upper, lambda name: name.replace("-", ""), lambda name: name.replace("-", "").upper())
        numbers = []
        for tenant, way in zip(tenants, self.rng.integers(0, len(ways), len(tenants)), strict=True):
            self.names.append(ways[way](self.tenants[tenant]))
            numbers.append(len(self.names) - 1)
        return np.array(numbers, dtype=np.int64)


def made_world(seed: int, *, rows: int, planted: int, tenants: int = 300) -> World:
    """Tenants with their users and documents; enough of them for what is planted."""
    rng = np.random.default_rng(seed)
    names = uuids(rng, tenants).tolist()
    places = rng.choice(np.arange(5, tenants), len(ODD), replace=False)
    for place, name in zip(places, ODD, strict=True):
        names[place] = name
    weights = 1 / np.arange(1, tenants + 1)
    weights[VENDOR] = 0.05
    weights /= weights.sum()
    users = Kept.of(rng, weights, max(2_000, rows // 160, 5 * planted), least=4)
    documents = Kept.of(rng, weights, max(8_000, rows // 16, 12 * planted), least=8)
    return World(rng, names, weights, users, documents)
