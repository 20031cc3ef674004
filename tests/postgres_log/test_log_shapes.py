"""Every shape of the log gives the events that are in it."""

from pathlib import Path

import pytest
from log_corpus import SHAPES, D, R, T, events_of, pulled

from ddms_ops.coverage import Status


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_gives_its_events(name: str, tmp_path: Path):
    """Kinds in their order, and of each event the fields that the shape states."""
    text, wanted = SHAPES[name]
    events, _ = events_of(pulled(tmp_path, {"a.log": text.encode()}), tmp_path)
    assert [event["kind"] for event in events] == [kind for kind, _ in wanted]
    for event, (_, fields) in zip(events, wanted, strict=True):
        assert {key: event[key] for key in fields} == fields


@pytest.mark.parametrize("name", [name for name, (_, wanted) in SHAPES.items() if "garbage" not in dict(wanted)])
def test_every_well_formed_line_is_parsed(name: str, tmp_path: Path):
    """No line of a well-formed log is left over, and nothing is said about it."""
    pull = pulled(tmp_path, {"a.log": SHAPES[name][0].encode()})
    assert (pull.coverage.status, pull.coverage.reason) == (Status.COMPLETE, "")


@pytest.mark.parametrize("piece", [64, 1000])
@pytest.mark.parametrize("name", SHAPES)
def test_pieces_change_nothing(name: str, piece: int, tmp_path: Path):
    """The rows are the same whatever the size of the pieces that a file is read in."""
    files = {"a.log": SHAPES[name][0].encode() * 3}
    whole, parts = (pulled(tmp_path / str(size), files, piece=size) for size in (1 << 20, piece))
    assert parts.table.to_pylist() == whole.table.to_pylist()


def test_batches_change_nothing(tmp_path: Path):
    """The events are the same however many entries are parsed at a time; what follows an event is found in the next."""
    text = "".join(text for text, _ in SHAPES.values() if text.startswith("2026-03-04 10:00:00 UTC:10.1"))
    pull = pulled(tmp_path, {"a.log": text.encode()})
    few, many = (events_of(pull, tmp_path, batch=batch) for batch in (3, 1 << 18))
    assert few == many


@pytest.mark.parametrize("head", [R.replace("app@", "{}@"), D.replace("app@", "{}@")])
@pytest.mark.parametrize("user", ["app", "john.doe@example.com", "a@b@c"])
def test_the_last_at_is_before_the_database(head: str, user: str, tmp_path: Path):
    """A user's name may hold an @, and what a message says is no part of the prefix."""
    text = f"{head.format(user)}LOG:  duration: 1 ms  statement: select 'x@y:[5]:LOG:  '\n"
    text += f"{head.format('app')}LOG:  connection received: host={T} x@y:[9]:LOG:  z\n"
    found = events_of(pulled(tmp_path, {"a.log": text.encode()}), tmp_path)[0]
    assert [(event["kind"], event["user"], event["database"], event["pid"]) for event in found] == [
        ("statement", user, "shop", 71), ("connection", "app", "shop", 71)]  # fmt: skip
