"""A recorded scenario as a case, and what the checks of the notebook find in it."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Answered:
    """A recorded scenario, its case, what each check of the notebook answered, and where the case is kept."""

    planted: Planted
    case: Case
    results: dict[str, CheckResult]
    out: Path

    @property
    def findings(self) -> list[Finding]:
        """All findings, the first first."""
        found = [finding for result in self.results.values() for finding in result.findings]
        return sorted(found, key=lambda one: one.rank)

    @property
    def statement(self) -> str:
        """The identity of the planted statement."""
        return id_of(self.planted.truth.statement)


def answered(planted: Planted, out: Path) -> Answered:
    """The case, opened as a notebook does, and the answers of its checks, ranked among themselves."""
    case = open_case(out=str(out), clock=lambda: planted.window[1] + pd.Timedelta(hours=1), **planted.parameters)
    names = [check.id for check in CHECKS if check.notebook == NOTEBOOK]
    return Answered(planted, case, {result.id: result for result in ranked([case.result(name) for name in names])}, out)


def is_first(answer: Answered, change: str) -> bool:
    """Whether the planted statement is the first finding of all, changed in this way."""
    first = answer.findings[0]
    return (first.check, first.subject) == ("slow_statements", {"statement": answer.statement, "change": change})


@cache
def id_of(text: str) -> str:
    """The identity of a planted statement."""
    return statement_id(text)
