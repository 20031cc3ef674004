"""Questions about the bill answered from its files in S3, fetched once and read as those of an export."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ddms_ops.coverage import Status
from ddms_ops.sources.aws.bill_store import Chosen, Stored, chosen, fetched, kept_at, listed, months_asked, place_of
from ddms_ops.sources.aws.faults import AwsFault
from ddms_ops.sources.aws.session import AwsSession, first_that_may
from ddms_ops.sources.base import INTERRUPTED, Provenance, Pull, no_records
from ddms_ops.sources.cost_files import CostFiles
from ddms_ops.sources.queries import CostQuery


@dataclass(frozen=True, slots=True)
class _Found:
    """Whose bucket was listed, and what is in it."""

    session: AwsSession
    objects: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class _Bill:
    """The files of some months, and what one should know of them."""

    files: CostFiles
    where: Provenance
    faults: tuple[str, ...]
    notes: tuple[str, ...]


class StoredBill:
    """A bill that AWS delivers to S3.

    Args:
        sessions: the accounts; the bucket is asked for as each in turn until one may list it.
        source: the name of the source.
        scratch: where the files are kept.
    """

    def __init__(self, sessions: Iterable[AwsSession], *, source: str, scratch: Path) -> None:
        self._sessions, self._source = list(sessions), source
        self._folder = Path(tempfile.mkdtemp(dir=scratch))
        self._found: dict[str, _Found] = {}
        self._bills: dict[tuple[str, frozenset[str]], _Bill] = {}

    def fetch(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question; see `Source.fetch_cost_answer`."""
        place, months = query.costs.bill.s3, months_asked(query)
        where = Provenance(self._source)
        try:
            bill = self._bill(place, months)
        except AwsFault as fault:
            return no_records(pull, query, where, query.schema, fault.status, fault.words)
        except KeyboardInterrupt:
            empty = no_records(pull, query, where, query.schema, Status.FAILED, INTERRUPTED)
            return replace(empty, is_interrupted=True)
        if not bill.where.files:
            reason = "; ".join(["no file of the bill for these months under costs.bill.s3", *bill.faults])
            return no_records(pull, query, bill.where, query.schema, Status.NOT_CONFIGURED, reason)
        answer = bill.files.answer(query, pull=pull)
        reason = "; ".join(part for part in (*bill.faults, answer.coverage.reason, *bill.notes) if part)
        status = answer.coverage.status
        if bill.faults and status in (Status.COMPLETE, Status.EMPTY):
            status = Status.PARTIAL if answer.coverage.rows else Status.FAILED
        coverage = replace(answer.coverage, status=status, reason=reason)
        return replace(answer, coverage=coverage, provenance=bill.where, keeper=self)

    def _bill(self, place: str, months: frozenset[str]) -> _Bill:
        """The files of some months, fetched now where they are not there.

        Raises:
            AwsFault: they cannot be had.
        """
        same = (bill for (known, held), bill in self._bills.items() if known == place and months <= held)
        if (bill := next(same, None)) is not None:
            return bill
        found = self._listed(place)
        bucket, _ = place_of(place)
        taken = chosen(found.session, bucket, found.objects, months)
        size = sum(fetched(found.session, bucket, taken.objects, self._folder))
        self._bills[place, months] = self._made(found.session, bucket, taken, size)
        return self._bills[place, months]

    def _made(self, session: AwsSession, bucket: str, taken: Chosen, size: int) -> _Bill:
        scratch = Path(tempfile.mkdtemp(dir=self._folder))
        paths = [kept_at(one, self._folder) for one in taken.objects]
        account, arn = session.identity
        names = tuple(sorted(f"s3://{bucket}/{one.key}" for one in taken.objects))
        where = Provenance(self._source, account, session.region, arn, files=names, bytes_scanned=size)
        return _Bill(CostFiles(paths, self._folder, scratch, source=self._source), where, taken.faults, taken.notes)

    def _listed(self, place: str) -> _Found:
        """The objects of the bill, listed once.

        Raises:
            AwsFault: nobody may list them.
        """
        if place not in self._found:
            session, objects = first_that_may(self._sessions, lambda one: tuple(listed(one, *place_of(place))))
            self._found[place] = _Found(session, objects)
        return self._found[place]
