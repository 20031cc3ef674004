"""An audited case made of frames, for the panels."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from annex_builders import WINDOW, crossings, framed, gaps, judged
from builders import at

from ddms_ops.analysis.leak_verdict import LeakVerdict
from ddms_ops.declaration import Profile
from ddms_ops.profile import load_profile
from ddms_ops.tenancy import Tenants
from ddms_ops.tenant_schemas import CELLS
from ddms_ops.window import Window

TRAIL = {"table": "audit", "id": "id", "time": "at", "row_tenant": "tenant", "actor_tenant": "actor"}


def profile(**tenants: object) -> Profile:
    """The generic profile with an audit trail and such a section `tenants`."""
    declared = Tenants.model_validate({"trail": TRAIL, **tenants})
    return load_profile("generic").model_copy(update={"tenants": declared})


def cell(actor: str | None, owner: str | None, rows: int, outcome: str = "served") -> dict:
    """A row of CELLS."""
    return {"actor": actor, "owner": owner, "outcome": outcome, "rows": rows, "first": at("10:01"), "last": at("10:59")}


@dataclass(frozen=True)
class Audit:
    """What the panels read."""

    crossings: pd.DataFrame = field(default_factory=crossings)
    trail_gaps: pd.DataFrame = field(default_factory=gaps)
    cells: tuple[dict, ...] = ()
    profile: Profile = field(default_factory=profile)
    window: Window = WINDOW
    folder: Path = Path("unused")
    stated: str | None = ""

    @property
    def tenants(self) -> Tenants:
        """The profile's declaration."""
        return self.profile.tenants or Tenants()

    @property
    def known_tenants(self) -> list[str]:
        """Ids of the tenants that the system lists."""
        return ["acme", "globex", "initech"]

    def trail(self, _part: str) -> pd.DataFrame:
        """The answer `matrix`: its cells, as if each row had been written for its owner and named its actor.

        With `stated`, each row names that actor, or none.
        """
        cells = self.leak_matrix
        stated = cells["actor"] if self.stated == "" else pd.Series(self.stated, index=cells.index, dtype="str")
        return cells.assign(row_tenant=cells["owner"], stated=stated)

    @property
    def leak_matrix(self) -> pd.DataFrame:
        """CELLS."""
        return framed(CELLS, *self.cells)

    @property
    def leak_verdict(self) -> LeakVerdict:
        """Over the same frames."""
        return judged(self.crossings, self.trail_gaps, "acme", "initech")

    def now(self) -> pd.Timestamp:
        """The clock."""
        return at("20:00")
