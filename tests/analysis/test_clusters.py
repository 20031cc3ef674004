"""Masked texts joined by their words."""

import numpy as np
import pytest

from ddms_ops.analysis.clusters import joined, key_words

NAMES = ("anna", "bob", "carla", "dave", "eve", "frank", "grace", "heidi", "ivan", "judy", "karl", "lena")


def clustered(*texts: str) -> list[str]:
    """Templates of texts that each stand for one message."""
    return joined(texts, np.ones(len(texts), dtype=int))


def test_the_key_is_the_words():
    """Placeholders, their units and punctuation play no part."""
    assert key_words("sent <*> bytes, to: <*> (rest)") == ("sent", "to", "rest")
    assert key_words("<*>") == ("<*>",)


def test_the_most_frequent_text_stands_for_its_group():
    """Ties go to the lesser text."""
    assert joined(["took <*> ms", "took <*>"], np.array([1, 5])) == ["took <*>"] * 2
    assert clustered("took <*> ms", "took <*>") == ["took <*>"] * 2


@pytest.mark.parametrize(("before", "enough"), [("user", 3), ("for", 4), ("plan", 6)])
def test_a_place_is_open_where_enough_words_were_seen(before, enough):
    """Fewer are enough behind a word that announces a name."""
    texts = [f"nothing was found {before} {name} today" for name in NAMES]
    assert len(set(clustered(*texts[:enough]))) == 1
    assert len(set(clustered(*texts[: enough - 1]))) == enough - 1


def test_several_places_at_once():
    """Names that change together are found by being rarer than the words around them."""
    texts = [f"folder {one} of owner {two} moved to {one}{two}x" for one, two in zip(NAMES, NAMES[::-1], strict=True)]
    assert set(clustered(*texts)) == {"folder <*> of owner <*> moved to <*>"}


def test_errors_are_never_names():
    """Exception classes, constants and codes part texts, however many there are."""
    words = (
        "IOException",
        "ECONNRESET",
        "AccessDenied",
        "ReadTimeout",
        "RateLimitExceeded",
        "KeyError",
        "57014",
        "S3Fault",
    )
    assert len(set(clustered(*(f"nothing was saved for {word} today" for word in words)))) == len(words)


def test_a_word_where_another_text_has_a_placeholder_is_variable():
    """The placeholder shows that the place varies; a kept code does not."""
    texts = ["login of <*> from <*> refused", "login of admin from <*> refused", "login of 503 from <*> refused"]
    assert clustered(*texts) == [texts[0], texts[0], texts[2]]


def test_short_texts_are_not_joined():
    """One word of two or three says too much to be left open."""
    assert len(set(clustered(*(f"{name} startup" for name in NAMES[:8])))) == 8


@pytest.mark.parametrize("seed", [1, 2])
def test_many_different_texts_are_done_in_any_order(seed):
    """Ten thousand texts of random words have the same templates in any order."""
    rng = np.random.default_rng(0)
    texts = sorted(
        {" ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in row) for row in rng.integers(0, 400, (10_000, 5))}
    )
    order = np.random.default_rng(seed).permutation(len(texts))
    found = clustered(*texts)
    assert [found[place] for place in order] == clustered(*(texts[place] for place in order))


def test_a_unit_is_not_taken_for_the_word_that_varies():
    """A word that also stands inside the unit behind a placeholder is opened in its own place."""
    texts = [f"account <*> ms {name} left early today" for name in ("m", "anna", "bob", "carla")]
    assert set(joined(texts, np.array([9, 1, 1, 1]))) == {"account <*> ms <*> left early today"}
