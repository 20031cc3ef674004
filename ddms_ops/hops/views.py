"""The views of the hops, and what they need of a case to lead on.

They are in one file because each leads to the others: a line to its request, a request to its tenant, and back.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import pandas as pd
import pyarrow as pa

from ddms_ops.checks.base import Facts
from ddms_ops.coverage import Coverage
from ddms_ops.declaration import Logs
from ddms_ops.errors import BadInput
from ddms_ops.evidence import EvidenceFolder
from ddms_ops.findings import CheckResult, Finding
from ddms_ops.hops.naming import chosen, short
from ddms_ops.hops.view import View

Opened = TypeVar("Opened", bound=View, covariant=True)


class Ground(Facts, Protocol):
    """What the hops need of a case beyond what checks read: its pulls, its evidence, and the calls themselves."""

    evidence: EvidenceFolder

    @property
    def coverage(self) -> list[Coverage]:
        """Coverage of every pull so far."""
        ...

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Log groups, declared and found."""
        ...

    @property
    def log_pulls(self) -> list[tuple[Path, str, Logs]]:
        """Evidence file, name and declaration of each log pull."""
        ...

    @property
    def clock_offsets(self) -> pd.DataFrame:
        """Log streams whose clock was corrected."""
        ...

    @property
    def known_results(self) -> tuple[CheckResult, ...]:
        """Results of the checks made so far, those of other notebooks of the run too."""
        ...

    def now(self) -> pd.Timestamp:
        """The clock, UTC."""

    def audit(self, table: str) -> pa.Table:
        """Rows of an audit table."""

    @abstractmethod
    def logs(self, *, group: str = "", tenant: str = "", level: str = "", side: str = "window") -> "Lines":
        """Log events."""

    @abstractmethod
    def group(self, group: str) -> "Group":
        """One group of messages."""

    @abstractmethod
    def request(self, request: str) -> "Request":
        """All log events of one request."""

    @abstractmethod
    def requests_of(self, *, group: str = "", tenant: str = "", failed: bool = False) -> "Requests":
        """Requests of a group or a tenant."""

    @abstractmethod
    def tenant(self, tenant: str) -> "Tenant":
        """What there is of one tenant."""

    @abstractmethod
    def sql(self, *, request: str = "", tenant: str = "") -> "Rows":
        """Statements of a request or a tenant."""

    @abstractmethod
    def audit_rows(self, *, request: str = "", tenant: str = "") -> "Rows":
        """Audit rows of a request or a tenant."""


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Rows(View):
    """A view whose rows may name requests and tenants; `n` is the number of a row, from 0."""

    case: Ground

    def request(self, n: int | None = None) -> "Request":
        """The request that the n-th row names; without n that of the first row that names one.

        Raises:
            BadInput: no such row, or it names no request.
        """
        return self.case.request(self._named(n, "request", ("request_id",)))

    def tenant(self, n: int | None = None) -> "Tenant":
        """The tenant that the n-th row names; without n that of the first row that names one.

        Raises:
            BadInput: no such row, or it names no tenant.
        """
        return self.case.tenant(self._named(n, "tenant", ("tenant", "tenant_id")))

    def _named(self, n: int | None, noun: str, columns: tuple[str, ...]) -> str:
        rows = self.frame if n is None else self.row(n).to_frame().T
        for name in columns:
            found = rows[name].dropna() if name in rows else rows.index[:0]
            if len(found):
                return str(found.iloc[0])
        which = "no row" if n is None else f"row {n}"
        verb = "names a" if n is None else "names no"
        raise BadInput(f"{which} {verb} {noun}; one that does shows it as {' or '.join(columns)}")

    def row(self, n: int) -> pd.Series:
        """The n-th row.

        Raises:
            BadInput: there is none.
        """
        if isinstance(n, bool) or not isinstance(n, Integral) or not 0 <= int(n) < len(self.frame):
            there = f"they are numbered 0 to {len(self.frame) - 1}" if len(self.frame) else "this view has none"
            raise BadInput(f"no row {short(n)}; {there}")
        return self.frame.iloc[int(n)]


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Lines(Rows):
    """Log events by time, those of one side."""

    _raw: Callable[[int], View]

    def raw(self, n: int = 0) -> View:
        """The n-th event as it was recorded, its message whole.

        Raises:
            BadInput: no such row.
        """
        self.row(n)
        return self._raw(int(n))


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Requests(Rows):
    """Requests, and jobs that ended, by time; `failed` says how."""


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Group(View):
    """One group of messages: its row of `case.groups`."""

    case: Ground
    id: str

    def lines(self) -> Lines:
        """Its log events in the window."""
        return self.case.logs(group=self.id)

    def before(self) -> Lines:
        """Its log events in the baseline."""
        return self.case.logs(group=self.id, side="baseline")

    def requests(self, *, failed: bool = False) -> Requests:
        """The requests that it is of, or those of them that failed."""
        return self.case.requests_of(group=self.id, failed=failed)

    def tenants(self) -> View:
        """Whose it was: events, requests hit (null where its events name none), and their share of the tenant's."""
        return self._by_tenant()

    _by_tenant: Callable[[], View]


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Request(Lines):
    """All log events of one request, across log groups, of window and baseline."""

    id: str
    _like_it: Callable[[], "Request"]

    def sql(self) -> Rows:
        """Statements of the database log that say they were sent for it."""
        return self.case.sql(request=self.id)

    def audit(self) -> Rows:
        """Audit rows of the window that name it."""
        return self.case.audit_rows(request=self.id)

    def healthy(self) -> "Request":
        """A usual request of the same endpoint that went well; raises BadInput where there is none."""
        return self._like_it()


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Tenant(View):
    """What there is of one tenant: a row for each source."""

    case: Ground
    id: str
    first = 40  # all sources, however many audit tables there are
    _named_by: Callable[[], View]

    def lines(self) -> Lines:
        """Its log events in the window."""
        return self.case.logs(tenant=self.id)

    def before(self) -> Lines:
        """Its log events in the baseline."""
        return self.case.logs(tenant=self.id, side="baseline")

    def requests(self, *, failed: bool = False) -> Requests:
        """Its requests, and jobs that ended, in the window, or those of them that failed."""
        return self.case.requests_of(tenant=self.id, failed=failed)

    def audit(self) -> Rows:
        """Audit rows of the window that name it."""
        return self.case.audit_rows(tenant=self.id)

    def sql(self) -> Rows:
        """Its statements in the database log of the window, added up by statement."""
        return self.case.sql(tenant=self.id)

    def findings(self) -> View:
        """Findings of the checks made so far that name it, or that its requests are in."""
        return self._named_by()


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Change(View):
    """One change: its calls within minutes of each other."""

    _after: Callable[[float], View]
    _raw: Callable[[int], View]

    def raw(self, n: int = 0) -> View:
        """The record of its n-th call, with the parameters that were sent; BadInput where there is no such call."""
        return self._raw(n)

    def moved(self, minutes: float = 15) -> View:
        """What moved in at most so many minutes after it, against as many before it; coincident, no more.

        Raises:
            BadInput: not a number above 0.
        """
        return self._after(minutes)


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class FindingView(View):
    """The rows of evidence that a finding names, as they were recorded."""

    finding: Finding


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Statement(Rows):
    """The slowest calls of one statement in the database log of the window."""

    id: str


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Listed(View, Generic[Opened]):
    """A list whose rows can be opened by their id, or by its beginning: `case.error_groups["a7d2cab7fc75"]`."""

    noun: str
    ids: tuple[str, ...]
    _opened: Callable[[str], Opened]

    def __getitem__(self, name: str) -> Opened:
        """The view of one id, or of the one that begins so.

        Raises:
            BadInput: none, or several.
        """
        return self._opened(chosen(self.noun, name, self.ids, how="this list's keys() are all of them"))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def keys(self) -> tuple[str, ...]:
        """The ids, in order."""
        return self.ids

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.ids)
