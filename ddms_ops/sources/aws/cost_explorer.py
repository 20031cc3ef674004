"""Questions about the bill answered by Cost Explorer, whose answers are paid for: each day is asked for once."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.costs import MONTHS, Answers, asked_days, cost_documents
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import INTERRUPTED, Provenance, Pull, no_records
from ddms_ops.sources.bill_documents import CostLine, cost_document
from ddms_ops.sources.cost_files import CostFiles
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs
from ddms_ops.window import Window

NAME = "Cost Explorer"
ELSEWHERE = "name the bill's files under costs.bill.s3, or its table under costs.bill.athena_table"
KEPT = f"Cost Explorer keeps the present month and {MONTHS} before it"
NO_HOURS = f"Cost Explorer has hours only where they are switched on and paid for, for 14 days; {ELSEWHERE}"
NO_RESOURCES = f"by service and usage type: Cost Explorer tells of no resource here; {ELSEWHERE}"
CHINA, HOMES = "cn-", ("us-east-1", "cn-northwest-1")  # where Cost Explorer is, and where that of China is


@dataclass(slots=True)
class _Asked:
    """What was asked, of whom, and what came."""

    days: Window
    costs: Costs
    bill: CostFiles
    who: tuple[tuple[str, str], ...]
    is_empty: bool
    faults: tuple[AwsFault, ...]
    words: tuple[str, ...]
    is_interrupted: bool
    clock: tuple[pd.Timestamp, pd.Timestamp]

    def holds(self, days: Window, costs: Costs) -> bool:
        """Whether it was asked for these days, of the same lines."""
        same = (self.costs.only_tags, self.costs.only_accounts) == (costs.only_tags, costs.only_accounts)
        return same and self.days.start <= days.start and days.end <= self.days.end

    @property
    def status(self) -> Status:
        """What a pull is that holds nothing: the status that all its faults have."""
        statuses = {fault.status for fault in self.faults}
        is_one = len(statuses) == 1 and not self.words and Status.PARTIAL not in statuses
        return statuses.pop() if is_one else Status.FAILED


@dataclass(slots=True)
class _Round:
    """What comes of asking one account after the other."""

    answers: Answers = field(default_factory=Answers)
    who: list[tuple[str, str]] = field(default_factory=list)
    lines: list[CostLine] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


class Explorer:
    """Cost Explorer of each account of a source.

    Args:
        sessions: the accounts; two of one account, in two regions, have the same costs.
        source: the name of the source.
        scratch: where its answers are kept.
        clock: of the caller.
    """

    def __init__(
        self, sessions: Iterable[AwsSession], *, source: str, scratch: Path, clock: Callable[[], pd.Timestamp]
    ) -> None:
        self._sessions, self._source, self._scratch, self._clock = list(sessions), source, scratch, clock
        self._known: list[_Asked] = []

    def fetch(self, query: CostQuery, *, pull: str, now: pd.Timestamp) -> Pull:
        """The answer to one question; see `Source.fetch_cost_answer`.

        Args:
            query: the question.
            pull: its name.
            now: the moment that what is still kept is counted from.
        """
        if query.part == "hours":
            return no_records(pull, query, self._where(()), query.schema, Status.NOT_CONFIGURED, NO_HOURS)
        days = asked_days(query.window, now=now)
        if days is None:
            reason = f"{KEPT}, and no day to come; {ELSEWHERE}"
            return no_records(pull, query, self._where(()), query.schema, Status.FAILED, reason)
        asked = next((known for known in self._known if known.holds(days, query.costs)), None)
        asked = asked or self._ask(days, query.costs)
        notes = [f"{KEPT}: asked from {days.start:%Y-%m-%d} on"] if query.window.start < days.start else []
        notes += [NO_RESOURCES] if query.part == "details" else []
        notes += _filtered(query.costs)
        return replace(self._pull(query, pull, asked, notes), is_interrupted=asked.is_interrupted).timed(*asked.clock)

    def _ask(self, days: Window, costs: Costs) -> _Asked:
        """Ask every account; remembered unless Ctrl-C ended it."""
        found, start = _Round(), self._clock()
        known = self._accounts(found)
        is_alone = len(known) == 1 and not found.answers.faults
        for account, (session, arn) in known.items():
            own = _own_accounts(account, costs, is_alone=is_alone)
            if own is not None and not found.answers.is_interrupted:
                found.who.append((account, arn))
                documents = cost_documents(session, days, costs.only_tags, own, found.answers)
                for place, told in enumerate(map(cost_document, documents)):
                    found.words += told.faults
                    found.lines += [_apart(line, account, place, is_alone=is_alone) for line in told.lines]
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        bill = CostFiles([], scratch, scratch, source=self._source, explored={NAME: found.lines})
        asked = _Asked(
            days, costs, bill, tuple(found.who), not found.lines, tuple(found.answers.faults), tuple(found.words),
            found.answers.is_interrupted, (start, self._clock()),
        )  # fmt: skip
        self._known += [] if asked.is_interrupted else [asked]
        return asked

    def _accounts(self, found: _Round) -> dict[str, tuple[AwsSession, str]]:
        """Each account once, with whom it is asked as; a fault of one is kept and loses no other."""
        known: dict[str, tuple[AwsSession, str]] = {}
        for session in self._sessions:
            try:
                account, arn = session.identity
                known.setdefault(account, (session, arn))
            except AwsFault as fault:
                found.answers.faults.append(session.named(fault))
            except KeyboardInterrupt:
                found.answers.is_interrupted = True
                break
        return known

    def _where(self, who: Sequence[tuple[str, str]]) -> Provenance:
        accounts, arns = (", ".join(dict.fromkeys(part)) for part in zip(*who, strict=True)) if who else ("", "")
        homes = {HOMES[session.region.startswith(CHINA)] for session in self._sessions}
        return Provenance(self._source, accounts, ", ".join(sorted(homes)), arns)

    def _pull(self, query: CostQuery, pull: str, asked: _Asked, notes: list[str]) -> Pull:
        """The answer with what is lacking in it."""
        faults = [*(fault.words for fault in asked.faults), *asked.words]
        faults += [INTERRUPTED] if asked.is_interrupted else []
        if asked.is_empty:
            status = asked.status if faults else Status.EMPTY
            return no_records(pull, query, self._where(asked.who), query.schema, status, "; ".join([*faults, *notes]))
        unfiltered = query.costs.model_copy(update={"only_tags": {}, "only_accounts": ()})  # they were when asked
        answer = asked.bill.answer(replace(query, costs=unfiltered), pull=pull)
        coverage = answer.coverage
        reason = "; ".join(part for part in (*faults, coverage.reason, *notes) if part)
        status = coverage.status
        if faults:
            status = Status.PARTIAL if coverage.rows else Status.FAILED
        coverage = replace(coverage, status=status, reason=reason, matched=None if faults else coverage.matched)
        return replace(answer, coverage=coverage, provenance=self._where(asked.who), keeper=self)


def _own_accounts(account: str, costs: Costs, *, is_alone: bool) -> Sequence[str] | None:
    """Whose costs one account is asked for; None where it is asked for nobody's.

    One account alone is asked for all that it pays for. Of several each is asked for its own: one of them may pay for
    the others, which would count twice.
    """
    if is_alone:
        return costs.only_accounts
    return (account,) if account in costs.only_accounts or not costs.only_accounts else None


def _filtered(costs: Costs) -> list[str]:
    """That others' lines were not asked for, so that it is not known how much they are."""
    names = [name for name in ("only_accounts", "only_tags") if getattr(costs, name)]
    told = " and ".join(f"costs.{name}" for name in names)
    return [f"asked for what {told} let through; the rest of the bill is not known"] if names else []


def _apart(line: CostLine, account: str, place: int, *, is_alone: bool) -> CostLine:
    """The line as one of a single answer, with a key that only it has: no charge is in two of our requests.

    A fee that vanishes when amortised is the upfront one of a reservation.
    """
    is_upfront = line.category == "fee" and line.amortised == 0 and line.billed != 0
    return replace(
        line,
        grouping=(NAME,),
        keys=(account, str(place), *line.keys),
        account=None if is_alone else account,
        category="commitment" if is_upfront else line.category,
    )
