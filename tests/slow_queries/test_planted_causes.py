"""Why a statement became slow on a real Postgres: the plan that changed, the index that went; and what is no cause."""

import pytest
from planted_cases import VARIANTS, is_first

each_variant = pytest.mark.parametrize("variant", VARIANTS)


@each_variant
@pytest.mark.parametrize("scenario", ["index_dropped", "plan_flip"])
def test_slower_statement_comes_first(answer_to, scenario, variant):
    """The statement that became slower is the first finding of all, and it is said that it did."""
    assert is_first(answer_to(scenario, variant), "slower")


@pytest.mark.parametrize("variant", ["logs", "both"])
def test_changed_plan_is_flagged(answer_to, variant):
    """A statement whose plan has another shape than before is named."""
    answer = answer_to("plan_flip", variant)
    assert answer.statement in {finding.subject.get("statement") for finding in answer.results["plans"].findings}


@each_variant
def test_dropped_index_is_a_change(answer_to, variant):
    """An index that went is named among the changes of the database."""
    answer = answer_to("index_dropped", variant)
    findings = answer.results["database_changes"].findings
    assert any(answer.planted.truth.facts["index"] in finding.statement for finding in findings)


@each_variant
def test_quiet_stays_quiet(answer_to, variant):
    """Twice the same load is no finding above low."""
    found = answer_to("quiet", variant).findings
    assert [finding.statement for finding in found if finding.severity.is_above_low] == []


@each_variant
def test_reset_of_the_counters_is_said(answer_to, variant):
    """Counters that were reset in the window tell nothing of it; the log still does."""
    answer = answer_to("counter_reset", variant)
    result = answer.results["slow_statements"]
    if variant == "snapshots":
        assert str(result.status) == "not_checked"
        assert "cannot tell" in result.reason
    else:
        assert result.findings[0].subject["statement"] == answer.statement
