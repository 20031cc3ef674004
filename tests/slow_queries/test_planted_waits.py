"""Who waited for whom on a real Postgres comes first, from its log, from snapshots, and from both."""

import pytest
from planted_cases import VARIANTS

pytestmark = pytest.mark.parametrize("variant", VARIANTS)


def test_lock_chain_has_one_root(answer_to, variant):
    """Three sessions that wait in a row are one chain, and the first of them is its root."""
    answer = answer_to("lock_chain", variant)
    findings = answer.findings
    first = findings[0]
    assert (first.check, first.subject["kind"], first.subject["root"]) == (
        "blocking", "lock_chain", answer.planted.truth.facts["root"],
    )  # fmt: skip
    assert [finding.check for finding in findings].count("blocking") == 1


def test_idle_transaction_is_the_root(answer_to, variant):
    """A session that does nothing in its transaction while others wait for its lock is named."""
    answer = answer_to("idle_in_transaction", variant)
    first = answer.findings[0]
    assert (first.check, first.subject["kind"], first.subject["root"]) == (
        "blocking", "idle_in_transaction", answer.planted.truth.facts["root"],
    )  # fmt: skip


def test_exhausted_connections_come_first(answer_to, variant):
    """Refused connections are the first finding; without a log, that the limit was as good as reached."""
    first = answer_to("exhaustion", variant).findings[0]
    kinds = ("near_limit", "exhausted") if variant == "snapshots" else ("exhausted",)
    assert first.check == "connections"
    assert first.subject["kind"] in kinds
