"""Findings of all notebooks in one list, each with what speaks for it, what speaks against, and what coincides."""

from ddms_ops.checks.tables import Badge, Quiet
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import CheckResult, Finding, Verdict
from ddms_ops.report.blocks import COINCIDES, COUNTED, FACT, Basis, Block, Fold, Line, Row, Table
from ddms_ops.report.headline import UNSEEN_SECTION, changes_of
from ddms_ops.report.model import (
    BEFORE,
    EXPLAINING,
    ReportRecord,
    basis_of,
    began_together,
    notebook_words,
    pulls_of,
)

WEIGHED = 12
SAID = 6
LISTED = 200
READ_SECTION = "what-was-read"
FOUND_SECTION = "what-was-found"


def finding_blocks(report: ReportRecord) -> list[Block]:
    """The list, the answers of checks that found nothing, then the weighing of each finding above low."""
    found = report.found
    rows = [
        Row(
            (place, Badge.of(each.severity), _said(report, each), each.first_seen, each.confidence or None),
            basis_of(each),
        )
        for place, each in enumerate(found[:LISTED], start=1)
    ]  # fmt: skip
    clear = sum(result.status is Verdict.CLEAR for result in report.results)
    counts = f"{len(found):,} findings; {clear} checks clear; {len(report.unchecked)} not checked."
    more = [_counted(f"Only the first {LISTED} are listed.")] if len(found) > LISTED else []
    columns = ("#", "Severity", "Finding", "First seen", "Confidence")
    listed: list[Block] = [Table(columns, tuple(rows), "pm findings")] if rows else []
    return [_counted(counts), *listed, *more, *_silent(report), *weighed_blocks(report)]


def weighed_blocks(report: ReportRecord) -> list[Block]:
    """For each finding above low what speaks for it, against it, and what coincides."""
    worth = [each for each in report.found if each.severity.is_above_low and each.check not in EXPLAINING]
    blocks: list[Block] = []
    for place, each in enumerate(worth[:WEIGHED]):
        heading = Line(each.statement, basis_of(each), is_heading=True)
        rows = (*_for(report, each), *_against(report, each), *_coincident(report, each))
        blocks.append(Fold(heading, Table(("What it is", "What is said"), rows, "pm weighed"), is_open=place == 0))
    if len(worth) > WEIGHED:
        blocks.append(
            _counted(f"{len(worth) - WEIGHED} more findings above low are listed above and not weighed here.")
        )
    return blocks


def _for(report: ReportRecord, finding: Finding) -> tuple[Row, ...]:
    """Its own evidence and what explains it."""
    refs = ", ".join(f"{ref.pull} ({ref.rows:,} rows)" for ref in finding.evidence)
    rows = [Row(("for: evidence", refs), basis_of(finding, kind=FACT))]
    explained = [f for f in report.found if f.subject.get("explains") == finding.id and f.check not in BEFORE]
    rows += [Row((f"for: {_check(each)}", each.statement), basis_of(each)) for each in explained[:SAID]]
    return tuple(rows)


def _against(report: ReportRecord, finding: Finding) -> tuple[Row, ...]:
    """Checks of its notebook that are clear or could not be made, baselines without rows, and low confidence.

    That another notebook found nothing speaks against nothing: it looks at something else.
    """
    home = report.home(finding)
    own = [r for r in report.results if r.notebook == home and r.id not in EXPLAINING]
    rows = [Row((f"against: {_name(r)} clear", r.question), _clear_basis()) for r in own if r.status is Verdict.CLEAR][
        :SAID
    ]
    lacking = [r for r in own if r.status is Verdict.NOT_CHECKED]
    rows += [
        Row((f"not known: {_name(r)} not checked", r.reason), Basis(COUNTED, anchor=UNSEEN_SECTION))
        for r in lacking[:SAID]
    ]
    rows += [Row(("against: its data", words), Basis(FACT, (pull.pull,))) for pull, words in _doubts(report, finding)]
    changes = [r for r in report.results if r.id in BEFORE and r.notebook == home]
    rows += [
        Row(("against: no change before it", f"{_name(r)}: nothing found"), _clear_basis())
        for r in changes if r.status is Verdict.CLEAR
    ]  # fmt: skip
    return tuple(rows) or (Row(("against", "nothing that this report holds"), _basis_counted()),)


