"""Messages that were given up: since when they became more, and what they have in common."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddms_ops.analysis.templates import message_templates
from ddms_ops.redact import redact

NO_ERROR = "no error named"
HIDDEN = pd.Timedelta(minutes=15)  # a message that is received comes back when its visibility timeout is over
ABOUT = 0.01  # of a depth: SQS counts approximately
MARK = r"\[([a-z_]+) <\*>\]"  # what stands for something private, its own letters masked


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
        baseline: the same just before the window, may be empty: then the window's first value was there before.
        is_sum: whether each value counts new ones; else it is how many there are, and what was taken out is not known.

    Returns:
        Each rise above what was there is added; `since` is the interval of the first, None without any. Messages that
        are hidden while somebody looks at them, for fifteen minutes at most, were there all the time; a change of less
        than one in a hundred is none, as the count is approximate.
    """
    if is_sum:
        rises = values[values > 0]
        total = float(rises.sum())
        return Growth(0.0, total, total, total, rises.index[0] if len(rises) else None)
    held = dips_filled(pd.concat([baseline, values]))
    held = held[held.index >= values.index[0]]
    before = float(dips_filled(baseline).iloc[-1]) if len(baseline) else float(held.iloc[0])
    level, added, since = before, 0.0, None
    for stamp, value in held.items():
        if value - level > ABOUT * level:
            added, since = added + value - level, since if since is not None else stamp
            level = value
        elif level - value > ABOUT * level:
            level = value
    return Growth(before, float(held.max()), float(held.iloc[-1]), added, since)


def dips_filled(values: pd.Series) -> pd.Series:
    """A level without the dips that end within fifteen minutes: what was reached both shortly before and after.

    Args:
        values: float64 by instant (UTC), ordered.
    """
    if values.empty:
        return values
    earlier = values.rolling(HIDDEN, closed="both").max()
    turned = values.iloc[::-1]
    turned = pd.Series(turned.to_numpy(), index=values.index[-1] - turned.index + values.index[0])
    later = turned.rolling(HIDDEN, closed="both").max().iloc[::-1].to_numpy()
    return pd.Series(np.minimum(earlier.to_numpy(), later), index=values.index)


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
    templates = message_templates(texts).astype("str").str.replace(MARK, r"[\1]", regex=True)
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
