"""Masked texts that differ only in free words, such as names, joined.

Two texts are compared by their words alone, without placeholders and the units behind them, so that lists of different
length and optional numbers do not part them. What then differs in one word is joined where enough different words stand
in that place, fewer where the word before announces a name (`user bob`). Words that tell of a state or an outcome never
vary: "Started" and "Paused" stay apart.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

PLACEHOLDER = "<*>"
UNITS = (
    "ns|us|µs|ms|msecs?|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?|"
    "b|bytes?|[kmgt]i?b|[km]bytes?|[kmg]hz|percent"
)
UNIT = re.compile(rf"<\*> ?(?:(?:{UNITS})\b)?", re.IGNORECASE)
WORD = re.compile(r"\w+(?:[.'$-]+\w+)*")
OWNER = re.compile(r"(?i:user(?:name)?|account|tenant|customer|client|owner|host(?:name)?|node|pod|instance|device)")
LEAD = re.compile(r"(?i:for|from|to|by|of|on|at|in|with|via|named|called|as|into|class|service)")
CALLED, LED, ANYWHERE, ALONE = 3, 4, 6, 12  # how many different words make a place variable
STATES = (
    "ok|up|down|on|off|no|not|none|true|false|yes|start|stop|open|close|success|successful|successfully|failure|fail|"
    "error|warning|read|write|begin|end|new|old|first|last|all|any|the|a|an|is|was|are|were|be|been|has|had|have|to|from|"
    "for|by|in|at|and|or|but|unknown|invalid|empty|full|does|did|do|can|cannot|could|will|would|should|must|may|"
    r"\w{3,}ed|\w{3,}ing|\w{3,}able|\w{3,}ible|.*\d.*"  # a number that is not masked is a code
)
SAID = re.compile(rf"(?i:{STATES})")
TELLING = re.compile(
    rf"(?i:{STATES})|[A-Z][A-Z_]+[A-Z0-9_]*|.*(?:Exception|Error|Failure|Fault|Denied|Exceeded|NotFound|Timeout)"
)
WILD = "\x02"
ROUNDS = 4
STEEP = 2.0  # how much rarer, as a power of two, names are than the words around them
Key = tuple[str, ...]


def joined(texts: Sequence[str], counts: np.ndarray) -> list[str]:
    """For each masked text the template that stands for it: the most frequent text of its group.

    Args:
        texts: distinct masked texts, in any order.
        counts: how many messages each stands for; int.

    Returns:
        One template a text.
    """
    known = set(texts)
    keys = [key_words(text) for text in texts]
    groups = _with_slots(keys)
    order = sorted(range(len(texts)), key=lambda place: (-int(counts[place]), texts[place]))
    shown: dict[Key, str] = {}
    for place in order:
        if groups[place] not in shown:
            shown[groups[place]] = _as_masked(_shown(texts[place], keys[place], groups[place]), known)
    return [shown[group] for group in groups]


def key_words(text: str) -> Key:
    """The words of a masked text without placeholders and their units; the text itself where there are none."""
    return tuple(WORD.findall(UNIT.sub(" ", text))) or (text,)


def _shown(text: str, key: Key, group: Key) -> str:
    """The text with the words that its group leaves open as placeholders."""
    if key == group:
        return text
    found = WORD.finditer(UNIT.sub(lambda unit: " " * len(unit[0]), text))  # the words of the key, in their places
    pieces, end = [], 0
    for word, kept in zip(found, group, strict=True):
        if kept != word[0]:
            pieces += [text[end : word.start()], PLACEHOLDER]
            end = word.end()
    return "".join([*pieces, text[end:]])


def _as_masked(text: str, known: set[str]) -> str:
    """The text with one word as a placeholder where another text has a placeholder in that place."""
    for word in WORD.finditer(text):
        other = f"{text[: word.start()]}{PLACEHOLDER}{text[word.end() :]}"
        if other in known and not SAID.fullmatch(word[0]) and len(key_words(other)) > 1:
            return other
    return text


def _with_slots(keys: Sequence[Key]) -> list[Key]:
    """Each key with the words that vary as WILD."""
    found = {key: key for key in keys}
    for step in (_skeletons, *(_neighbours,) * ROUNDS):
        current = sorted(set(found.values()))
        sizes = np.array([len(key) for key in current])
        changed: dict[Key, Key] = {}
        for size in np.unique(sizes[sizes > 1]):
            words = _Words([current[place] for place in np.flatnonzero(sizes == size)])
            changed.update(words.opened(step(words)))
        found = {key: changed.get(now, now) for key, now in found.items()}
        if not changed and step is _neighbours:
            break
    return [found[key] for key in keys]


class _Words:
    """Different keys of one length, and what is known of their words."""

    def __init__(self, keys: list[Key]) -> None:
        self.keys = keys
        codes, names = pd.factorize(np.array(keys, dtype=object).ravel())
        self.size = len(keys[0])
        self.codes = codes.reshape(len(keys), self.size)
        said, telling = (np.array([bool(pattern.fullmatch(name)) for name in names]) for pattern in (SAID, TELLING))
        start = ANYWHERE if self.size > 3 else ALONE
        after = np.array([_needed(name, self.size) for name in names])
        # how many different words each place needs to be open
        self.needs = np.column_stack([np.full(len(keys), start), after[self.codes[:, :-1]]])
        self.is_free = ~np.where(self.needs == CALLED, said[self.codes], telling[self.codes])
        self.is_wild = (names == WILD)[self.codes]
        placed = (self.codes * self.size + np.arange(self.size)).astype("uint64")
        self.hashes = pd.util.hash_array(placed.ravel(), categorize=False).reshape(placed.shape)

    def opened(self, is_open: np.ndarray) -> dict[Key, Key]:
        """Keys that change, with the words of open places as WILD."""
        places = np.flatnonzero((is_open & ~self.is_wild).any(axis=1))
        return {
            key: tuple(WILD if is_left else word for word, is_left in zip(key, row, strict=True))
            for key, row in ((self.keys[place], is_open[place] | self.is_wild[place]) for place in places)
        }


def _skeletons(words: _Words) -> np.ndarray:
    """Places of words that are far rarer there than the words that their key shares with many others."""
    placed = words.codes * words.size + np.arange(words.size)
    frequency = np.log2(np.bincount(placed.ravel())[placed])
    frequency = np.where(words.is_free, frequency, frequency.max(axis=1, keepdims=True))
    falling = -np.sort(-frequency, axis=1)
    drops = falling[:, :-1] - falling[:, 1:]
    cut = drops.argmax(axis=1)
    rare = words.is_free & (frequency <= np.take_along_axis(falling, cut[:, None] + 1, axis=1))
    rare &= (drops.max(axis=1) >= STEEP)[:, None] & (2 * (~rare).sum(axis=1) >= words.size)[:, None]
    _, group = np.unique(np.where(rare, 0, words.hashes).sum(axis=1, dtype="uint64"), return_inverse=True)
    for slot in range(words.size):
        pairs = pd.DataFrame({"group": group, "word": words.codes[:, slot]}).drop_duplicates()
        varied = np.bincount(pairs["group"], minlength=group.max() + 1)[group]
        rare &= ~(rare[:, slot] & (varied < words.needs[:, slot]))[:, None]
    return rare


def _neighbours(words: _Words) -> np.ndarray:
    """Places where enough keys differ that are otherwise the same."""
    whole = words.hashes.sum(axis=1, dtype="uint64")
    is_open = np.zeros(words.codes.shape, dtype=bool)
    for slot in range(words.size):
        free, need = words.is_free[:, slot], words.needs[:, slot]
        _, group, number = np.unique(whole - words.hashes[:, slot], return_inverse=True, return_counts=True)
        varied = np.bincount(group, weights=free)
        was_open = np.bincount(group, weights=words.is_wild[:, slot]) > 0
        enough = (varied[group] >= need) & (varied[group] * 3 > number[group] * 2)
        is_open[:, slot] = free & (number[group] > 1) & (enough | was_open[group])
    return is_open


def _needed(before: str, size: int) -> int:
    """How many different words behind this one make their place variable."""
    if OWNER.fullmatch(before):
        return CALLED
    if size > 2 and LEAD.fullmatch(before):
        return LED
    return ANYWHERE if size > 3 else ALONE
