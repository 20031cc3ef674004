"""Log events grouped by what they say.

Errors with a stack trace are grouped by error name and the application's top frames, other errors by
error name and template, events that are no errors by level and template. Every event is in exactly one
group, so counts add up to the events read.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ddms_ops.analysis.masks import Mask
from ddms_ops.analysis.templates import message_templates
from ddms_ops.analysis.traces import application_frames

ERROR_LEVELS = ("ERROR", "FATAL")
HARMLESS_LEVELS = ("WARN", "DEBUG", "TRACE")
ID_DIGITS = 12  # hexadecimal; two of 50,000 groups share an id once in 200,000 times


def with_groups(logs: pd.DataFrame, rules: Sequence[Mask] = ()) -> pd.DataFrame:
    """The LOGS frame with what grouping needs, and without `trace`.

    Args:
        logs: LOGS of window and baseline together, so that both have the same groups.
        rules: masks of the user's own, tried before the built-in ones.

    Returns:
        Same rows and index; added are `is_error` (bool; see `is_error`), `template` and `frames` (category;
        frames of errors only) and `group` (category, see `group_ids`; it depends on error, level and template or
        frames alone).
    """
    failed = is_error(logs)
    template = message_templates(logs["message"], rules=rules)
    frames = application_frames(logs["trace"].where(failed))
    is_traced = failed & frames.notna()
    parts = [
        _named(template.where(~is_traced)),
        _named(frames.where(is_traced)),
        _named(logs["error"].where(failed)),
        _named(logs["level"].where(~failed)),
    ]
    codes = np.zeros(len(logs), dtype="int64")
    for part in parts:
        codes = codes * (len(part.cat.categories) + 1) + part.cat.codes.to_numpy()
    _, firsts, places = np.unique(codes, return_index=True, return_inverse=True)
    labels = pd.Categorical(group_ids([tuple(str(part.iloc[first]) for part in parts) for first in firsts]))
    group = pd.Categorical.from_codes(labels.codes[places], labels.categories)
    return logs.drop(columns="trace").assign(
        is_error=failed, template=template, frames=frames, group=pd.Series(group, index=logs.index)
    )


def is_error(logs: pd.DataFrame) -> pd.Series:
    """Events at ERROR or FATAL, and those that name an error in a field though they succeeded or have no level (bool).

    An error that a WARN event names was handled; one beside a status of 400 to 499 is the client's.
    """
    client = logs["status"].astype("str").str.fullmatch("4[0-9][0-9]").fillna(value=False).astype(bool)
    return logs["level"].isin(ERROR_LEVELS) | (logs["states_error"] & ~logs["level"].isin(HARMLESS_LEVELS) & ~client)


def _named(values: pd.Series) -> pd.Series:
    """Values as categories of text, null as the empty text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values if "" in values.cat.categories else values.cat.add_categories("")
        return values.fillna("")
    return values.fillna("").astype("category")


def group_ids(keys: Sequence[tuple[str, ...]], *, digits: int = ID_DIGITS) -> list[str]:
    """An id for each key: different keys have different ids, whatever their order.

    Args:
        keys: what tells one group from another; may repeat.
        digits: length of an id; keys that share one have longer ones.

    Returns:
        The first hexadecimal digits of each key's SHA-256.
    """
    whole = [hashlib.sha256(json.dumps(key, ensure_ascii=False).encode()).hexdigest() for key in keys]
    shared = Counter(number[:digits] for number in set(whole))
    if digits >= max(map(len, whole), default=digits) or max(shared.values()) == 1:
        return [number[:digits] for number in whole]
    longer = dict(zip(whole, group_ids(keys, digits=digits + ID_DIGITS), strict=True))
    return [number[:digits] if shared[number[:digits]] == 1 else longer[number] for number in whole]
