"""Messages that were given up: since when they became more, and what they have in common."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.templates import message_templates
from ddms_ops.redact import redact

NO_ERROR = "no error named"


@dataclass(frozen=True, slots=True)
class Growth:
    """How a count of messages that were given up grew; `added` are those of the window, `since` when the first came."""

    before: float
    most: float
    last: float
    added: float
    since: pd.Timestamp | None


def growth_of(values: pd.Series, baseline: pd.Series, *, is_sum: bool) -> Growth:
    """How many messages were given up in the window, beyond those that were there.

    Args:
        values: float64 by interval start (UTC), ordered, at least one.
        baseline: the same before the window, may be empty: then the window's first value was there before.
        is_sum: whether each value counts new ones; else it is how many there are, and what was taken out is not known.

    Returns:
        Each rise from one interval to the next is added; `since` is the interval of the first, None without any.
    """
    if is_sum:
        rises = values[values > 0]
        before = 0.0
    else:
        before = float(baseline.iloc[-1]) if len(baseline) else float(values.iloc[0])
        steps = values.diff()
        steps.iloc[0] = values.iloc[0] - before
        rises = steps[steps > 0]
    since = rises.index[0] if len(rises) else None
    return Growth(before, float(values.max()), float(values.iloc[-1]), float(rises.sum()), since)


def common_failures(given_up: pd.DataFrame) -> pd.DataFrame:
    """Messages by what failed: the error's name and the template of its text, or the fields of a body without either.

    Args:
        given_up: MESSAGES.

    Returns:
        The same rows with `failure` (str): texts of one template have one. Secrets are taken out of it before the masks
        could cut into them.
    """
    if given_up.empty:
        return given_up.assign(failure=pd.Series(dtype="str"))
    texts = pd.Series(
        ["" if pd.isna(text) else redact(str(text)) for text in given_up["text"]], index=given_up.index, dtype="str"
    )
    templates = message_templates(texts).astype("str")
    error = given_up["error"].fillna("").astype("str").mask(given_up["error"] == given_up["text"], "")
    is_twice = [name in template for name, template in zip(error, templates, strict=True)]
    named = error.mask(pd.Series(is_twice, index=error.index), "")
    joint = (named + ": " + templates).where((named != "") & (templates != ""), named + templates)
    silent = NO_ERROR + " (" + given_up["fields"].fillna("").astype("str") + ")"
    return given_up.assign(failure=joint.where(joint != "", silent).astype("str"))


def failures_counted(failures: pd.DataFrame) -> pd.DataFrame:
    """Failures by how many messages they have, the most first.

    Args:
        failures: of `common_failures`.

    Returns:
        Index the failure; `messages` (int64), `first` and `last` (UTC, NaT where no message has a time), `receives`
        (float64, the most, NaN where it is not said).
    """
    grouped = failures.groupby("failure", sort=True)
    table = pd.DataFrame(
        {
            "messages": grouped.size().astype("int64"),
            "first": grouped["timestamp"].min(),
            "last": grouped["timestamp"].max(),
            "receives": grouped["receives"].max(),
        }
    )
    return table.sort_values("messages", ascending=False, kind="stable")
