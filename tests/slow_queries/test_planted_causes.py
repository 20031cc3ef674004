"""Why a statement became slow: the plan that changed, the index that went; and whose statements they were."""

from collections import Counter

import pytest
from planted import tenant_of
from planted_cases import case_of, id_of, results_of
from planted_log import sent_requests
from planted_schema import NOBODYS

from ddms_ops.analysis.tenant_time import UNKNOWN, tenant_time


@pytest.mark.parametrize("variant", ["logs", "both"])
def test_changed_plan_is_flagged(planted_of, tmp_path, variant):
    """A statement whose plan has another shape than before is named."""
    planted = planted_of("plan_flip", variant)
    findings = results_of(case_of(planted, tmp_path / "out"))["plans"].findings
    assert id_of(planted.truth.statement) in {finding.subject.get("statement") for finding in findings}


@pytest.mark.parametrize("variant", ["logs", "snapshots", "both"])
def test_dropped_index_is_a_change(planted_of, tmp_path, variant):
    """An index that went is named among the changes of the database."""
    planted = planted_of("index_dropped", variant)
    findings = results_of(case_of(planted, tmp_path / "out"))["database_changes"].findings
    assert any(planted.truth.facts["index"] in finding.statement for finding in findings)


@pytest.mark.parametrize("scenario", ["called_more", "new_statement"])  # of both prefixes
def test_each_call_has_its_tenant(planted_of, tmp_path, scenario):
    """Each call goes to the tenant of its request, as the session set it before; calls without one are unknown."""
    planted = planted_of(scenario, "logs")
    case = case_of(planted, tmp_path / "out")
    sent = Counter((id_of(text), tenant_of(request)) for text, request in sent_requests(planted))
    found = tenant_time(case.statement_log, settings=case.database.tenant_settings)
    counts = found[found["side"] == "now"].set_index(["statement", "tenant"])["calls"]
    named = {name for name, _ in sent}
    assert {key: calls for key, calls in counts.items() if key[0] in named} == dict(sent)
    assert {tenant for name, tenant in counts.index if name == id_of(NOBODYS)} == {UNKNOWN}
