"""Results of checks, back from the dictionaries of findings.json."""

import math
import re

import pandas as pd

from ddms_ops.findings import CheckResult, EvidenceRef, Finding, Severity, Verdict
from ddms_ops.window import parse_instant

ID = re.compile(r"[a-z0-9_]{1,60}-[0-9a-f]{8}")


def result_of(row: dict) -> CheckResult:  # type: ignore[type-arg]
    """Inverse of `CheckResult.as_dict`.

    Raises:
        KeyError: a name is missing.
        ValueError, TypeError, AttributeError: a value is of the wrong kind.
    """
    findings = tuple(_finding(row["id"], entry) for entry in row["findings"])
    return CheckResult(
        text_of(row["id"]),
        text_of(row["notebook"]),
        text_of(row["question"]),
        Verdict(row["status"]),
        text_of(row["reason"]),
        findings,
    )


def _finding(check: str, row: dict) -> Finding:  # type: ignore[type-arg]
    evidence = tuple(EvidenceRef(text_of(ref["pull"]), int(ref["rows"]), tuple(ref["ids"])) for ref in row["evidence"])
    return Finding(
        check=check,
        severity=Severity(row["severity"]),
        statement=text_of(row["statement"]),
        subject={str(name): text_of(value) for name, value in row["subject"].items()},
        evidence=evidence,
        first_seen=_instant(row["first_seen"]),
        last_seen=_instant(row["last_seen"]),
        observed=_number(row["observed"]),
        baseline=_number(row["baseline"]),
        unit=text_of(row["unit"]),
        next_step=text_of(row["next_step"]),
        confidence=text_of(row["confidence"]),
        rank=int(row["rank"]),
        known_id=name if ID.fullmatch(name := text_of(row["id"])) else "",
    )


def text_of(value: object) -> str:
    """The value, if it is text.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not text")
    return value


def _instant(value: object) -> pd.Timestamp | None:
    return None if value is None else parse_instant(text_of(value))


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{type(value).__name__} is not a number")
    return float(value)
