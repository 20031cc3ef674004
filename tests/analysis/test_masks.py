"""Masks."""

import pyarrow as pa
import pytest

from ddms_ops.analysis.masks import ANSWER, KEPT, MASKS, Mask, masked
from ddms_ops.errors import BadInput


def shown(*messages: str, rules: tuple[Mask, ...] = ()) -> list[str]:
    """Masked texts."""
    return masked(pa.array(messages), rules).to_pylist()


@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: mask.name)
def test_each_example_is_masked(mask: Mask):
    """The variable part becomes <*> and the words around it stay."""
    assert shown(f"failed for {mask.example} again") == ["failed for <*> again"]


@pytest.mark.parametrize("mask", [mask for mask in KEPT if ANSWER not in mask.example], ids=lambda mask: mask.name)
def test_each_kept_example_is_kept(mask: Mask):
    """What tells one failure from another is left as it is, what stands beside it is masked."""
    assert shown(f"task 17 ended: {mask.example}") == [f"task <*> ended: {mask.example}"]


@pytest.mark.parametrize(
    "text",
    [
        "SQLSTATE 53300",
        "code=23505",
        "ORA-01555",
        "error 1213 (40001)",
        "HTTP 500",
        "status: 404",
        "status code 503",
        "it returned 502",
        "connect ECONNRESET",
        "read: [Errno 104] Connection reset",
        "NoSuchKey: not there",
        "exit code 137",
        "signal 9",
        "java.net.SocketTimeoutException: Read timed out",
        "Service: S3; Status Code: 403; Error Code: AccessDenied",
        "deadlock detected (SQLSTATE 40P01)",
    ],
)
def test_codes_are_the_signal(text):
    """Exception classes, SQLSTATE, HTTP status, errno, AWS codes, exit codes and signals are kept."""
    assert shown(f"{text}") == [text]


def test_status_behind_a_request_is_kept():
    """A server's failure in an access log is kept, with and without quotes."""
    lines = ['10.0.0.1 "GET /a/b/1 HTTP/1.1" 500 12', "GET /a/b/1 503 12ms"]
    assert shown(*lines) == ['<*> "GET <*> HTTP/<*>" 500 <*>', "GET <*> 503 <*>"]


def test_a_success_is_masked():
    """Codes from 200 to 399 part nothing, nor does a client's fault in an access log."""
    assert len(set(shown(*(f'"GET /a/b HTTP/1.1" {code} 12' for code in (200, 201, 304, 404))))) == 1


def test_a_number_is_not_a_status():
    """A count that looks like a status is masked."""
    assert len(set(shown("query returned 404 rows", "query returned 7 rows"))) == 1


def test_versions_are_numbers():
    """A version is masked."""
    assert len(set(shown("started v1.2.3", "started v1.2.4-rc.1", "started 2.0"))) == 1


@pytest.mark.parametrize(
    "variants",
    [
        ("block blk_-33 gone", "block blk_12 gone"),
        ("rhost=adsl-7.dsl.example.net user", "rhost=10.1.1.1 user", "rhost=mail.example.co.uk user"),
        ("at 2024-05-01T10:00:00.123Z it stopped", "at 2024-05-01 10:00:00 it stopped"),
        ("ids 1, 2, 3", "ids 4", "ids 5 6"),
        ("sent 1190 bytes (1.16 KB)", "sent 12 bytes"),
        ("column 'a' is missing", 'column "b" is missing', "column `c` is missing"),
        ("login user=bob tenant=acme failed", "login user=eve tenant='Globex' failed"),
        ('lock tag="View Lock" taken', "lock tag=none1 taken"),
        ("owner=null found", "owner=7 found"),
    ],
)
def test_variants_are_one(variants):
    """Texts that differ in what is variable become the same."""
    assert len(set(shown(*variants))) == 1


def test_the_users_rule_goes_first_and_wins():
    """What a rule masks no other mask touches, nor what stands beside it."""
    rule = Mask("ticket", "[A-Z]+/[a-z]+", "DMS/abc")
    assert shown("HTTP 500 for DMS/abc!", rules=(rule,)) == ["HTTP 500 for <*>!"]


def test_rules_that_cannot_be_used_are_all_named():
    """One line for each, with its name."""
    with pytest.raises(BadInput) as raised:
        masked(pa.array(["a"]), [Mask("one", "(?=a)", "a"), Mask("two", "a*", "a"), Mask("three", "b", "b")])
    assert [fault.split(":")[0] for fault in raised.value.faults] == ["mask 'one'", "mask 'two'"]


def test_a_placeholder_in_the_text_is_text():
    """Marks used inside do not show, whatever the text holds."""
    assert shown("a <*> b \x01\x02\x04 c 1") == ["a <*> b     c <*>"]


def test_rows_keep_their_places():
    """Null, empty, repeated and chunked rows, with codes and without, come back in their order."""
    chunks = pa.chunked_array([["b 2", None, "HTTP 500 x 1"], [], ["", "b 3", '{"code": "E1"}']])
    assert masked(chunks).to_pylist() == ["b <*>", "", "HTTP 500 x <*>", "", "b <*>", '{"code": "E1"}']
    assert masked(pa.array([], pa.string())).to_pylist() == []
    assert masked(pa.chunked_array([[], []], pa.string())).to_pylist() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for 'relevé d'identité.pdf' again", "for <*> again"),
        ("column 'd'accord' is missing", "column <*> is missing"),
        ("user='O'Brien Ltd' failed", "user=<*> failed"),
        ("'a' and 'b'", "<*> and <*>"),
        ("'a' and 'b.pdf' of user's", "<*> and <*> of user's"),
        ("can't open 'x', it isn't 'y.pdf'", "can't open <*>, it isn't <*>"),
    ],
)
def test_an_apostrophe_in_a_word_ends_no_quoted_text(text, expected):
    """One between letters belongs to the word; two quoted words stay two, contractions stay."""
    assert shown(text) == [expected]


@pytest.mark.parametrize("text", ["it took 1 s of 22", "lesson 3.mp4 is gone", "id 1a2b3c4d", '{"a": 17, "b": "c9"}'])
def test_which_digit_it_is_plays_no_part(text):
    """Texts that differ in digits alone are masked alike, apart from what is kept."""
    others = [text.replace(digit, "9") for digit in "123"]
    assert len(set(shown(text, *others))) == 1
    assert shown("it took 404 s, HTTP 404", "it took 505 s, HTTP 505") == [
        "it took <*> s, HTTP 404",
        "it took <*> s, HTTP 505",
    ]
