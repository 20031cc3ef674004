"""What is different about what fails, read from a simulated incident."""

from pathlib import Path

import pandas as pd

from ddms_ops.case import open_case
from ddms_ops.incident import read_incident
from ddms_ops.simulate import write_case


def test_a_member_of_the_answer_that_failing_loses_is_not_the_place(tmp_path: Path):
    """Downloads that fail name no owner of a document, as others do: the endpoint is what is said."""
    simulated = write_case("dms", "slow_burn", tmp_path / "case", seed=22, events=3000)
    given = read_incident(simulated.incident)
    case = open_case(**given, out=str(tmp_path), clock=lambda: pd.Timestamp("2026-12-01T00:00Z"))
    [found] = case.result("what_differs").findings
    assert found.statement.startswith("What fails differs most on GET /documents/{id}/download: ")
    assert "resourceTenantId" not in found.statement
    words = "not compared: resourceTenantId (went missing as the failures came), "
    assert case.result("what_differs").reason.startswith(words)
