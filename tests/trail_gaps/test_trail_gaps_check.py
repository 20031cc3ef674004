"""The check "Is the audit trail whole?"."""

from dataclasses import dataclass

import pandas as pd
import pytest
from builders import at
from trail_builders import WINDOW, gap, gaps

from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.trail_gaps import check_trail_gaps
from ddms_ops.coverage import Coverage, Status
from ddms_ops.declaration import Profile
from ddms_ops.findings import Finding, Severity
from ddms_ops.profile import load_profile
from ddms_ops.tenancy import Tenants

COLUMNS = {"table": "audit", "id": "id", "time": "at", "row_tenant": "tenant", "actor_tenant": "by"}
TRAIL = Tenants.model_validate({"trail": COLUMNS})


@dataclass(frozen=True)
class Facts:
    """What the check reads."""

    trail_gaps: pd.DataFrame
    tenants: Tenants | None = TRAIL

    @property
    def profile(self) -> Profile:
        """The generic profile with the trail."""
        return load_profile("generic").model_copy(update={"tenants": self.tenants})

    def pulls(self, kind: str) -> list[Coverage]:
        """One pull of the kind, complete."""
        return [Coverage(f"{kind}/pauses", "files", "all", WINDOW, WINDOW, 1, 1, Status.COMPLETE)]


def findings(*rows: dict) -> list[Finding]:
    """Of the check over such gaps."""
    return check_trail_gaps(Facts(gaps(*rows)))


def test_a_gap_is_a_finding_with_its_exact_stretch_and_row():
    """Largest first by strength, in seconds."""
    [found] = findings(gap("10:20:01.25", "10:24", why="no row for 4.0 min, where about 40 were to be expected"))
    assert found.statement == (
        "Nothing can be told from 2026-03-04T10:20:01.250000Z to 2026-03-04T10:24:00Z:"
        " no row for 4.0 min, where about 40 were to be expected"
    )
    assert (found.severity, found.strength, found.evidence[0].ids) == (Severity.HIGH, 238.75, ("trail/pauses:0",))


def test_many_alike_are_one_finding_with_their_number():
    """Six holes; five would be told one by one."""
    rows = [{**gap(f"10:{n:02d}", f"10:{n:02d}:30", kind="hole", why="3 numbers"), "missing": 3.0} for n in range(6)]
    [found] = findings(*rows)
    assert found.statement.startswith("6 holes in the sequence, about 18 rows in all: nothing can be told over them")
    assert (found.first_seen, found.last_seen, found.observed) == (at("10:00"), at("10:05:30"), 18.0)
    assert len(findings(*rows[:5])) == 5


def test_a_gap_of_one_tenant_names_it():
    """Kept apart from those of all."""
    found = findings(gap("10:00", "10:10", tenant="acme"), gap("10:00", "10:10"))
    assert sorted(each.subject.get("tenant", "") for each in found) == ["", "acme"]
    assert len({each.id for each in found}) == 2


def test_a_whole_trail_has_no_finding():
    """No gap, nothing to say."""
    assert findings() == []


def test_a_gap_without_a_row_of_evidence_names_its_pull():
    """What is not there has no row."""
    frame = gaps(gap("10:00", "10:10", kind="retention")).assign(row=-1)
    [found] = check_trail_gaps(Facts(frame))
    assert (found.evidence[0].rows, found.evidence[0].pull) == (0, "trail/pauses")


@pytest.mark.parametrize(("tenants", "words"), [(None, "declares no tenants"), (Tenants(), "declares no audit table")])
def test_a_profile_without_a_trail_cannot_be_told_of(tenants: Tenants | None, words: str):
    """It is not checked, rather than clear."""
    with pytest.raises(CannotTell, match=words):
        check_trail_gaps(Facts(gaps(), tenants))
