"""A recorded scenario as a case, and what the checks of the notebook find in it."""

from functools import cache
from pathlib import Path

import pandas as pd
from planted import Planted

from ddms_ops.case import Case, open_case
from ddms_ops.checks import CHECKS
from ddms_ops.findings import CheckResult, Finding, ranked
from ddms_ops.sql_text import statement_id

NOTEBOOK = "slow_queries"
VARIANTS = ("logs", "snapshots", "both")


def case_of(planted: Planted, out: Path) -> Case:
    """The case, as a notebook opens it."""
    return open_case(out=str(out), clock=lambda: planted.window[1] + pd.Timedelta(hours=1), **planted.parameters)


def results_of(case: Case) -> dict[str, CheckResult]:
    """The answer of each check of the notebook, ranked among themselves."""
    names = [check.id for check in CHECKS if check.notebook == NOTEBOOK]
    return {result.id: result for result in ranked([case.result(name) for name in names])}


def findings_of(results: dict[str, CheckResult]) -> list[Finding]:
    """All findings, the first first."""
    return sorted((finding for result in results.values() for finding in result.findings), key=lambda one: one.rank)


@cache
def id_of(text: str) -> str:
    """The identity of a planted statement."""
    return statement_id(text)