def _doubts(report: ReportRecord, finding: Finding) -> list[tuple[Coverage, str]]:
    """Pulls behind a finding, or their baselines, that are not complete or are empty."""
    kinds = {ref.kind for ref in finding.evidence}
    behind = set(pulls_of(finding.evidence))
    doubts = []
    for row in report.coverage:
        first = row.pull.split("/")[0]
        is_baseline = first.endswith(".baseline") and first.removesuffix(".baseline") in kinds
        if row.pull in behind and not row.is_all_there:
            reason = f": {row.reason}" if row.reason else ""
            doubts.append(
                (row, f"{row.pull} is {row.status.replace('_', ' ')}{reason}; confidence {finding.confidence}")
            )
        elif is_baseline and (row.status is Status.EMPTY or not row.is_all_there):
            words = "is empty" if row.status is Status.EMPTY else f"is {row.status.replace('_', ' ')}"
            doubts.append((row, f"the baseline {row.pull} {words}: what is usual is known by less"))
    return doubts[:SAID]


def _coincident(report: ReportRecord, finding: Finding) -> tuple[Row, ...]:
    """Changes before it, and what other notebooks saw begin with it: neither speaks for it."""
    own, _ = changes_of(report, finding)
    rows = [Row(("coincides: change", f.statement), basis_of(f, kind=COINCIDES)) for f in own[:SAID]]
    together = [
        other for other in report.found
        if report.home(other) != report.home(finding) and other.severity.is_above_low
        and other.check not in EXPLAINING and began_together(finding, other)
    ]  # fmt: skip
    rows += [
        Row((f"coincides: began within 10 min, {notebook_words(report.home(other))}", other.statement),
            basis_of(other, kind=COINCIDES))
        for other in together[:SAID]
    ]  # fmt: skip
    if len(together) > SAID:
        words = f"{len(together) - SAID} more findings began within 10 minutes"
        rows.append(Row(("coincides: began within 10 min", words), _basis_counted()))
    return tuple(rows)


def _silent(report: ReportRecord) -> list[Block]:
    """Checks that are clear or could not be made, those that could not first; a line for each reason of a notebook."""
    asked: dict[tuple[bool, str, str], list[str]] = {}
    for result in report.results:
        if result.status is not Verdict.FOUND:
            key = (result.status is Verdict.CLEAR, result.notebook, result.reason)
            asked.setdefault(key, []).append(result.question)
    rows = [
        Row(
            (
                Badge.of(Verdict.CLEAR if is_clear else Verdict.NOT_CHECKED),
                notebook_words(name), tuple(asked[is_clear, name, reason]), reason or None,
            ),
            _clear_basis(),
        )
        for is_clear, name, reason in sorted(asked, key=lambda key: key[0])
    ]  # fmt: skip
    return [Table(("Answer", "Notebook", "Question", "Why"), tuple(rows), "pm silent")] if rows else []


def _said(report: ReportRecord, finding: Finding) -> tuple[object, ...]:
    """The statement, the next step, and whose finding it is."""
    step = (Quiet(f"next: {finding.next_step}"),) if finding.next_step else ()
    return (finding.statement, *step, Quiet(f"{notebook_words(report.home(finding))}: {finding.id}"))


def _counted(words: str) -> Line:
    return Line(words, _basis_counted())


def _basis_counted() -> Basis:
    return Basis(COUNTED, anchor=FOUND_SECTION)


def _clear_basis() -> Basis:
    return Basis(COUNTED, anchor=READ_SECTION)


def _check(finding: Finding) -> str:
    return finding.check.replace("_", " ")


def _name(result: CheckResult) -> str:
    return result.id.replace("_", " ")
