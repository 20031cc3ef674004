"""Who waited for whom on a real Postgres comes first, from its log, from snapshots, and from both."""

import pytest
from planted_cases import VARIANTS, case_of, findings_of, results_of

pytestmark = pytest.mark.parametrize("variant", VARIANTS)


def test_lock_chain_has_one_root(planted_of, tmp_path, variant):
    """Three sessions that wait in a row are one chain, and the first of them is its root."""
    planted = planted_of("lock_chain", variant)
    findings = findings_of(results_of(case_of(planted, tmp_path / "out")))
    first = findings[0]
    assert (first.check, first.subject["kind"], first.subject["root"]) == (
        "blocking", "lock_chain", planted.truth.facts["root"],
    )  # fmt: skip
    assert [finding.check for finding in findings].count("blocking") == 1


def test_idle_transaction_is_the_root(planted_of, tmp_path, variant):
    """A session that does nothing in its transaction while others wait for its lock is named."""
    planted = planted_of("idle_in_transaction", variant)
    first = findings_of(results_of(case_of(planted, tmp_path / "out")))[0]
    assert (first.check, first.subject["kind"], first.subject["root"]) == (
        "blocking", "idle_in_transaction", planted.truth.facts["root"],
    )  # fmt: skip


def test_exhausted_connections_come_first(planted_of, tmp_path, variant):
    """Refused connections are the first finding; without a log, that the limit was as good as reached."""
    planted = planted_of("exhaustion", variant)
    first = findings_of(results_of(case_of(planted, tmp_path / "out")))[0]
    kinds = ("near_limit", "exhausted") if variant == "snapshots" else ("exhausted",)
    assert first.check == "connections"
    assert first.subject["kind"] in kinds
