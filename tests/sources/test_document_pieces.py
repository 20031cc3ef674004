"""A large document is read in pieces: the same events, each once, in the same order."""

import json
import random
from pathlib import Path

import pytest

from ddms_ops.sources.log_documents import document_pieces

TEXTS = (
    "plain",
    'a "quoted" one',
    "ends in a backslash \\",
    '\\" },{"timestamp": 1, "message": "not an event"}',
    '{"level":"error","stack":["a","b"],"inner":[{"a":1},{"timestamp":2,"message":"x"}]}',
    "größer 日本 🚀",
)


def events_like(seed: int, count: int = 200) -> list[dict]:
    """Events with any of TEXTS, some with a list of objects of their own."""
    rng = random.Random(seed)
    found = [{"timestamp": place, "message": rng.choice(TEXTS) * rng.randint(1, 3)} for place in range(count)]
    return [{**event, "more": [{"a": 1}, {"b": "},{"}]} if rng.random() < 0.2 else event for event in found]


def pieces(path: Path, *, is_array: bool = False, size: int = 2_000) -> list[str]:
    """Texts of the pieces."""
    return [piece.read_text() for piece in document_pieces(path, path.parent, is_array=is_array, size=size)]


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("seed", range(5))
def test_pieces_hold_the_events_of_the_document(tmp_path: Path, seed: int, indent: int | None):
    """Whatever stands in their texts; what follows the events is no event."""
    events, streams = events_like(seed), [{"logStreamName": "s", "searchedCompletely": True}] * 30
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"events": events, "searchedLogStreams": streams}, indent=indent))
    found = pieces(path)
    assert len(found) > 3
    assert [event for text in found for event in json.loads(text)["events"]] == events


@pytest.mark.parametrize("seed", range(5))
def test_pieces_of_an_array_are_arrays(tmp_path: Path, seed: int):
    """Of the same events."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(events_like(seed), ensure_ascii=False))
    found = pieces(path, is_array=True)
    assert len(found) > 3
    assert [event for text in found for event in json.loads(text)] == events_like(seed)


def test_several_documents_in_a_file_are_all_there(tmp_path: Path):
    """A piece may hold the end of one and the beginning of the next."""
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps({"events": events_like(seed, 20), "nextToken": "t"}) for seed in range(6)))
    decoder, found = json.JSONDecoder(), []
    for text in pieces(path):
        while text.strip():
            document, end = decoder.raw_decode(text.strip())
            found += document["events"]
            text = text.strip()[end:]
    assert found == [event for seed in range(6) for event in events_like(seed, 20)]


def test_what_cannot_be_cut_is_one_piece(tmp_path: Path):
    """Nothing is lost."""
    path = tmp_path / "a.json"
    path.write_text('{"events": [{"timestamp": 1, "message": "' + "},{" * 20_000 + '"}]}')
    assert pieces(path) == [path.read_text()]


def test_a_small_document_is_read_where_it_is(tmp_path: Path):
    """No copy is made."""
    path = tmp_path / "a.json"
    path.write_text("{}")
    assert list(document_pieces(path, tmp_path, is_array=False)) == [path]
