"""Message templates."""

import pandas as pd
import pyarrow as pa
import pytest

from ddms_ops.analysis.templates import MASKS, message_templates

EXAMPLES = {
    "quoted_file": "'invoice 見積書 (final).pdf'",
    "file": "Übergabeprotokoll.docx",
    "uuid": "0b9c6a1e-6f2d-4b7e-9a3c-1d2e3f4a5b6c",
    "email": "kim.lee@example.com",
    "url": "https://api.example.com/v1/things?x=1",
    "arn": "arn:aws:kms:us-east-1:123456789012:key/abc-def",
    "path": "/var/lib/nova/instances",
    "number": "512ms",
}


def templates(*messages: str | None) -> list[str]:
    """Templates of some messages."""
    return message_templates(pd.Series(messages, dtype="str")).astype("str").tolist()


def test_every_mask_has_an_example():
    """A mask without an example is not a mask."""
    assert set(EXAMPLES) == set(MASKS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_is_masked(name):
    """The variable part becomes <*> and the words around it stay."""
    assert templates(f"failed for {EXAMPLES[name]} again") == ["failed for <*> again"]


def test_distinguishing_words_are_kept():
    """Two texts that differ in a word are two templates."""
    assert templates("VM 7 Started", "VM 8 Paused") == ["VM <*> Started", "VM <*> Paused"]


def test_lists_of_any_length_are_one_template():
    """Runs of variable parts collapse."""
    assert len(set(templates("ids 1, 2, 3", "ids 4", "ids 5 6"))) == 1


def test_order_does_not_matter():
    """Each message has the same template wherever it stands."""
    assert templates("a 1", "b 2") == templates("b 2", "a 1")[::-1]


def test_messages_that_came_in_pieces_are_one_column():
    """A column that Arrow holds in chunks, as long ones are, gives the same templates."""
    pieces = pd.concat([pd.Series(["a 1"], dtype="str"), pd.Series(["b 2", None], dtype="str")], ignore_index=True)
    assert isinstance(pa.array(pieces), pa.ChunkedArray)
    assert message_templates(pieces).astype("str").tolist() == ["a <*>", "b <*>", ""]


def test_null_and_empty_messages_take_part():
    """A message without text has the empty template."""
    assert templates(None, "") == ["", ""]
