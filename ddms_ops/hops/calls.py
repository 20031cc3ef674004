"""The calls with which a person follows a thread through a case; each answers with a view."""

from abc import abstractmethod
from functools import cached_property
from typing import Any, cast

import pandas as pd

from ddms_ops.checks.base import NOT_REACHED
from ddms_ops.findings import CheckResult
from ddms_ops.hops import audit, changes, database, findings, groups, lines, queries, requests, tenants
from ddms_ops.hops import pins as pinning
from ddms_ops.hops.asked import Asked
from ddms_ops.hops.naming import optional
from ddms_ops.hops.pinned import Pin, Pins
from ddms_ops.hops.view import View
from ddms_ops.hops.views import (
    Change,
    FindingView,
    Ground,
    Group,
    Lines,
    Listed,
    Request,
    Requests,
    Rows,
    Statement,
    Tenant,
)
from ddms_ops.report.reading import result_of


class Hops:
    """Following a thread; a `Case` brings frames, pulls and results."""

    @property
    @abstractmethod
    def document(self) -> dict[str, Any]:
        """findings.json as it stands."""

    @property
    def _ground(self) -> Ground:
        return cast(Ground, self)

    @property
    def known_results(self) -> tuple[CheckResult, ...]:
        """Results of the checks asked for so far, with those that other notebooks of the case asked for."""
        return tuple(result_of(row) for row in self.document["checks"] if row["reason"] != NOT_REACHED)

    def logs(
        self,
        *,
        group: str = "",
        tenant: str = "",
        request: str = "",
        level: str = "",
        component: str = "",
        log_group: str = "",
        contains: str = "",
        start: str | pd.Timestamp = "",
        end: str | pd.Timestamp = "",
        side: str = "window",
    ) -> Lines:
        """Log events that every filter fits, by time.

        Args:
            group: id of a group of messages, or four or more of its first characters.
            tenant: whose.
            request: of which request id.
            level: TRACE, DEBUG, INFO, WARN, ERROR (which takes FATAL in) or FATAL.
            component: of the log groups of this component, as the profile names it.
            log_group: of one log group.
            contains: a plain text, whatever its case, in the message or anywhere in the record, with or without the
                escapes of JSON.
            start, end: half-open; `10:38` (UTC) or `2026-03-04T10:38Z`.
            side: `window`, or `baseline`.

        Raises:
            BadInput: a filter that names nothing there is, or a time outside what was read.
        """
        asked = Asked(
            group=group, tenant=tenant, request=request, level=level, component=component, log_group=log_group,
            contains=contains, start=start, end=end, side=side,
        )  # fmt: skip
        return lines.lines(self._ground, asked)

    @cached_property
    def error_groups(self) -> Listed[Group]:
        """Groups of errors and of new or rising warnings; `case.error_groups["<id>"]` opens one."""
        return groups.error_groups(self._ground)

    def group(self, group: str) -> Group:
        """One group of messages, by its id or four or more of its first characters; BadInput where there is none."""
        return groups.group(self._ground, group)

    def request(self, request: str) -> Request:
        """All log events of one request, across log groups, window and baseline."""
        return requests.request(self._ground, request)

    def requests_of(self, *, group: str = "", tenant: str = "", failed: bool = False) -> Requests:
        """Requests and jobs that ended in the window, of a group of messages, a tenant, or all; or the failed ones."""
        return requests.requests_of(self._ground, group=group, tenant=tenant, failed=failed)

    @cached_property
    def tenants_seen(self) -> Listed[Tenant]:
        """Tenants of the logs; `case.tenants_seen["<tenant>"]` opens one."""
        return tenants.tenants_seen(self._ground)

    def tenant(self, tenant: str) -> Tenant:
        """What there is of one tenant in the window; raises BadInput where nothing names it."""
        return tenants.tenant(self._ground, tenant)

    def sql(self, *, request: str = "", tenant: str = "") -> Rows:
        """Statements of the database log of a request, or a tenant's added up; one of both is given."""
        return database.sql(self._ground, request=request, tenant=tenant)

    def audit_rows(self, *, request: str = "", tenant: str = "", table: str = "") -> Rows:
        """Rows of the audit tables, or of one, in the window, of a request or a tenant; one of both is given."""
        return audit.audit_rows(self._ground, request=request, tenant=tenant, table=table)

    @cached_property
    def statements(self) -> Listed[Statement]:
        """Statements of the database log; `case.statements["<id>"]` opens one."""
        return database.statements(self._ground)

    def statement(self, statement: str) -> Statement:
        """The slowest calls of one statement; raises BadInput where neither log nor counters know it."""
        return database.statement(self._ground, statement)

    @property
    def changes_seen(self) -> View:
        """What changed in the window and just before it, by time; `case.change(n)` opens a row."""
        return changes.changes_seen(self._ground)

    def change(self, n: int | str) -> Change:
        """The n-th row of `changes_seen`, or the change with a CloudTrail event id; `.moved()` is what moved then."""
        return changes.change(self._ground, n)

    @property
    def findings(self) -> Listed[FindingView]:
        """Findings of the checks made so far; `case.findings["<id>"]` opens one."""
        return findings.findings(self._ground)

    def finding(self, finding: str) -> FindingView:
        """The rows of evidence of one finding; its check is run if it was not yet."""
        return findings.finding(self._ground, finding)

    def insights(self, query: str, *, tenant: str = "") -> Rows:
        """Rows of a Logs Insights query, or of one that the profile names, over the recorded events of the window."""
        return queries.insights(self._ground, query, tenant=optional("tenant", tenant))

    def pin(self, view_or_frame: View | pd.DataFrame | pd.Series, why: str) -> Pin:
        """Freeze a view, or a frame of one's own, with the reason; see `ddms_ops.hops.pins.pin`."""
        return pinning.pin(cast(pinning.Pinning, self), view_or_frame, why)

    @property
    def pins(self) -> Pins:
        """What was pinned so far; `case.pins["pin-…"]` is one of them."""
        return pinning.pins(cast(pinning.Pinning, self))

    def unpin(self, name: str) -> Pins:
        """Take a pin out by its name; what is left."""
        return pinning.unpin(cast(pinning.Pinning, self), name)
