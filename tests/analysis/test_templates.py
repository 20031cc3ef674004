"""Message templates."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ddms_ops.analysis.masks import Mask
from ddms_ops.analysis.templates import message_templates, what_was_masked

NAMES = ("anna", "bob", "carla", "dave", "eve", "frank", "grace")


def templates(*messages: str | None, rules: tuple[Mask, ...] = ()) -> list[str]:
    """Templates of some messages."""
    return message_templates(pd.Series(messages, dtype="str"), rules=rules).astype("str").tolist()


def test_distinguishing_words_are_kept():
    """Two texts that differ in a word are two templates."""
    assert templates("VM 7 Started", "VM 8 Paused") == ["VM <*> Started", "VM <*> Paused"]


def test_states_are_kept_however_many_there_are():
    """Words that tell of a state do not vary, names do."""
    states = [f"job of the queue {state}" for state in ("started", "paused", "resumed", "stopped", "failed", "deleted")]
    assert len(set(templates(*states))) == 6
    assert set(templates(*(f"session opened for user {name} by root" for name in NAMES))) == {
        "session opened for user <*> by root"
    }


def test_lists_of_any_length_are_one_template():
    """Runs of variable parts collapse."""
    assert len(set(templates("ids 1, 2, 3", "ids 4", "ids 5 6"))) == 1


def test_optional_numbers_do_not_part_a_template():
    """A size with and without its unit, and a note in brackets, are one."""
    lines = ["closed, 12 bytes sent, lifetime 00:01", "closed, 1190 bytes (1.16 KB) sent, lifetime <1 sec"]
    assert len(set(templates(*lines))) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_does_not_matter(seed):
    """Each message has the same template wherever it stands."""
    lines = [f"user {name} saved {7 * place} files" for place, name in enumerate(NAMES)] + [
        "disk 1 full",
        "disk 2 full",
    ]
    order = np.random.default_rng(seed).permutation(len(lines))
    assert templates(*(lines[place] for place in order)) == [templates(*lines)[place] for place in order]


def test_a_text_alone_has_the_template_it_has_among_others():
    """Where masks suffice, the other texts of the window play no part."""
    lines = [
        "pool timeout after 5 ms",
        "GET /a/b/7 took 3 s",
        "host db-1.example.com is gone",
        'bad row "x1" in 10.0.0.1',
    ]
    among_others = templates(*lines, "pool timeout after 77 ms", "other")
    assert [templates(line)[0] for line in lines] == among_others[: len(lines)]


def test_messages_that_came_in_pieces_are_one_column():
    """A column that Arrow holds in chunks, as long ones are, gives the same templates."""
    pieces = pd.concat([pd.Series(["a 1"], dtype="str"), pd.Series(["b 2", None], dtype="str")], ignore_index=True)
    assert isinstance(pa.array(pieces), pa.ChunkedArray)
    assert message_templates(pieces).astype("str").tolist() == ["a <*>", "b <*>", ""]


def test_null_and_empty_messages_take_part():
    """A message without text has the empty template."""
    assert templates(None, "") == ["", ""]
    assert message_templates(pd.Series([], dtype="str")).tolist() == []


def test_the_index_stays():
    """The result is a category column that stands beside its messages."""
    found = message_templates(pd.Series(["a 1", "a 2"], index=[7, 3], dtype="str"))
    assert (found.index.tolist(), found.name, found.cat.categories.tolist()) == ([7, 3], "template", ["a <*>"])


@pytest.mark.parametrize(
    "text", ["\x00\xff\x02junk {", "§$%&/()", "注文 42 が失敗しました", "{" * 500, "x" * 10_000, "\n\n"]
)
def test_junk_takes_part(text):
    """Binary, punctuation, other scripts, broken JSON and long lines have a template each time the same."""
    assert templates(text, text) == templates(text) * 2


def test_multi_line_messages_go_by_their_first_line():
    """What follows, such as a stack trace, plays no part."""
    assert templates("\nboom 1\n  at f (a.js:1:2)", "boom 2\r\n  at g (b.js:3:4)") == ["boom <*>", "boom <*>"]


def test_json_goes_by_its_error_fields():
    """Fields that say what happened, one level down too; the others play no part."""
    text = '{"level":"error","error":{"type":"TimeoutError","message":"no answer in %d ms"},"tenant":"%s","n":%d}'
    assert set(templates(text % (5, "acme", 7), text % (9, "globex", 8))) == {
        '{"error.message": "no answer in <*> ms", "error.type": "TimeoutError"}'
    }


def test_json_codes_are_kept():
    """Codes in JSON are the signal."""
    assert len(set(templates('{"message":"x","code":"23505"}', '{"message":"x","code":"40P01"}'))) == 2


def test_json_behind_text_is_cut_down():
    """Text before an object stays, of the object only what says what happened."""
    lines = ['request failed {"code":"ECONNRESET","user":"bob"}', 'request done {"user":"bob"}']
    assert templates(*lines) == ['request failed {"code": "ECONNRESET"}', "request done {<*>}"]


def test_json_without_error_fields_is_all_its_fields():
    """Then every key counts."""
    assert templates('{"step":"sync","n":5}') == ['{"n": <*>, "step": "sync"}']


def test_pairs_keep_their_keys():
    """Values of identities are masked, other words stay."""
    assert templates('level=error msg="pool empty" user=bob n=7 reason=declined') == [
        'level=error msg="pool empty" user=<*> n=<*> reason=declined'
    ]


def test_rules_of_the_user_are_tried_first():
    """What the profile calls variable is."""
    assert templates("plan gold for bob", rules=(Mask("plan", "gold|silver", "gold"),)) == ["plan <*> for bob"]


def test_what_was_masked_is_shown_by_frequency():
    """At most three values a placeholder, the most frequent first."""
    lines = pd.Series(
        [*["to 10.0.0.1 in 5 ms"] * 2, *(f"to 10.0.0.{place} in 5 ms" for place in (9, 8, 7))], dtype="str"
    )
    assert what_was_masked(lines, "to <*> in <*> ms") == (("10.0.0.1", "10.0.0.7", "10.0.0.8"), ("5",))


def test_nothing_is_shown_of_what_does_not_fit():
    """Messages that cannot be laid on the template show nothing."""
    assert what_was_masked(pd.Series(['{"a":1}', None], dtype="str"), '{"a": <*>}') == ()
