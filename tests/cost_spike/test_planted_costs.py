"""Cost incidents whose truth is known: what rose, by which bar and step, whose it is, since when, after what change."""

from decimal import Decimal

import pandas as pd
import pytest
from cost_scenarios import RISES, played

from ddms_ops.analysis.cost_bridge import bars, totals
from ddms_ops.case import Case
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

HOUR = pd.Timedelta(hours=1)


@pytest.fixture(scope="module", params=RISES)
def risen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, dict]:
    """Each scenario in which something costs more."""
    return played(request.param, tmp_path_factory.mktemp("risen"))


def first(case: Case) -> Finding:
    """The finding of rank 1."""
    found = [finding for result in case.results for finding in result.findings]
    return min(found, key=lambda finding: finding.rank)


def test_what_rose_comes_first_with_its_bar(risen: tuple[Case, dict]):
    """The first finding names the planted kind of lines, and whether usage or price moved."""
    case, truth = risen
    found = first(case)
    assert (found.check, found.subject["usage_type"]) == ("cost_rise", truth["usage_type"])
    assert (found.subject["bar"], found.subject["driver"] or None) == (truth["bar"], truth["driver"])


def test_its_start_is_right_to_the_hour(risen: tuple[Case, dict]):
    """Within an hour of what was planted."""
    case, truth = risen
    assert abs(first(case).first_seen - pd.Timestamp(truth["onset"])) <= HOUR


def test_the_step_that_moved_is_named(risen: tuple[Case, dict]):
    """Of a declared driver the planted step of its chain, or price, leads."""
    case, truth = risen
    if truth["driver"] is None:
        assert first(case).subject["driver"] == ""
        return
    steps = {f.subject["driver"]: f.subject["step"] for f in case.result("cost_drivers").findings}
    assert steps[truth["driver"]] == truth["step"]


def test_whose_use_it_is_is_told(risen: tuple[Case, dict]):
    """One tenant's burst names that tenant; what all do names nobody above INFO."""
    case, truth = risen
    named = {f.subject["tenant"] for f in case.result("tenant_costs").findings if f.severity is not Severity.INFO}
    assert named == ({truth["tenant"]} if truth["tenant"] else set())


def test_the_planted_change_stands_first(risen: tuple[Case, dict]):
    """The change before it is the first suspect."""
    case, truth = risen
    named = {change["name"] for change in truth["changes"]}
    assert not named or named & set(case.result("cost_changes").findings[0].subject["change"].split(", "))


def test_the_bridge_closes_with_the_bill(risen: tuple[Case, dict]):
    """The bars sum to the difference of the bill's own totals, within a cent."""
    case, truth = risen
    before, now, delta = totals(case.cost_bridge)
    assert abs(sum(bars(case.cost_bridge).values()) - delta) < Decimal("0.01")
    assert abs(now - Decimal(truth["total"]["window"])) < Decimal("0.01")
    assert abs(before - Decimal(truth["total"]["baseline"])) < Decimal("0.01")


def test_no_word_of_a_finding_looks_like_a_secret(risen: tuple[Case, dict]):
    """What is said stays as it is when it is redacted for the report."""
    case, _ = risen
    said = [finding.statement for result in case.results for finding in result.findings]
    assert [redact(words) for words in said] == said
