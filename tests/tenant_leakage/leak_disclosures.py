"""The nine classes of disclosures; each takes users and documents that no other takes, so that nothing excuses it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from leak_rows import HIT, as_jsonb, events, keys_of, searched
from leak_world import HOUR, LENGTH, NONE, VENDOR, World

TWO_TENANTS = ("plain", "share_ended", "impersonation", "membership_ended")  # the row names both: each 10 %
ONE_TENANT = ("cache", "search", "presign", "token_path", "job")  # each 12 %


class Disclosures:
    """Draws disclosures; the entitlements that they had before, or that others have, go into the world."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng
        self._users = self.rng.permutation(world.users.halves("second"))
        self._documents = self.rng.permutation(world.documents.halves("second"))

    def of(self, plan: str, count: int) -> pd.DataFrame:
        """So many rows of one class."""
        drawn: Callable[[int], pd.DataFrame] = getattr(self, f"_{plan}")
        rows = drawn(count)
        if rows["crossed"].isna().all():
            records = self.world.documents.ids[rows["document"].to_numpy()]
            rows["crossed"] = [[pair] for pair in zip(rows["owner"], records, strict=True)]
        return rows.assign(plan=plan, is_disclosure=True)

    def _next_users(self, count: int) -> np.ndarray:
        taken, self._users = self._users[:count], self._users[count:]
        assert len(taken) == count, "too few users for so many disclosures"
        return taken

    def _foreign(self, actors: np.ndarray) -> np.ndarray:
        """A document that is not the actor's for each actor."""
        found = np.full(len(actors), NONE)
        while (lacking := np.flatnonzero(found == NONE)).size:
            taken, self._documents = self._documents[: lacking.size], self._documents[lacking.size :]
            is_foreign = self.world.documents.tenant[taken] != actors[lacking]
            found[lacking[is_foreign]] = taken[is_foreign]
        return found

    def _read(self, count: int, each_user: int = 1) -> pd.DataFrame:
        """A read whose row names both tenants."""
        users = np.repeat(self._next_users(-(-count // each_user)), each_user)[:count]
        actors = self.world.users.tenant[users]
        documents = self._foreign(actors)
        owners = self.world.documents.tenant[documents]
        return events(
            self.world.times(count), row=owners, actor=actors, user=users, document=documents, by=actors, owner=owners
        )

    def _plain(self, count: int) -> pd.DataFrame:
        return self._read(count, each_user=3)

    def _cache(self, count: int) -> pd.DataFrame:
        """The row looks like one's own; a quarter are documents that had just moved away."""
        rows = self._read(count).assign(details=HIT)
        moved = rows.index[::4]
        actors = rows.loc[moved, "by"].to_numpy()
        owners = self.world.others(actors)
        documents = self.world.documents.add(self.rng, actors, owners)
        at = rows.loc[moved, "at"].to_numpy()
        gaps = np.where(self.rng.random(len(at)) < 0.2, 0, self.rng.integers(1, HOUR, len(at)))
        self.world.documents.moves |= dict(zip(documents.tolist(), (at - gaps).tolist(), strict=True))
        rows.loc[moved, "document"] = documents
        rows.loc[moved, "owner"] = owners
        return rows.assign(row=rows["by"])

    def _search(self, count: int) -> pd.DataFrame:
        users = self._next_users(count)
        actors = self.world.users.tenant[users]
        tenant_of, ids = self.world.documents.tenant, self.world.documents.ids
        foreign = [[document] for document in self._foreign(actors)]
        for number, document in zip(range(0, count, 3), self._foreign(actors[::3]), strict=True):
            foreign[number].append(document)
        crossed = [[(tenant_of[document], ids[document]) for document in listed] for listed in foreign]
        rows = events(
            self.world.times(count), row=actors, actor=actors, user=users, action="search.query", kind="search",
            details=searched(self.world, actors, foreign), by=actors, owner=[pairs[0][0] for pairs in crossed],
        )  # fmt: skip
        return rows.assign(crossed=crossed)

    def _presign(self, count: int) -> pd.DataFrame:
        """Half the rows name a document of one's own beside the key."""
        rows = self._read(count).assign(action="document.presign")
        keys = keys_of(self.world, rows["owner"].to_numpy(), rows["document"].to_numpy())
        own = self.world.documents.pick(self.rng, rows["by"].to_numpy(), "first")
        rows["document"] = np.where(np.arange(count) % 2, own, NONE)
        rows["crossed"] = [[pair] for pair in zip(rows["owner"], keys, strict=True)]
        return rows.assign(row=rows["by"], details=[as_jsonb({"key": key}) for key in keys])

    def _token_path(self, count: int) -> pd.DataFrame:
        """The row names the path's tenant twice; a sixth are users who had moved away from it."""
        rows = self._read(count)
        moved = rows.index[::6]
        homes = rows.loc[moved, "owner"].to_numpy()
        towards = self.world.others(homes)
        users = self.world.users.add(self.rng, homes, towards)
        at = rows.loc[moved, "at"].to_numpy()
        gaps = np.where(self.rng.random(len(at)) < 0.2, 0, self.rng.integers(1, HOUR, len(at)))
        self.world.users.moves |= dict(zip(users.tolist(), (at - gaps).tolist(), strict=True))
        rows.loc[moved, "user"] = users
        rows.loc[moved, "by"] = towards
        return rows.assign(actor=rows["row"])

    def _job(self, count: int) -> pd.DataFrame:
        rows = self._read(count)
        return rows.assign(row=rows["by"], user=NONE, actor=NONE, action="job.process")

    def _ended(self, at: np.ndarray) -> np.ndarray:
        """When something ended, before or at the very time of the access."""
        gaps = self.rng.integers(1, 6 * HOUR, len(at))
        return at - np.where(self.rng.random(len(at)) < 0.1, 0, gaps)

    def _share_ended(self, count: int) -> pd.DataFrame:
        rows = self._read(count)
        at = rows["at"].to_numpy()
        for number, (row, end) in enumerate(zip(rows.itertuples(), self._ended(at), strict=True)):
            late = int(end) + 40 * LENGTH
            ends = ((None, end), (end, None), (late, end), (end, late))[number % 4]
            self.world.shares.append((row.document, row.actor, end - 20 * LENGTH, *ends))
        return rows

    def _impersonation(self, count: int) -> pd.DataFrame:
        """Half are after the session's end, half in a session without a ticket."""
        staff = self.world.users.add(self.rng, np.full(count, VENDOR))
        documents = self._foreign(np.full(count, VENDOR))
        owners = self.world.documents.tenant[documents]
        at = self.world.times(count)
        for number, (user, owner, time, end) in enumerate(zip(staff, owners, at, self._ended(at), strict=True)):
            late = int(time) + HOUR
            if number % 2:
                session = (time - HOUR, None if number % 4 == 1 else late, late, None if number % 3 else "")
            else:
                session = (end - 2 * HOUR, end if number % 4 else None, late if number % 4 else end, f"SUP-{number}")
            self.world.sessions.append((user, owner, *session))
        return events(at, row=owners, actor=VENDOR, user=staff, document=documents, by=VENDOR, owner=owners)

    def _membership_ended(self, count: int) -> pd.DataFrame:
        rows = self._read(count)
        for row, end in zip(rows.itertuples(), self._ended(rows["at"].to_numpy()), strict=True):
            self.world.members.append((row.user, row.owner, end - 90 * LENGTH, end))
        return rows
