"""Findings made so far, and the rows of evidence that one of them names."""

import pandas as pd

from ddms_ops.checks import CHECKS
from ddms_ops.findings import CheckResult, Finding
from ddms_ops.hops.naming import chosen
from ddms_ops.hops.reading import record_text, recorded_coverage, records_at
from ddms_ops.hops.views import FindingView, Ground, Listed

COLUMNS = ["timestamp", "record", "pull", "row"]


def findings(case: Ground) -> Listed[FindingView]:
    """Findings of the checks made so far, by rank; each opens by its id.

    Returns:
        A view; its frame has rank (int64), id, severity, statement, first_seen (UTC) and confidence.
    """
    found = _made(case)
    rows = [
        (each.rank, each.id, str(each.severity), each.statement, each.first_seen, each.confidence) for each in found
    ]
    frame = pd.DataFrame(rows, columns=["rank", "id", "severity", "statement", "first_seen", "confidence"])
    frame["first_seen"] = pd.to_datetime(frame["first_seen"], utc=True).astype("datetime64[us, UTC]")
    silent = [each.id for each in case.known_results if each.status == "not_checked"]
    made = len(case.known_results) - len(silent)
    lacking = f"; {len(silent)} could not be made: {', '.join(silent[:5])}" if silent else ""
    return Listed(
        title="Findings of the checks made so far",
        frame=frame,
        coverage=tuple(case.coverage),
        call="case.findings",
        notes=(f"{made} of {len(CHECKS)} checks were made{lacking}.",),
        hops=tuple(f"case.finding({each.id!r})" for each in found[:1]),
        noun="finding",
        ids=tuple(each.id for each in found),
        _opened=lambda name: finding(case, name),
    )


def _made(case: Ground) -> list[Finding]:
    every = (finding for result in case.known_results for finding in result.findings)
    return sorted(every, key=lambda each: (each.rank, each.id))


def finding(case: Ground, given: object) -> FindingView:
    """The rows of evidence that a finding names, as they were recorded; its check is run if it was not yet.

    Args:
        case: the case.
        given: its id, or the only one that begins so.

    Returns:
        A view; its frame has timestamp (UTC, null where the record has none), record (its text), pull and row. At most
        20 rows of a pull are named; how many there are stands in the notes.

    Raises:
        BadInput: no finding has that id.
    """
    _run_its_check(case, given)
    found = {each.id: each for each in _made(case)}
    name = chosen("finding", given, found, how="case.findings lists those of the checks made so far")
    its = found[name]
    parts = [_rows(case, ref.pull, [int(each.rpartition(":")[2]) for each in ref.ids]) for ref in its.evidence]
    frame = pd.concat([part for part in parts if len(part)] or [_rows(case, "", [])], ignore_index=True)
    there = [f"{ref.rows:,} rows of {ref.pull}" + ("" if len(ref.ids) == ref.rows else f", {len(ref.ids)} shown")
             for ref in its.evidence]  # fmt: skip
    return FindingView(
        title=f"{name} ({its.severity}): {its.statement}",
        frame=frame,
        coverage=recorded_coverage(case, [ref.pull for ref in its.evidence]),
        call=f"case.finding({name!r})",
        notes=(f"Evidence: {'; '.join(there)}.", *([f"Next: {its.next_step}"] if its.next_step else [])),
        hops=_leads(its),
        finding=its,
    )


def _run_its_check(case: Ground, given: object) -> None:
    """Make the check that an id begins with, if there is one and it was not made."""
    check = str(given).strip().rpartition("-")[0]
    if check in {each.id for each in CHECKS} and check not in {result.id for result in case.known_results}:
        _: CheckResult = case.result(check)


def _rows(case: Ground, pull: str, places: list[int]) -> pd.DataFrame:
    """Raw records of one pull; none where the evidence does not have it."""
    if pull and recorded_coverage(case, [pull]):
        records = records_at(case, pull, places).to_pylist()
        stamps = [next((value for value in each.values() if hasattr(value, "isoformat")), None) for each in records]
        frame = pd.DataFrame({"timestamp": stamps, "record": [record_text(each) for each in records]})
        frame = frame.assign(pull=pull, row=sorted(set(places)))
    else:
        frame = pd.DataFrame(columns=COLUMNS)
    stamps_utc = pd.to_datetime(frame["timestamp"], utc=True).astype("datetime64[us, UTC]")
    return frame.assign(timestamp=stamps_utc).astype({"record": "str", "pull": "str", "row": "int64"})[COLUMNS]


def _leads(its: Finding) -> tuple[str, ...]:
    """Calls on what a finding is about."""
    ways = {"group": "case.group({!r})", "tenant": "case.tenant({!r})", "statement": "case.statement({!r})"}
    hops = [ways[key].format(its.subject[key].split(",")[0]) for key in ways if its.subject.get(key)]
    return (*hops, "case.changes_seen") if its.check.startswith("changes") or "explains" in its.subject else tuple(hops)
