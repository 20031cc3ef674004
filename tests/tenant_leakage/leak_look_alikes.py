"""Crossings that are meant or that disclosed nothing, and what stands around disclosures without excusing them."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from leak_rows import HIT, events, searched
from leak_world import HOUR, LENGTH, NONE, VENDOR, World

SHARES = {"share": 3_000, "blocked": 2_000, "case": 1_500, "member": 800, "support": 500, "moved": 600}
NOISE = ("moved_document", "shared_search", "member_inside", "failed_crossing")


class LookAlikes:
    """Draws look-alikes and noise; what excuses them goes into the world."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng

    def of(self, plan: str, count: int) -> pd.DataFrame:
        """So many rows of one class."""
        drawn: Callable[[int], pd.DataFrame] = getattr(self, f"_{plan}")
        return drawn(count).assign(plan=plan)

    def _stretches(self, count: int, each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """For each row which entitlement it uses and when; since when and until when those hold.

        A third hold since days. The first row of every third entitlement is at the very time it begins.
        """
        number = max(1, count // each)
        since = np.where(
            self.rng.random(number) < 0.3,
            -self.rng.integers(1, 50, number) * LENGTH,
            self.world.times(number, 0, LENGTH // 2),
        )
        until = self.world.times(number, 16 * HOUR, LENGTH)
        use = np.arange(count) % number
        at = self.world.times(count, np.maximum(since, 0)[use], until[use])
        on_edge = (np.arange(count) < number) & (np.arange(count) % 3 == 0) & (since[use] > 0)
        return use, np.where(on_edge, since[use], at), since, until

    def _share(self, count: int) -> pd.DataFrame:
        """A tenth of the shares are with everybody."""
        use, at, since, until = self._stretches(count, 5)
        documents = self.rng.choice(self.world.documents.halves("first"), len(since), replace=False)
        owners = self.world.documents.tenant[documents]
        guests = self.world.others(owners)
        for number, (document, guest) in enumerate(zip(documents, guests, strict=True)):
            end, late = until[number], until[number] + 30 * LENGTH
            ends = ((None, None), (late, None), (end, None), (late, end), (None, end))[number % 5]
            self.world.shares.append((document, NONE if number % 10 == 9 else guest, since[number], *ends))
        users = self.world.users.pick(self.rng, guests[use])
        return events(at, row=owners[use], actor=guests[use], user=users, document=documents[use])

    def _strangers(self, count: int) -> pd.DataFrame:
        users = self.world.users.pick(self.rng, self.world.some_tenants(count))
        homes = self.world.users.tenant[users]
        owners = self.world.others(homes)
        documents = self.world.documents.pick(self.rng, owners)
        return events(self.world.times(count), row=owners, actor=homes, user=users, document=documents)

    def _blocked(self, count: int) -> pd.DataFrame:
        return self._strangers(count).assign(status=self.rng.choice([401, 403, 404], count, p=[0.1, 0.6, 0.3]))

    def _failed_crossing(self, count: int) -> pd.DataFrame:
        return self._strangers(count).assign(status=500)

    def _case(self, count: int) -> pd.DataFrame:
        """One of the two ids is written in capitals or without hyphens."""
        plain = np.flatnonzero(["-" in name and len(name) == 36 for name in self.world.tenants])
        tenants = self.rng.choice(plain, count)
        otherwise = self.world.written_otherwise(tenants)
        is_row = self.rng.random(count) < 0.3
        return events(
            self.world.times(count), row=np.where(is_row, otherwise, tenants),
            actor=np.where(is_row, tenants, otherwise), user=self.world.users.pick(self.rng, tenants),
            document=self.world.documents.pick(self.rng, tenants),
        )  # fmt: skip

    def _member(self, count: int) -> pd.DataFrame:
        use, at, since, until = self._stretches(count, 8)
        users = self.rng.choice(self.world.users.halves("first"), len(since), replace=False)
        homes = self.world.users.tenant[users]
        hosts = self.world.others(homes)
        for number, (user, host) in enumerate(zip(users, hosts, strict=True)):
            self.world.members.append((user, host, since[number], until[number] if number % 2 else None))
        documents = self.world.documents.pick(self.rng, hosts[use])
        return events(at, row=hosts[use], actor=homes[use], user=users[use], document=documents)

    def _member_inside(self, count: int) -> pd.DataFrame:
        """Members whose rows name the visited tenant twice."""
        rows = self._member(count)
        return rows.assign(actor=rows["row"])

    def _support(self, count: int) -> pd.DataFrame:
        use, at, since, until = self._stretches(count, 10)
        staff = self.world.users.add(self.rng, np.full(-(-len(since) // 3), VENDOR))
        users = np.repeat(staff, 3)[: len(since)]
        hosts = self.world.others(np.full(len(since), VENDOR))
        for number, (user, host) in enumerate(zip(users, hosts, strict=True)):
            end = until[number]
            ends = ((None, end), (end, end + HOUR), (end, None))[number % 3]
            self.world.sessions.append((user, host, since[number], *ends, f"SUP-{10_000 + number}"))
        documents = self.world.documents.pick(self.rng, hosts[use])
        return events(at, row=hosts[use], actor=VENDOR, user=users[use], document=documents)

    def _moved(self, count: int) -> pd.DataFrame:
        """Users at their tenant's documents before they move to another."""
        number = max(1, count // 15)
        homes = self.world.some_tenants(number)
        users = self.world.users.add(self.rng, homes, self.world.others(homes))
        moves = self.world.times(number, LENGTH // 3, LENGTH)
        self.world.users.moves |= dict(zip(users.tolist(), moves.tolist(), strict=True))
        use = np.arange(count) % number
        at = self.world.times(count, 0, moves[use])
        documents = self.world.documents.pick(self.rng, homes[use])
        return events(at, row=homes[use], actor=homes[use], user=users[use], document=documents)

    def _moved_document(self, count: int) -> pd.DataFrame:
        """Each by the tenant that has it then; the first access of the new owner is at the very time of the move."""
        number = max(1, count // 10)
        homes = self.world.some_tenants(number)
        towards = self.world.others(homes)
        documents = self.world.documents.add(self.rng, homes, towards)
        moves = self.world.times(number, LENGTH // 4, LENGTH * 3 // 4)
        self.world.documents.moves |= dict(zip(documents.tolist(), moves.tolist(), strict=True))
        use = np.arange(count) % number
        is_after = np.arange(count) // number % 2 == 1
        at = self.world.times(count, np.where(is_after, moves[use], 0), np.where(is_after, LENGTH, moves[use]))
        at = np.where(np.arange(count) // number == 1, moves[use], at)
        tenants = np.where(is_after, towards[use], homes[use])
        users = self.world.users.pick(self.rng, tenants)
        return events(at, row=tenants, actor=tenants, user=users, document=documents[use], details=HIT)

    def _shared_search(self, count: int) -> pd.DataFrame:
        """Searches that find a document shared with the searcher's tenant all day."""
        guests = self.world.some_tenants(count)
        documents = self.world.documents.pick(self.rng, self.world.others(guests), "first")
        for document, guest in zip(documents, guests, strict=True):
            self.world.shares.append((document, guest, -LENGTH, None, None))
        return events(
            self.world.times(count), row=guests, actor=guests, user=self.world.users.pick(self.rng, guests),
            action="search.query", kind="search", details=searched(self.world, guests, [[each] for each in documents]),
        )  # fmt: skip


def stand_around(world: World, leaks: pd.DataFrame) -> None:
    """Entitlements of others beside disclosures: a third tenant's share, a colleague's membership, a session."""
    rng = world.rng
    chance = rng.random(len(leaks))
    third = world.others(leaks["by"].to_numpy(), leaks["owner"].to_numpy())
    colleagues = world.users.pick(rng, leaks["by"].to_numpy(), "first")
    [helper] = world.users.add(rng, np.array([VENDOR]))
    for number, row in enumerate(leaks.itertuples()):
        has_document = row.document != NONE and row.plan != "presign"
        if chance[number] < 0.3 and has_document:
            world.shares.append((row.document, third[number], row.at - LENGTH, None, None))
        if 0.2 < chance[number] < 0.4:
            world.members.append((colleagues[number], row.owner, row.at - LENGTH, None))
        if 0.35 < chance[number] < 0.45:
            world.sessions.append((helper, row.owner, row.at - HOUR, None, row.at + HOUR, f"SUP-{90_000 + number}"))
        if chance[number] > 0.9 and row.user != NONE and row.plan not in ("plain", "impersonation"):
            world.members.append((row.user, third[number], row.at - LENGTH, None))
