"""What is different about what fails?"""

import pandas as pd

from ddms_ops.analysis.contrast import Contrast, Explanation
from ddms_ops.analysis.contrast_absences import LOST
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.differences import found_difference, held_against, in_cell, in_words, shown_name
from ddms_ops.checks.leading import events_of, leading
from ddms_ops.checks.refs import log_refs
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

SHOWN_IMPLIED = 4
VALUE_CHARS = 120
NAMED = 3


def check_what_differs(facts: Facts) -> list[Finding]:
    """Attributes, alone or up to three together, that set what the leading finding hit apart; or that none does."""
    sign = leading(facts)
    if sign is None:
        return []
    if sign.check == "traffic":
        raise CannotTell("the strongest finding is about traffic, not about failures; see who is hit")
    found = found_difference(facts, sign)
    if not found.looked_at:
        raise CannotTell("the events have no attribute to compare")
    if not found.explanations:
        return [_nothing(found, sign)]
    rows = _failures(facts, sign) if len(found.explanations) > 1 else None
    return [_finding(found, explanation, sign, rows) for explanation in found.explanations]


def _failures(facts: Facts, sign: Finding) -> pd.DataFrame:
    """What failed, as `found_difference` counts it."""
    if "group" in sign.subject:
        now, _ = held_against(facts, sign)
        return now[now["failed"]]
    return events_of(facts, sign)


def left_out(facts: Facts, findings: list[Finding]) -> str:
    """Words for the attributes that were not compared, empty when all were."""
    sign = leading(facts)
    if sign is None or not findings:
        return ""
    reasons = {**facts.attributes_left_out, **found_difference(facts, sign).left_out}
    named = [f"{redact(shown_name(name))} ({reason})" for name, reason in sorted(reasons.items(), key=_rank)]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f"not compared: {', '.join(named[:NAMED])}{more}" if named else ""


def _rank(item: tuple[str, str]) -> tuple[bool, str]:
    """What would have been named as different, had it not been left out, comes first."""
    name, reason = item
    return reason != LOST, name


def _nothing(found: Contrast, sign: Finding) -> Finding:
    names = ", ".join(redact(shown_name(name)) for name in found.looked_at)
    return Finding(
        check="what_differs",
        severity=Severity.INFO,
        statement=f"Nothing separates what fails from what does not, among {len(found.looked_at)} attributes: {names}",
        subject={"explains": sign.id},
        evidence=sign.evidence,
        first_seen=sign.first_seen,
        last_seen=sign.last_seen,
    )


def _finding(found: Contrast, explanation: Explanation, sign: Finding, rows: pd.DataFrame | None) -> Finding:
    """An explanation; it rests on what failed in its cell, a single one on all that the sign rests on."""
    evidence, first, last = sign.evidence, sign.first_seen, sign.last_seen
    if rows is not None and len(inside := in_cell(rows, explanation.cell)):
        evidence, first, last = log_refs(inside), inside["timestamp"].min(), inside["timestamp"].max()
    is_first = explanation is found.explanations[0]
    cell = _shown(explanation.cell)
    usual = f", {explanation.usual:.2%} there in the baseline" if explanation.usual == explanation.usual else ""
    implied = [f"{name} {value}" for name, value in list(_shown(explanation.implied).items())[:SHOWN_IMPLIED]]
    also = f"; the same requests have {', '.join(implied)}" if implied else ""
    return Finding(
        check="what_differs",
        severity=Severity.LOW if is_first else Severity.INFO,
        statement=(
            f"What fails differs most {in_words(cell)}: {explanation.share:.1%} of {explanation.count:,.0f} there,"
            f" {explanation.elsewhere:.2%} elsewhere{usual}; {explanation.covers:.0%} of all that fails more"
            f"{also}{_others(found) if is_first else ''}"
        ),
        subject={**cell, "explains": sign.id},
        evidence=evidence,
        strength=explanation.score,
        first_seen=first,
        last_seen=last,
        observed=explanation.share,
        baseline=None if explanation.usual != explanation.usual else explanation.usual,
        unit="ratio",
    )


def _others(found: Contrast) -> str:
    """The other ways to say the best explanation, with what fails there."""
    ways = [f"{in_words(_shown(other.cell))} ({other.share:.1%})" for other in found.alternatives]
    return f"; less telling: {', '.join(ways)}" if ways else ""


def _shown(cell: dict[str, str]) -> dict[str, str]:
    return {redact(shown_name(name)): redact(value)[:VALUE_CHARS] for name, value in cell.items()}
