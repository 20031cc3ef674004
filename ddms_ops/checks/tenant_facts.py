"""What the checks of the tenant leakage audit read."""

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from ddms_ops.analysis.leak_verdict import LeakVerdict
from ddms_ops.analysis.log_witnesses import LogReach
from ddms_ops.normalize.posture import Posture
from ddms_ops.tenancy import Tenants


class TenantFacts(Protocol):
    """The audit trail of the window and what stands beside it; frames as in `ddms_ops.tenant_schemas`."""

    @property
    def tenants(self) -> Tenants:
        """The profile's declaration; an empty one where it has none."""
        ...

    @property
    def tenant_spellings(self) -> Mapping[str, str]:
        """How the log frames spell a tenant, by each other spelling of it in the events."""
        ...

    @property
    def trail_parts(self) -> frozenset[str]:
        """Questions that the declaration lets ask of the trail."""
        ...

    def trail(self, part: str) -> pd.DataFrame:
        """The answer to one question of `trail_sql.PARTS`, with `pull` and `row`."""
        ...

    def trail_frame(self, part: str) -> pd.DataFrame:
        """The answer `rhythm`, `pauses`, `holes` or `extent` as RHYTHM, PAUSES, HOLES or EXTENT."""
        ...

    @property
    def leak_matrix(self) -> pd.DataFrame:
        """CELLS."""
        ...

    @property
    def crossings(self) -> pd.DataFrame:
        """CROSSINGS."""
        ...

    @property
    def witnesses(self) -> pd.DataFrame:
        """WITNESSES."""
        ...

    @property
    def log_reach(self) -> LogReach:
        """How far the log events of the window can tell of tenants."""
        ...

    @property
    def witness_gaps(self) -> pd.DataFrame:
        """GAPS of what the logs and object accesses tell."""
        ...

    @property
    def trail_gaps(self) -> pd.DataFrame:
        """GAPS of all sources."""
        ...

    @property
    def leak_verdict(self) -> LeakVerdict:
        """The verdict over the window."""
        ...

    @property
    def posture(self) -> Posture:
        """What the database's catalogs say of its isolation."""
        ...
