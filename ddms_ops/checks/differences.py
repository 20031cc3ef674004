"""What is different about what fails: the attributes that set it apart, computed once for each set of groups."""

import pandas as pd

from ddms_ops.analysis.contrast import Contrast, contrast
from ddms_ops.analysis.impact import is_hit
from ddms_ops.analysis.leaves import NONE
from ddms_ops.analysis.requests import refused
from ddms_ops.checks.base import Facts
from ddms_ops.checks.error_rate import REFUSED
from ddms_ops.findings import Finding
from ddms_ops.normalize.attributes import PREFIX
from ddms_ops.redact import redact
from ddms_ops.schema import LOGS

ATTRIBUTES = ("endpoint", "version", "tenant", "job_type", "action", "log_group", "log_stream", "user")
MARK_CHARS = 120
TAKEN = {column.name for column in LOGS.columns} | {"group", "signal", "explains", "limit_ms", "change", "resource"}
"""Names that mean something of ours in a finding's subject."""
PLACES = {
    "endpoint": "on {}",
    "version": "in version {}",
    "tenant": "of tenant {}",
    "job_type": "in {} jobs",
    "log_stream": "in log stream {}",
}


def difference(facts: Facts, groups: tuple[str, ...]) -> Contrast:
    """What sets the requests and jobs that some groups hit apart from the others, in the window against the baseline.

    Args:
        facts: the case.
        groups: ids of error groups; none means whatever failed.
    """
    if groups not in facts.differences:
        names = (*ATTRIBUTES, *facts.attributes)
        needed = [*names, "timestamp", "request_id", "group", "failed", "status", "is_error"]
        sides = [[frame[frame.columns.intersection(needed)] for frame in side] for side in _sides(facts)]
        now, before = _compared(sides, groups)
        facts.differences[groups] = contrast(now, before, names, wrong="wrong")
    return facts.differences[groups]


def found_difference(facts: Facts, sign: Finding) -> Contrast:
    """The contrast behind a leading finding."""
    if not _is_own(sign):
        return difference(facts, groups_of(sign))
    key = (sign.id,)
    if key not in facts.differences:
        now, before = held_against(facts, sign)
        facts.differences[key] = contrast(now, before, (*ATTRIBUTES, *facts.attributes), wrong="wrong")
    return facts.differences[key]


def held_against(facts: Facts, sign: Finding) -> list[pd.DataFrame]:
    """What a leading finding is about, in window and baseline, with `failed` as the finding means it, and `wrong`.

    Slow ones among what has a duration, refused ones among the requests, else what its groups hit among the requests
    and jobs, or the events, of their log groups. `wrong` are those, and what failed otherwise or was refused.
    """
    if "limit_ms" in sign.subject:
        timed = [ends[ends["duration_ms"].notna()] for ends in (facts.outcomes, facts.baseline_outcomes)]
        return [_marked(ends, ends["duration_ms"] > float(sign.subject["limit_ms"])) for ends in timed]
    if _is_own(sign):
        return [_marked(ends, refused(ends)) for ends in (facts.requests, facts.baseline_requests)]
    return _compared(_sides(facts), groups_of(sign))


def groups_of(sign: Finding) -> tuple[str, ...]:
    """Ids of the error groups that a finding is about; none where it is about whatever failed."""
    return tuple(name for name in sign.subject.get("group", "").split(",") if name)


def _is_own(sign: Finding) -> bool:
    """Whether a finding has its own measure of what failed: what was slow, or refused."""
    return "limit_ms" in sign.subject or sign.subject.get("signal") == REFUSED


def in_cell(rows: pd.DataFrame, cell: dict[str, str]) -> pd.DataFrame:
    """The rows that have a cell's values."""
    for name, value in cell.items():
        column = rows[name]
        rows = rows[column.isna() if value == NONE else column.astype("str") == value]
    return rows


def _sides(facts: Facts) -> list[list[pd.DataFrame]]:
    """Events and what ended of window and baseline; every event ended where none says so."""
    logs = [facts.log_events, facts.baseline_log_events]
    ends = [facts.outcomes, facts.baseline_outcomes]
    if all(side.empty for side in ends):
        ends = [side.assign(failed=side["is_error"]) for side in logs]
    return [list(side) for side in zip(logs, ends, strict=True)]


def _compared(sides: list[list[pd.DataFrame]], groups: tuple[str, ...]) -> list[pd.DataFrame]:
    """What the groups' log groups brought to an end, marked; their events where the groups hit nothing of it."""
    if not groups:
        return [_marked(ends, ends["failed"]) for _, ends in sides]
    rows = [logs[logs["group"].isin(groups)] for logs, _ in sides]
    names = {str(name) for hit in rows for name in hit["log_group"].unique()}
    ours = [ends[ends["log_group"].isin(names)] for _, ends in sides]
    hits = [is_hit(ends, hit) for ends, hit in zip(ours, rows, strict=True)]
    if any(hit.any() for hit in hits):
        return [_marked(ends, hit) for ends, hit in zip(ours, hits, strict=True)]
    events = [logs[logs["log_group"].isin(names)] for logs, _ in sides]
    return [logs.assign(failed=logs["group"].isin(groups), wrong=logs["is_error"]) for logs in events]


def _marked(ends: pd.DataFrame, failed: pd.Series) -> pd.DataFrame:
    """What ended, with what is asked about as `failed`, and whether it went wrong in any way."""
    return ends.assign(failed=failed, wrong=ends["failed"] | refused(ends))


def shown_name(attribute: str) -> str:
    """An attribute as people know it: without the prefix of unmapped fields, unless we mean something else by it."""
    name = attribute.removeprefix(PREFIX)
    return attribute if name in TAKEN else name


def marks_of(found: Contrast) -> dict[str, str]:
    """Values of the best explanation, redacted, by attribute name; tenant and version too where they go with them."""
    if not found.explanations:
        return {}
    best = found.explanations[0]
    marks = dict(best.cell)
    marks |= {name: best.implied[name] for name in ("tenant", "version") if name in best.implied}
    return {shown_name(name): redact(value)[:MARK_CHARS] for name, value in marks.items()}


def in_words(marks: dict[str, str]) -> str:
    """`on POST /documents in version 2.15.0, az us-east-1b`; empty without marks."""
    known = [form.format(marks[name]) for name, form in PLACES.items() if marks.get(name, NONE) != NONE]
    others = [f"{name} {value}" for name, value in marks.items() if name not in PLACES and value != NONE]
    lacking = [name.replace("_", " ") for name, value in marks.items() if value == NONE]
    with_others = ["with " + ", ".join(others)] if others else []
    return " ".join([*known, *with_others, *(["without " + ", ".join(lacking)] if lacking else [])])
