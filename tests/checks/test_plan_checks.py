"""What the checks of plans and of index candidates say, and when they cannot."""

from pathlib import Path

from database_builders import call, case_of_log, entry

from ddms_ops.findings import Severity, Verdict

SQL = "SELECT id FROM documents WHERE owner = 'kim@example.com'"
SCAN = "Seq Scan on documents  (cost=0.00..9.00 rows=1 width=4)"
INDEXED = "Index Scan using by_owner on documents  (cost=0.00..9.00 rows=1 width=4)"


def plan(clock: str, ms: float, step: str) -> str:
    """A call of SQL whose plan auto_explain logged."""
    return entry(clock, 7, f"duration: {ms:.3f} ms  plan:\n\tQuery Text: {SQL}\n\t{step}") + "\n" + call(clock, 7, SQL)


def plans(count: int) -> list[str]:
    """So many plans in the baseline by an index, and in the window without."""
    before = [plan(f"09:{n:02d}:00", 1.0, INDEXED) for n in range(count)]
    return before + [plan(f"10:{n:02d}:00", 900.0, SCAN) for n in range(count)]


def test_a_changed_plan_says_over_how_many_plans(tmp_path: Path):
    """Both usual plans, with their share of the plans read."""
    [finding] = case_of_log(tmp_path, *plans(4)).result("plans").findings
    assert finding.severity is Severity.MEDIUM
    assert "Seq Scan on documents (median 900 ms, 4 of 4 plans read)" in finding.statement
    assert "by_owner on documents (median 1 ms, 4 of 4 plans read)" in finding.statement


def test_a_change_of_few_plans_is_low(tmp_path: Path):
    """Two plans on each side are not enough for more."""
    [finding] = case_of_log(tmp_path, *plans(2)).result("plans").findings
    assert (finding.severity, "2 of 2 plans read" in finding.statement) == (Severity.LOW, True)


def test_plans_in_a_form_that_is_not_read(tmp_path: Path):
    """It is not said that there are none."""
    yaml = plan("10:10:00", 5.0, 'Plan: \n\t  Node Type: "Seq Scan"')
    xml = plan("10:10:00", 5.0, "").replace("Query Text", '<explain xmlns="http://x">\n\t<Query-Text>')
    for place, text in enumerate((yaml, xml)):
        result = case_of_log(tmp_path / str(place), text).result("plans")
        assert result.status is Verdict.NOT_CHECKED
        assert result.reason.startswith("plans in XML or YAML cannot be read (1 are in the log); auto_explain.log")


def test_candidates_need_to_know_what_became_slow(tmp_path: Path):
    """Without a comparison of statements no index is clear."""
    result = case_of_log(tmp_path, entry("10:10:00", 1, "statement: SELECT 1")).result("index_candidates")
    assert result.status is Verdict.NOT_CHECKED
    assert result.reason.startswith("which statements became slow is not known: ")
