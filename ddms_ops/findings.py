"""What a check may say: found, clear, or not checked, and on which evidence."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import pandas as pd

from ddms_ops.window import iso

MAX_IDS = 20


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def order(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    @property
    def is_above_low(self) -> bool:
        """Whether it is worth a headline and an explanation."""
        return self.order < Severity.LOW.order


class Verdict(StrEnum):
    """The three answers of a check."""

    FOUND = "found"
    CLEAR = "clear"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Rows of one pull: how many, and up to 20 of their ids.

    An id is `<pull>:<row>`, the row's position (from 0) in that pull's evidence file.
    """

    pull: str
    rows: int
    ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, pull: str, rows: Iterable[int]) -> "EvidenceRef":
        """Reference to the given row positions of a pull."""
        positions = sorted(int(row) for row in rows)
        return cls(pull, len(positions), tuple(f"{pull}:{row}" for row in positions[:MAX_IDS]))

    @property
    def kind(self) -> str:
        """What sort of evidence it is: logs, metrics, changes, alarms."""
        return self.pull.split("/", 1)[0].removesuffix(".baseline")


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement, true on its own, with the evidence for it.

    `strength` orders findings of equal severity and is not shown. `observed` and `baseline`
    carry `unit`; ratios are 0..1. `confidence` is computed when the check is run, never set by hand. `known_id` is that
    of one that was read back: its subject is redacted, so that the id cannot be made of it again.
    """

    check: str
    severity: Severity
    statement: str
    subject: dict[str, str]
    evidence: tuple[EvidenceRef, ...]
    strength: float = 0.0
    first_seen: pd.Timestamp | None = None
    last_seen: pd.Timestamp | None = None
    observed: float | None = None
    baseline: float | None = None
    unit: str = ""
    next_step: str = ""
    confidence: str = ""
    rank: int = 0
    known_id: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"finding of {self.check} has no evidence; no evidence reference, no finding")
        if any(value is not None and not math.isfinite(value) for value in (self.observed, self.baseline)):
            raise ValueError(f"finding of {self.check} has a number that is none; leave out what is not known")

    @property
    def id(self) -> str:
        """Same check and subject, same id, in every run."""
        if self.known_id:
            return self.known_id
        text = json.dumps([self.check, self.subject], sort_keys=True, ensure_ascii=False)
        return f"{self.check}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def as_dict(self) -> dict[str, object]:
        """The entry of findings.json."""
        return {
            "id": self.id,
            "rank": self.rank,
            "severity": str(self.severity),
            "confidence": self.confidence,
            "statement": self.statement,
            "subject": self.subject,
            "first_seen": iso(self.first_seen) if self.first_seen is not None else None,
            "last_seen": iso(self.last_seen) if self.last_seen is not None else None,
            "observed": self.observed,
            "baseline": self.baseline,
            "unit": self.unit,
            "evidence": [{"pull": e.pull, "rows": e.rows, "ids": list(e.ids)} for e in self.evidence],
            "next_step": self.next_step,
        }


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check's answer to its question."""

    id: str
    notebook: str
    question: str
    status: Verdict
    reason: str
    findings: tuple[Finding, ...] = field(default=())

    def as_dict(self) -> dict[str, object]:
        """The entry of findings.json."""
        return {
            "id": self.id,
            "notebook": self.notebook,
            "question": self.question,
            "status": str(self.status),
            "reason": self.reason,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def confidence(evidence: Iterable[EvidenceRef], incomplete: frozenset[str]) -> str:
    """`low` over an incomplete pull, `high` with two kinds of evidence, else `medium`."""
    refs = list(evidence)
    if any(ref.pull in incomplete for ref in refs):
        return "low"
    return "high" if len({ref.kind for ref in refs}) > 1 else "medium"


def ranked(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The same results with ranks 1..n over all their findings, strongest first.

    Severity comes first, then the order of the results, then strength, then the id.
    """
    results = tuple(results)
    keyed = [
        ((finding.severity.order, position, -finding.strength, finding.id), finding)
        for position, result in enumerate(results)
        for finding in result.findings
    ]
    ranks = {key: rank for rank, (key, _) in enumerate(sorted(keyed, key=lambda pair: pair[0]), start=1)}
    by_check: dict[int, list[Finding]] = {}
    for key, finding in keyed:
        by_check.setdefault(key[1], []).append(replace(finding, rank=ranks[key]))
    return tuple(
        replace(result, findings=tuple(sorted(by_check.get(position, []), key=lambda finding: finding.rank)))
        for position, result in enumerate(results)
    )
