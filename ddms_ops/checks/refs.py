"""References from findings to rows of evidence, and counts in words."""

import pandas as pd

from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.templates import message_templates
from ddms_ops.checks.base import Facts
from ddms_ops.findings import EvidenceRef
from ddms_ops.redact import redact


def log_refs(rows: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """One reference for each pull that the rows came with; the earliest rows are named.

    Args:
        rows: any frame with `pull` and `row`.
    """
    return tuple(
        EvidenceRef.of(str(pull), part["row"].tolist())
        for pull, part in rows.groupby(rows["pull"].astype("str"), sort=True)
    )


def shown_template(messages: pd.Series) -> str:
    """The template of some messages of one group, secrets taken out before the masks could cut into them."""
    said = messages.dropna()
    example = redact(str(said.iloc[0])) if len(said) else "(no message)"
    return str(message_templates(pd.Series([example], dtype="str")).iloc[0])


def onset_words(shift: Shift | None) -> str:
    """` (gradual, began between 10:12 and 10:28, over by 10:50)`; empty where nothing is known."""
    if shift is None:
        return ""
    every = f" every {shift.period / pd.Timedelta(minutes=1):g} min" if shift.period is not None else ""
    parts = [f"{shift.shape}{every}"]
    if shift.latest - shift.earliest > pd.Timedelta(minutes=2):
        parts.append(f"began between {shift.earliest:%H:%M} and {shift.latest:%H:%M}")
    parts.append("still going on at the end" if shift.end is None else f"over by {shift.end:%H:%M}")
    return f" ({', '.join(parts)})"


def events_in_words(facts: Facts, number: int) -> str:
    """`137 events`; of a sample `about 548 events (137 in a sample of 1 in 4)`."""
    if facts.sample is None:
        return counted(number, "event")
    one_in = facts.sample[0]
    return f"about {counted(number * one_in, 'event')} ({number:,} in a sample of 1 in {one_in})"


def of_sample(facts: Facts) -> str:
    """` (in a sample of 1 in 4)`, empty where all events were read."""
    return f" (in a sample of 1 in {facts.sample[0]})" if facts.sample else ""


def counted(number: int, noun: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
