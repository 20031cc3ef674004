"""Message templates: the variable parts of a text masked, so that variants of one text are one."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from ddms_ops.analysis.clusters import joined
from ddms_ops.analysis.json_messages import shortened
from ddms_ops.analysis.masks import PLACEHOLDER, Mask, masked

LOOKED_AT = 200  # distinct messages of one template


def message_templates(messages: pd.Series, *, rules: Sequence[Mask] = ()) -> pd.Series:
    """The template of each message.

    Masks run over the distinct texts; what is left is joined where it differs in optional numbers, in the length of a
    list or in free words, such as names (after Brain, Yu et al. 2023: words of one place that are rarer than the words
    around them vary). The same messages in any order give the same templates.

    A text that differs from its variants in what the masks know alone (numbers, ids, addresses, paths, quoted words)
    has one template in every window. Two things depend on the other texts of the window: whether a free word has been
    seen to vary, and which of several wordings of a group is shown, which is the most frequent.

    Args:
        messages: text; null counts as the empty text. Of several lines the first counts, and of a long text the first
            2,000 characters. A JSON object goes by its error fields.
        rules: the user's own masks, tried before all others.

    Returns:
        category named "template", same index: the text with every variable part as `<*>`; "" for an empty text.

    Raises:
        BadInput: a rule is no RE2 pattern, or fits the empty text.
    """
    texts = masked(pa.array(messages.fillna(""), type=pa.large_string()), rules)
    codes = texts.indices.to_numpy(zero_copy_only=False)
    distinct = [shortened(text) for text in texts.dictionary.to_pylist()]
    shown = joined(distinct, np.bincount(codes, minlength=len(distinct)))
    values = pd.Categorical(shown, categories=sorted(set(shown)), ordered=False)
    found = pd.Categorical.from_codes(values.codes[codes], values.categories.astype("str"))
    return pd.Series(found, index=messages.index, name="template")


def what_was_masked(messages: pd.Series, template: str, *, most: int = 3) -> tuple[tuple[str, ...], ...]:
    """Examples of what a template's placeholders stand for. They are not redacted.

    Args:
        messages: text of events of the template.
        template: as `message_templates` gives it.
        most: how many values a placeholder at most.

    Returns:
        For each placeholder, from left to right, its most frequent values, equally frequent ones by value. Only the 200
        most frequent messages are looked at. Empty where no message can be laid on the template, e.g. of JSON objects.
    """
    counts = Counter(messages.dropna())
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LOOKED_AT]
    pieces = template.split(PLACEHOLDER)
    found: list[Counter[str]] = [Counter() for _ in pieces[1:]]
    for message, count in frequent:
        for seen, value in zip(found, _values(message.strip().split("\n", 1)[0].strip(), pieces), strict=False):
            seen[value] += count
    ranked = (sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:most] for seen in found)
    named = tuple(tuple(value for value, _ in values) for values in ranked)
    return named if any(named) else ()


def _values(message: str, pieces: Sequence[str]) -> list[str]:
    """What stands between the pieces of a template; empty where the message does not have them in their order."""
    if not message.startswith(pieces[0]) or not message.endswith(pieces[-1]):
        return []
    values = []
    place = len(pieces[0])
    for piece in pieces[1:-1]:
        end = message.find(piece, place)
        if end < 0:
            return []
        values.append(message[place:end])
        place = end + len(piece)
    last = len(message) - len(pieces[-1])
    return [*values, message[place:last]] if place <= last and len(pieces) > 1 else []
