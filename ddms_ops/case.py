"""A case: one incident, its profile, its source and its evidence folder, tied together.

Each pull is fetched once, recorded as evidence, and normalised from there; each check is run
once and written to findings.json at once, so that a run that dies leaves what it had.
"""

import sys
from collections import Counter
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

from ddms_ops import __version__
from ddms_ops.access_frames import AccessFrames
from ddms_ops.checks import CHECKS, run_check
from ddms_ops.checks.base import BROKEN, Check
from ddms_ops.container_frames import ContainerFrames
from ddms_ops.cost_frames import CostFrames
from ddms_ops.coverage import Coverage
from ddms_ops.database_frames import DatabaseFrames
from ddms_ops.declaration import Logs, Profile, log_group_names
from ddms_ops.errors import BadInput, EvidenceError, did_you_mean
from ddms_ops.evidence import ELSEWHERE, EvidenceFolder
from ddms_ops.files import AGAIN, refused
from ddms_ops.findings import CheckResult
from ddms_ops.folders import set_aside
from ddms_ops.frames import LogFrames
from ddms_ops.hops.calls import Hops
from ddms_ops.incident import Incident, resolve
from ddms_ops.interrupts import stopped_as, whole_step
from ddms_ops.leak_frames import LeakFrames
from ddms_ops.private import redact_also, redacted_by
from ddms_ops.profile import load_profile, profile_path
from ddms_ops.record_frames import RecordFrames
from ddms_ops.report.findings_file import findings_document, write_document
from ddms_ops.report.standing import in_order, is_of_another, not_reached, set_pages_aside, standing
from ddms_ops.sources import open_source
from ddms_ops.sources.base import LogCountQuery, LogQuery, Pull, Query, Source
from ddms_ops.sources.fetching import fetched, stop_if_interrupted
from ddms_ops.sources.log_share import counted_events, log_pull_names, log_share
from ddms_ops.sources.queries import TOPICS
from ddms_ops.sources.resumed import MARKER, resumed
from ddms_ops.window import is_relative
from ddms_ops.work_frames import WorkFrames

TOOL = f"ddms-ops {__version__}"
GENERIC = "generic"
Clock = Callable[[], pd.Timestamp]


def utc_now() -> pd.Timestamp:
    """The clock of a notebook or the runner; nothing below them reads it."""
    return pd.Timestamp.now(tz="UTC")


def open_case(*, out: str = "reports", clock: Clock = utc_now, **parameters: object) -> "Case":
    """The case that an incident's parameters describe.

    Args:
        out: folder of reports; the case's evidence and findings go to `<out>/<incident_id>`. What other notebooks found
            there about the same time stays, as long as their records do; a report of another time is kept as
            `<incident_id>.1`, and a case that is open on it refuses to go on. Relative times are another time in each
            call: give `start` and `end` as instants where several notebooks, or runs of one, are to make one report.
        clock: where relative times and the time of a pull come from.
        parameters: as in an incident file; see `ddms_ops.incident.Incident`.

    Raises:
        BadInput: every fault of the parameters, or a source that cannot be opened; nothing was written.
        EvidenceError: the folder cannot be written into, or its evidence is damaged.
    """
    incident, profile = resolve(parameters, now=clock(), where="parameters")
    source = open_source(incident.source, profile=profile, environment=incident.environment, clock=clock)
    folder = Path(out) / incident.incident_id
    with refused(f"{folder}: cannot be written into", way_out=ELSEWHERE.format(folder)):
        if not (folder / MARKER).exists() and is_of_another(folder, incident):
            set_aside(folder, source=incident.source)
            if is_relative(parameters.get("start"), parameters.get("end")):
                give = f'give start="{incident.start}", end="{incident.end}"'
                print(f"relative times are another time in each call; to stay in this report {give}", file=sys.stderr)
        return Case(incident, profile, resumed(source, folder), folder, clock=clock)


