"""Why tasks stop, in words: what ECS says of them and of their services."""

import pandas as pd

from ddms_ops.analysis.templates import message_templates
from ddms_ops.checks.base import Facts, is_absent
from ddms_ops.checks.capacity_basis import name_of
from ddms_ops.checks.refs import counted
from ddms_ops.operations import Capacity
from ddms_ops.redact import redact

CONTAINERS = "containers"
CHARS = 110
SHOWN = 2
BAD = r"(?i)unable|fail|unhealthy|error|not enough|insufficient|no container instance|throttl"


def services_of(entry: Capacity) -> tuple[str, ...]:
    """Names (cluster/service) of an entry's services, `{account}` filled in where several accounts have their own."""
    return tuple(name.replace("{account}", entry.account) for name in entry.services)


def stops_of(facts: Facts, entry: Capacity) -> tuple[pd.DataFrame, pd.DataFrame]:
    """STOPPED and SERVICE_EVENTS of an entry's services; no rows where it names none."""
    if not entry.services:
        return facts.stopped_tasks.iloc[:0], facts.service_events.iloc[:0]
    own = f"{entry.account}:" if entry.account else ""
    services = services_of(entry)
    names = {*services, *(f"{own}{name}" for name in services)}
    others = {name.partition("/")[2] for name in services}

    def of(frame: pd.DataFrame) -> pd.DataFrame:
        service = frame["service"].astype("str")
        lacks_cluster = service.str.startswith("/") & service.str[1:].isin(others)
        return frame[(service.isin(names) | lacks_cluster).astype(bool)]

    return of(facts.stopped_tasks), of(facts.service_events)


def no_containers(facts: Facts, entry: Capacity) -> list[str]:
    """Words where an entry names services, and nothing tells of their tasks."""
    if entry.services and is_absent(facts, CONTAINERS):
        return [f"{name_of(entry)}: no record of its services, so that why tasks stop is not known"]
    return []


def why_words(stops: pd.DataFrame, events: pd.DataFrame) -> str:
    """Why tasks stopped, and what their service said, each clause behind `; `; the most frequent first.

    Args:
        stops: STOPPED.
        events: SERVICE_EVENTS.
    """
    words = []
    failed = stops[stops["is_failure"].astype(bool)]
    if len(failed):
        words.append(f"{counted(len(failed), 'task')} failed, {common_reasons(failed)}")
    elif len(stops):
        words.append(f"{counted(len(stops), 'task')} stopped without a failure")
    told = events[events["message"].astype("str").str.contains(BAD, na=False).astype(bool)]
    if len(told):
        said = told.assign(reason=told["message"])
        words.append(f"the service said {common_reasons(said, most=1)}")
    return "".join(f"; {each}" for each in words)


def common_reasons(rows: pd.DataFrame, *, most: int = SHOWN) -> str:
    """`9 × “CannotPullContainerError …”, 1 × “…”`: reasons that differ in their variable parts are one.

    Args:
        rows: any frame with `reason`.
        most: how many are shown.
    """
    known = rows[rows["reason"].notna()]
    if known.empty:
        return "no reason given"
    clean = pd.Series([redact(str(text)) for text in known["reason"]], index=known.index, dtype="str")
    templates = message_templates(clean).astype("str")
    counts = templates.value_counts()
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    samples = [(number, clean[templates == template].iloc[0]) for template, number in counts.head(most).items()]
    shown = ", ".join(f"{number:,} × “{_cut(sample)}”" for number, sample in samples)
    more = f" and {counted(len(counts) - most, 'more reason')}" if len(counts) > most else ""
    return shown + more


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= CHARS else f"{line[: CHARS - 1]}…"
