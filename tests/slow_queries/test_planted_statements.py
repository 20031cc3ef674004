"""Statements that are called more, new or spill on a real Postgres: from its log, from snapshots, and from both."""

from collections import Counter

import pytest
from planted import SECRETS, tenant_of
from planted_cases import VARIANTS, id_of, is_first
from planted_log import sent_requests
from planted_schema import NOBODYS

from ddms_ops.analysis.tenant_time import UNKNOWN, tenant_time

each_variant = pytest.mark.parametrize("variant", VARIANTS)


@each_variant
@pytest.mark.parametrize(("scenario", "change"), [("called_more", "called_more"), ("new_statement", "new")])
def test_planted_statement_comes_first(answer_to, scenario, change, variant):
    """The statement that changed is the first finding of all, and it is said how it changed."""
    assert is_first(answer_to(scenario, variant), change)


@each_variant
def test_bridge_counts_every_call(answer_to, variant):
    """Calls of both sides are those that were sent, and the parts add up to the difference."""
    answer = answer_to("called_more", variant)
    basis, name = answer.case.statement_basis, answer.statement
    row = basis.bridge.loc[name]
    assert (basis.before.loc[name, "calls"], basis.now.loc[name, "calls"]) == answer.planted.truth.calls
    assert row["by_calls_ms"] + row["by_mean_ms"] == pytest.approx(row["delta_ms"], abs=1e-9)


@each_variant
def test_spill_comes_first(answer_to, variant):
    """A statement that began to sort on disk is the first finding: as slower, or by its temporary files."""
    answer = answer_to("spill", variant)
    first = answer.findings[0]
    assert first.check in ("slow_statements", "temp_files")
    assert first.subject["statement"] == answer.statement
    assert answer.statement in {f.subject.get("statement") for f in answer.results["temp_files"].findings}


@each_variant
@pytest.mark.parametrize("scenario", ["called_more", "spill"])
def test_no_literal_reaches_a_report(answer_to, scenario, variant):
    """Card numbers and e-mail addresses in SQL stand in no finding and no file but the evidence."""
    answer = answer_to(scenario, variant)
    answer.case.save()
    files = [path for path in answer.out.rglob("*") if path.is_file() and "evidence" not in path.parts]
    shown = repr(answer.results) + "".join(path.read_text() for path in files)
    assert files
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("scenario", ["called_more", "new_statement"])  # of both prefixes
def test_each_call_has_its_tenant(answer_to, scenario):
    """Each call goes to the tenant of its request, as the session set it before; calls without one are unknown."""
    answer = answer_to(scenario, "logs")
    sent = Counter((id_of(text), tenant_of(request)) for text, request in sent_requests(answer.planted))
    found = tenant_time(answer.case.statement_log, settings=answer.case.database.tenant_settings)
    counts = found[found["side"] == "now"].set_index(["statement", "tenant"])["calls"]
    named = {name for name, _ in sent}
    assert {key: calls for key, calls in counts.items() if key[0] in named} == dict(sent)
    assert {tenant for name, tenant in counts.index if name == id_of(NOBODYS)} == {UNKNOWN}
