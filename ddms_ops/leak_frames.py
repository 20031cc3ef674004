"""What is computed from a case's tenant audit: the answers of the trail, and what they come to, each once."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ddms_ops.analysis.crossings import (
    DISCLOSED,
    EXPLAINED,
    Context,
    from_witnesses,
    judged,
    returned,
    with_witnesses,
)
from ddms_ops.analysis.leak_cells import leak_cells
from ddms_ops.analysis.leak_verdict import LeakVerdict, leak_verdict
from ddms_ops.analysis.log_witnesses import LogReach, read_log_witnesses
from ddms_ops.analysis.object_witnesses import data_event_gaps, object_witnesses, presigned_uses
from ddms_ops.analysis.trail_doubts import ambiguity, owner_gaps, trail_doubts, witness_only
from ddms_ops.analysis.trail_gaps import trail_gaps
from ddms_ops.analysis.trail_reads import unaudited
from ddms_ops.coverage import ALL_THERE, Coverage, Status
from ddms_ops.declaration import Logs, Profile
from ddms_ops.evidence import EvidenceFolder, read_table
from ddms_ops.normalize.object_access import object_accesses
from ddms_ops.normalize.posture import Posture
from ddms_ops.normalize.trail_answers import FRAMES, answer_frame, trail_frame
from ddms_ops.schema import conform
from ddms_ops.sources.base import Pull, Query, Source
from ddms_ops.sources.queries import ACCESS, POSTURE, TrailQuery
from ddms_ops.tenancy import Tenants
from ddms_ops.tenant_ids import Spelling
from ddms_ops.tenant_schemas import WITNESSES
from ddms_ops.trail_sql import PARTS, relations
from ddms_ops.window import EVER, Window

NO_TRAIL = "no audit trail is declared, so what was reached is known only as far as other sources show it"
NO_ROWS = "the trail has no row in the window"
REQUESTS = "trail_requests"
FIRST = "bounds"
CONTEXT = ("grants", "members", "impersonations")


class LeakFrames:
    """The frames of a case that come from its audit trail; a `Case` brings the pulls."""

    profile: Profile
    window: Window
    source: Source
    evidence: EvidenceFolder
    log_events: pd.DataFrame
    changes: pd.DataFrame

    @abstractmethod
    def _pull(self, name: str, fetch: Callable[..., Pull], query: Query) -> str:
        """Fetch and record one pull, once; its name."""

    @property
    @abstractmethod
    def coverage(self) -> list[Coverage]:
        """Coverage of every pull so far."""

    @abstractmethod
    def pulls(self, kind: str) -> list[Coverage]:
        """Coverage of the pulls of a kind."""

    @abstractmethod
    def records(self, topic: str) -> pa.Table:
        """Raw records of a topic."""

    @property
    @abstractmethod
    def log_pulls(self) -> list[tuple[Path, str, Logs]]:
        """For each log pull of window and baseline its evidence file, its name, and how its events name things."""

    @property
    def tenants(self) -> Tenants:
        """The profile's declaration of tenants; an empty one where it has none."""
        return self.profile.tenants or Tenants()

    @cached_property
    def trail_parts(self) -> frozenset[str]:
        """Questions that the profile lets ask; of a trail that is not there only the first, its bounds."""
        declared = relations(self.tenants)
        if "trail" not in declared:
            return frozenset()
        name = self.pull_trail(FIRST)
        [bounds] = (pull for pull in self.coverage if pull.pull == name)
        if bounds.status is Status.NOT_CONFIGURED:
            return frozenset({FIRST})
        return frozenset(part for part in PARTS if PARTS[part].needs in declared)

    def trail(self, part: str) -> pd.DataFrame:
        """The answer to one question of `trail_sql.PARTS`, with `pull` and `row`; no rows where it cannot be asked."""
        if part not in self._answers:
            table = PARTS[part].schema.empty_table()
            if part in self.trail_parts:
                table = read_table(self.evidence.path_of(self.pull_trail(part)))
            self._answers[part] = answer_frame(table, f"trail/{part}")
        return self._answers[part]

    def pull_trail(self, part: str) -> str:
        """Put one question to the trail, once; the name of the pull."""
        query = TrailQuery(self.window if PARTS[part].is_windowed else EVER, part, self.tenants)
        name = REQUESTS if part == "requests" else f"trail/{part}"  # nothing rests on it but what it adds
        return self._pull(name, self.source.fetch_trail_answer, query)

    @cached_property
    def _answers(self) -> dict[str, pd.DataFrame]:
        return {}

    def trail_frame(self, part: str) -> pd.DataFrame:
        """The answer `rhythm`, `pauses`, `holes` or `extent` as RHYTHM, PAUSES, HOLES or EXTENT."""
        return trail_frame(part, self.trail(part))

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self.trail("known")["id"], is_folded=self.tenants.folded)

    @cached_property
    def known_tenants(self) -> list[str]:
        """Ids of the tenants that the system lists."""
        return [str(name) for name in self.trail("known")["id"].dropna()]

    @cached_property
    def leak_matrix(self) -> pd.DataFrame:
        """CELLS of the window."""
        return self._spelling.spelled(leak_cells(self.trail("matrix"), self.tenants), "actor", "owner")

    @cached_property
    def crossings(self) -> pd.DataFrame:
        """CROSSINGS of the window, each with the witnesses of its request or its object.

        Of a system without a trail, what other sources show to have been handed out.
        """
        if self.tenants.trail is None:
            return from_witnesses(self._all_witnesses)
        context = {part: self.trail(part) if part in self.trail_parts else None for part in CONTEXT}
        found = judged(
            self.trail("crossings"),
            Context(**context, unread=self._unread, known=tuple(self.known_tenants)),
            self.tenants,
        )
        spelled = self._spelling.spelled(found, "actor", "owner")
        return with_witnesses(spelled, self._all_witnesses, self.presigned_uses)

    @property
    def _unread(self) -> tuple[str, ...]:
        """Why what would excuse a crossing cannot be told."""
        names = {f"trail/{part}" for part in CONTEXT}
        lacking = [f"{c.pull}: {c.reason}" for c in self.pulls("trail") if c.pull in names and not c.is_all_there]
        return (*lacking, *self._ambiguity)

    @cached_property
    def _ambiguity(self) -> tuple[str, ...]:
        """Words where rows have several owners or homes at once; none where each has one at most."""
        words = ambiguity(self.trail("matrix"), self.trail("rhythm"))
        return (words,) if words else ()

    @cached_property
    def witnesses(self) -> pd.DataFrame:
        """WITNESSES of the window, but for those of what the trail explains: the same request, the same owner."""
        judged, seen = self.crossings, self._all_witnesses
        explained = judged[judged["verdict"] == EXPLAINED]
        pairs = pd.MultiIndex.from_frame(explained[["request_id", "owner"]])
        is_explained = pd.MultiIndex.from_frame(seen[["request_id", "owner"]]).isin(pairs) & seen["request_id"].notna()
        return seen[~is_explained.to_numpy()].reset_index(drop=True)

    @property
    def _untold(self) -> pd.DataFrame:
        """GAPS of what other sources show and the trail does not."""
        told = self.crossings[self.crossings["verdict"] == DISCLOSED]
        seen = self.witnesses[returned(self.witnesses)]
        pairs = pd.MultiIndex.from_frame(told[["request_id", "owner"]])
        return witness_only(seen[~pd.MultiIndex.from_frame(seen[["request_id", "owner"]]).isin(pairs)])

    @cached_property
    def _all_witnesses(self) -> pd.DataFrame:
        """WITNESSES of the window, out of logs and accesses to objects."""
        logs, _ = self._of_logs
        tenants = self.tenants
        objects = object_witnesses(self._accesses, tenants.objects, folded=tenants.folded, window=self.window)
        both = pd.concat([part for part in (logs, objects) if len(part)] or [logs], ignore_index=True)
        found = conform(both.sort_values(["timestamp", "pull", "row"], kind="stable"), WITNESSES)
        return self._spelling.spelled(found, "actor", "owner")

    @cached_property
    def _of_logs(self) -> tuple[pd.DataFrame, LogReach]:
        """WITNESSES out of logs, and how far these can tell."""
        tenants = self.tenants
        return read_log_witnesses(
            [pull for pull in self.log_pulls if pull[1].startswith("logs/")], tenants.logs, folded=tenants.folded,
            window=self.window, objects=tenants.objects, known=self.known_tenants,
        )  # fmt: skip

    @property
    def log_reach(self) -> LogReach:
        """How far the log events of the window can tell of tenants."""
        return self._of_logs[1]

    @cached_property
    def presigned_uses(self) -> pd.DataFrame:
        """Uses of pre-signed URLs in the window."""
        tenants = self.tenants
        return presigned_uses(self._accesses, tenants.objects, folded=tenants.folded, window=self.window)

    @cached_property
    def witness_gaps(self) -> pd.DataFrame:
        """GAPS of the window in what tells of accesses to objects."""
        return data_event_gaps(self._accesses, self.tenants.objects, window=self.window)

    @cached_property
    def trail_gaps(self) -> pd.DataFrame:
        """GAPS of the window: of the trail itself, of reads without a row, and of the witnesses."""
        trail = self.tenants.trail
        bounds = self.trail("bounds")["timestamp"]
        gaps = trail_gaps(
            *(self.trail_frame(part) for part in FRAMES),
            window=self.window, folded=self.tenants.folded, has_sequence=trail is not None and bool(trail.sequence),
            first_row=None if bounds.dropna().empty else bounds.iloc[0],
            others=(
                unaudited(self._answered, self._audited, window=self.window, accepted=self.tenants.unaudited),
                self.witness_gaps,
                owner_gaps(self.trail("matrix")),
                self._untold,
            ),
        )  # fmt: skip
        return self._spelling.spelled(gaps, "tenant")

    @cached_property
    def leak_verdict(self) -> LeakVerdict:
        """What can be said of which stretch of the window."""
        if self.tenants.trail is None:
            return self._of_witnesses
        pulls, cells = self.pulls("trail"), self.leak_matrix
        is_whole = all(pull.status in ALL_THERE for pull in pulls)
        reasons = [f"{pull.pull}: {pull.reason}" for pull in pulls if pull.status not in ALL_THERE]
        reasons += [NO_ROWS] if cells.empty and is_whole else []
        reasons += trail_doubts(
            self.tenants, bounds=self.trail("bounds"), holes=self.trail_frame("holes"),
            extent=self.trail("extent"), known=self.trail("known")["id"],
        )  # fmt: skip
        reasons += self._ambiguity
        found = leak_verdict(
            self.crossings, self.trail_gaps, self.window, pulls_complete=is_whole, reasons=tuple(reasons),
            seen=[*cells["actor"].dropna(), *cells["owner"].dropna(), *self.trail_gaps["tenant"].dropna()],
            folded=self.tenants.folded,
        )  # fmt: skip
        return found.renamed(self._spelling.of)

    @property
    def _of_witnesses(self) -> LeakVerdict:
        """What can be said where no trail is declared: what other sources show, and never that nothing leaked."""
        return leak_verdict(
            self.crossings, self.witness_gaps, self.window, pulls_complete=True, reasons=(NO_TRAIL,),
            seen=self.known_tenants, folded=self.tenants.folded,
        ).renamed(self._spelling.of)  # fmt: skip

    @cached_property
    def posture(self) -> Posture:
        """What the database's catalogs say of its isolation."""
        return Posture(self.records(POSTURE), POSTURE)

    @cached_property
    def _accesses(self) -> pd.DataFrame:
        """OBJECT_ACCESS of the pulls; none where the profile says of no bucket whose it is."""
        if not self.tenants.objects.buckets:
            return object_accesses()
        self.pulls("changes")
        logs = self.records(ACCESS) if self.tenants.objects.access_logs else None
        return object_accesses(read_table(self.evidence.path_of("changes")), logs)

    @property
    def _answered(self) -> pd.DataFrame:
        return self.log_events[self.log_events["status"].notna()]

    @property
    def _audited(self) -> pd.DataFrame | None:
        """`request_id` of every audit row; None where the trail does not keep it, or not all of them were taken."""
        trail = self.tenants.trail
        if trail is None or not trail.request:
            return None
        found = self.trail("requests").rename(columns={"request": "request_id"})
        return found if all(pull.status in ALL_THERE for pull in self.pulls(REQUESTS)) else None
