"""What only looks like a rise: purchases, credits, turns of a month, Mondays, unfinished days, and nothing at all."""

import pytest
from cost_scenarios import QUIET, played

from ddms_ops.case import Case
from ddms_ops.findings import Verdict

OF_COST = ("cost_rise", "cost_offsets", "cost_drivers", "tenant_costs")


@pytest.fixture(scope="module", params=QUIET)
def quiet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, dict]:
    """Each scenario in which nothing costs more than usual, however it looks."""
    return played(request.param, tmp_path_factory.mktemp("quiet"))


def test_what_only_looks_like_a_rise_is_none(quiet: tuple[Case, dict]):
    """Purchases, credits, month-ends, Mondays, unfinished days and quiet days have no finding at all."""
    case, _ = quiet
    assert [f.statement for result in case.results for f in result.findings] == []


def test_unfinished_days_are_named_and_never_clear(quiet: tuple[Case, dict]):
    """Where days are left out, no rise is not called clear; else it is."""
    case, truth = quiet
    results = [case.result(check) for check in OF_COST]
    if truth["scenario"] == "unfinished_days":
        assert [result.status for result in results] == [Verdict.NOT_CHECKED] * len(OF_COST)
        assert all("2 days left out" in result.reason for result in results)
    else:
        assert [(result.status, result.reason) for result in results] == [(Verdict.CLEAR, "")] * len(OF_COST)