class Case(
    LogFrames, RecordFrames, DatabaseFrames, LeakFrames, CostFrames, WorkFrames, ContainerFrames, AccessFrames, Hops
):  # fmt: skip
    """One incident under investigation; see `open_case`.

    Args:
        incident, profile: with absolute times; of its system.
        source: where to pull from.
        folder: the report folder.
        clock: for the time of pulls.
        profiles: folder of system profiles, the shipped ones when None.
        only: names of the log pulls to make, all when None: a run that was stopped is replayed as far as it came.
    """

    def __init__(
        self,
        incident: Incident,
        profile: Profile,
        source: Source,
        folder: Path,
        *,
        clock: Clock,
        profiles: Path | None = None,
        only: frozenset[str] | None = None,
    ) -> None:
        redact_also(profile.redact, of=str(folder.absolute()))
        self.incident = incident
        self.profile = profile
        self.source = source
        self.folder = folder
        self.window, self.baseline = incident.window, incident.baseline_window
        self._clock = clock
        self._only = only
        self._coverage: dict[str, Coverage] = {}
        self._whole: set[str] = set()
        self._results: dict[str, CheckResult] = {}
        self._generic = load_profile(GENERIC, folder=profiles)
        self._is_reread = False
        self._is_checking = False
        self.evidence = EvidenceFolder(folder / "evidence", tool=TOOL)
        for name in sorted({incident.system, GENERIC}):
            if self.evidence.keep_profile(profile_path(name, profiles)):
                self._read_anew()

    def __repr__(self) -> str:
        return f"{self.incident.incident_id}: {self.window} against {self.baseline}"

    # Pulls

    @property
    def coverage(self) -> list[Coverage]:
        """Coverage of every pull so far, by name."""
        return [self._coverage[name] for name in sorted(self._coverage)]

    def pulls(self, kind: str) -> list[Coverage]:
        """Coverage of the pulls of a kind (`logs`, `logs.baseline`, `metrics`, …), pulled now if need be."""
        asked: dict[str, Callable[[], object]] = {
            "log_counts": lambda: self.sample,
            "log_counts.baseline": lambda: self.sample,
            "logs": lambda: self.log_pulls,
            "logs.baseline": lambda: self.log_pulls,
            "metrics": lambda: self.metrics,
            "metrics.baseline": lambda: self.baseline_metrics,
            "changes": lambda: self.changes,
            "alarms": lambda: self.alarms,
            "database_log": lambda: self.database_log_pulls,
            "database_log.baseline": lambda: self.database_log_pulls,
            **{topic: partial(self.records, topic) for topic in TOPICS},
            "changes.baseline": lambda: self.baseline_calls,
            "costs": lambda: self.cost_days,
            "costs_hours": lambda: self.cost_hours,
            "costs_details": lambda: self.cost_details,
            "trail": lambda: [self.pull_trail(part) for part in sorted(self.trail_parts - {"requests"})],
            "trail_requests": lambda: [self.pull_trail(part) for part in self.trail_parts & {"requests"}],
        }
        with stopped_as(f"reading {kind}"):
            asked[kind]()
        return [row for row in self.coverage if row.pull.split("/")[0] == kind]

    def _pull(self, name: str, fetch: Callable[..., Pull], query: Query, **parameters: object) -> str:
        """Fetch and record one pull, once; its name."""
        if name in self._whole:
            return name
        self._check_place()
        start = self._clock()
        pull = fetched(fetch, query, pull=name, source=self.incident.source.partition(":")[0])
        if not pull.provenance.clock_start:
            pull = pull.timed(start, self._clock())
        with whole_step():
            self.evidence.check()
            before = {entry.coverage.pull: entry.content for entry in self.evidence.entries}.get(name)
            after = self.evidence.record(pull, {**parameters, "window": query.window.as_dict()}).content
            if before not in (None, after):
                self._read_anew()
            self._coverage[name] = pull.coverage
            if not self._is_checking and not (self.folder / MARKER).exists():
                self.save()
        stop_if_interrupted(pull)
        self._whole.add(name)
        return name

    def _read_anew(self) -> None:
        """Evidence of before has other records now: what was made of it by hand or by an earlier run does not stand."""
        if not (self.folder / MARKER).exists():
            self._is_reread = True
            set_pages_aside(self.folder)

    @cached_property
    def log_groups(self) -> tuple[str, ...]:
        """Declared log groups and those the source has, sorted."""
        return tuple(sorted({*log_group_names(self.profile, self.incident.environment), *self.source.log_groups()}))

    @cached_property
    def sample(self) -> tuple[int, int, int] | None:
        """1 in how many events by time the log pulls hold, and how many window and baseline have; None where all."""
        named = log_pull_names("log_counts", self.log_groups, self.window, self.baseline, self._only)
        most = self.profile.logs.max_events
        with stopped_as("counting log events"):
            one_in, counts = log_share(self.source, named, most, is_replay=self._only is not None)
        for name, (window, group) in named.items():
            if name in counts:
                self._pull(name, lambda _, pull: counts[pull], LogCountQuery(window, group), log_group=group)
        total = Counter[str]()
        for name, pull in counts.items():
            total[name.split("/")[0]] += counted_events(pull)
        return (one_in, total["log_counts"], total["log_counts.baseline"]) if one_in > 1 else None

    @property
    def log_pulls(self) -> list[tuple[Path, str, Logs]]:
        """For each log pull of window and baseline its evidence file, its name, and how its events name things."""
        found = self._log_pulls
        self.evidence.check()
        return found

    @cached_property
    def _log_pulls(self) -> list[tuple[Path, str, Logs]]:
        found = []
        ours = log_group_names(self.profile, self.incident.environment)
        one_in = self.sample[0] if self.sample else 1
        named = log_pull_names("logs", self.log_groups, self.window, self.baseline, self._only)
        for name, (window, group) in named.items():
            self._pull(name, self.source.fetch_log_events, LogQuery(window, group, one_in=one_in), log_group=group)
            declared = self.profile.logs if group in ours else self._generic.logs
            found.append((self.evidence.path_of(name), name, declared))
        return found

    def now(self) -> pd.Timestamp:
        """The clock, UTC."""
        return self._clock()

    # Checks

    def result(self, check: str) -> CheckResult:
        """Result of a check, run now if it was not yet, or if it broke: what broke it may have passed.

        Raises:
            BadInput: no check of that name.
            EvidenceError: the evidence is another one now, or nothing can be written; the check counts as not run.
        """
        done = self._results.get(check)
        if done is None or (done.reason.startswith(BROKEN) and not self._is_checking):
            known = {known.id: known for known in CHECKS}
            if check not in known:
                raise BadInput(f"no check named {check!r}{did_you_mean(check, known)}; known: {', '.join(known)}")
            self._results[check] = self._checked(known[check])
            try:
                self.save()
            except BaseException:
                del self._results[check]
                raise
        return self._results[check]

    def _checked(self, check: Check) -> CheckResult:
        """A check's result; what it pulls is saved with it, also where it is stopped."""
        is_outermost, self._is_checking = not self._is_checking, True
        try:
            with redacted_by(self.profile.redact), stopped_as(f"checking {check.id}"):
                return run_check(check, self)
        except KeyboardInterrupt:
            self.save()
            raise
        finally:
            self._is_checking = not is_outermost

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """Results of the checks run so far, in the order of CHECKS; ranked within each notebook."""
        return in_order(self._results.values())

    @property
    def document(self) -> dict[str, object]:
        """findings.json as it stands, without `generated_at`; with what other notebooks of the case found."""
        before = standing(self.folder, self.incident, tool=TOOL, is_reread=self._is_reread)
        done = (*before.results, *self._results.values())
        results = in_order((*not_reached(done), *done))
        pulled = {row.pull: row for row in (*before.coverage, *self.coverage)}.values()
        with redacted_by(self.profile.redact):
            document = findings_document(self.incident, pulled, results, tool=TOOL, digest=self.evidence.digest)
        skipped = before.without([result.notebook for result in results])
        return {**document, "skipped": skipped} if skipped else document

    def save(self) -> None:
        """Write findings.json.

        Raises:
            EvidenceError: the report is another case's now; nothing is written.
        """
        self._check_place()
        write_document(self.folder, self.document, generated_at=self._clock().isoformat().replace("+00:00", "Z"))
        self._is_reread = False  # what does not stand is marked; what others find from here on stands

    def _check_place(self) -> None:
        """Refuse to mix with a case of another time that was opened under the same name, or with other records."""
        self.evidence.check()
        if is_of_another(self.folder, self.incident):
            raise EvidenceError(f"{self.folder}: holds findings of another time or system now; {AGAIN}")
