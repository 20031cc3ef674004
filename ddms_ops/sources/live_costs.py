"""What a live source asks of the bill: Cost Explorer, or the bill's files in S3, or its table in Athena."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ddms_ops.declaration import Profile
from ddms_ops.sources.aws.bill_athena import LakeBill
from ddms_ops.sources.aws.bill_files import StoredBill
from ddms_ops.sources.aws.cost_explorer import Explorer
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.base import Pull
from ddms_ops.sources.live_database import SOURCE
from ddms_ops.sources.queries import CostQuery


class LiveCosts:
    """The bill's part of a live source, which brings the profile, the accounts, a clock and a scratch folder."""

    profile: Profile
    sessions: dict[str, AwsSession]
    now: Callable[[], pd.Timestamp]
    _clock: Callable[[], pd.Timestamp]
    _scratch: Path
    _explorer: Explorer | None = None
    _stored: StoredBill | None = None
    _lake: LakeBill | None = None

    def fetch_cost_answer(self, query: CostQuery, *, pull: str) -> Pull:
        """The answer to one question about the bill, from where the profile says that the bill is."""
        store, sessions = query.costs.bill, self.sessions.values()
        if store.athena_table:
            self._lake = self._lake or LakeBill(sessions, self.profile.athena, source=SOURCE, scratch=self._scratch)
            return self._lake.fetch(query, pull=pull)
        if store.s3:
            self._stored = self._stored or StoredBill(sessions, source=SOURCE, scratch=self._scratch)
            return self._stored.fetch(query, pull=pull)
        if self._explorer is None:
            self._explorer = Explorer(sessions, source=SOURCE, scratch=self._scratch, clock=self._clock)
        return self._explorer.fetch(query, pull=pull, now=self.now())
