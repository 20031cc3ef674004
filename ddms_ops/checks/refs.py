"""References from findings to rows of evidence, and counts in words."""

import pandas as pd

from ddms_ops.analysis.templates import message_templates
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


def counted(number: int, noun: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
