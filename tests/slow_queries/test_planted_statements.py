"""What was planted in statements on a real Postgres comes first, from its log, from snapshots, and from both."""

import pytest
from planted import SECRETS
from planted_cases import VARIANTS, case_of, findings_of, id_of, results_of

pytestmark = pytest.mark.parametrize("variant", VARIANTS)


@pytest.mark.parametrize(
    ("scenario", "change"),
    [("called_more", "called_more"), ("index_dropped", "slower"), ("new_statement", "new"), ("plan_flip", "slower")],
)
def test_planted_statement_comes_first(planted_of, tmp_path, scenario, change, variant):
    """The statement that changed is the first finding of all, and it is said how it changed."""
    planted = planted_of(scenario, variant)
    first = findings_of(results_of(case_of(planted, tmp_path / "out")))[0]
    assert (first.check, first.subject) == (
        "slow_statements", {"statement": id_of(planted.truth.statement), "change": change},
    )  # fmt: skip


def test_bridge_counts_every_call(planted_of, tmp_path, variant):
    """Calls of both sides are those that were sent, and the parts add up to the difference."""
    planted = planted_of("called_more", variant)
    basis = case_of(planted, tmp_path / "out").statement_basis
    name = id_of(planted.truth.statement)
    row = basis.bridge.loc[name]
    assert (basis.before.loc[name, "calls"], basis.now.loc[name, "calls"]) == planted.truth.calls
    assert row["by_calls_ms"] + row["by_mean_ms"] == pytest.approx(row["delta_ms"], abs=1e-9)


def test_spill_comes_first(planted_of, tmp_path, variant):
    """A statement that began to sort on disk is the first finding: as slower, or by its temporary files."""
    planted = planted_of("spill", variant)
    results = results_of(case_of(planted, tmp_path / "out"))
    first = findings_of(results)[0]
    assert first.check in ("slow_statements", "temp_files")
    assert first.subject["statement"] == id_of(planted.truth.statement)
    assert id_of(planted.truth.statement) in {f.subject.get("statement") for f in results["temp_files"].findings}


def test_quiet_stays_quiet(planted_of, tmp_path, variant):
    """Twice the same load is no finding above low."""
    found = findings_of(results_of(case_of(planted_of("quiet", variant), tmp_path / "out")))
    assert [finding.statement for finding in found if finding.severity.is_above_low] == []


def test_reset_of_the_counters_is_said(planted_of, tmp_path, variant):
    """Counters that were reset in the window tell nothing of it; the log still does."""
    planted = planted_of("counter_reset", variant)
    results = results_of(case_of(planted, tmp_path / "out"))
    result = results["slow_statements"]
    if variant == "snapshots":
        assert str(result.status) == "not_checked"
        assert "cannot tell" in result.reason
    else:
        assert result.findings[0].subject["statement"] == id_of(planted.truth.statement)


@pytest.mark.parametrize("scenario", ["called_more", "spill"])
def test_no_literal_reaches_a_report(planted_of, tmp_path, scenario, variant):
    """Card numbers and e-mail addresses in SQL stand in no finding and no file but the evidence."""
    case = case_of(planted_of(scenario, variant), tmp_path / "out")
    results = results_of(case)
    case.save()
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and "evidence" not in path.parts]
    shown = repr(results) + "".join(path.read_text() for path in files)
    assert files
    assert [secret for secret in SECRETS if secret in shown] == []
