"""Secrets and personal data in what is rendered."""

import re

import pytest

from ddms_ops.operations import Pattern
from ddms_ops.private import redact_also, redacted_by
from ddms_ops.redact import KEY_VARIABLE, KINDS, redact, redact_cell, redacted_counts

EXAMPLES = {
    "private_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_1",
    "aws_key_id": "AKIAIOSFODNN7EXAMPLE",
    "signed_url": "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835",
    "dsn_password": "app:hunter2",
    "header": "Cookie: sid=abc; csrf=SECRET",
    "known_token": "ghp_abcdefghij0123456789",
    "bearer": "Bearer abcdef0123456789",
    "secret_pair": "password=hunter2",
    "said_password": "password is hunter2",
    "secret_argument": "--password hunter2",
    "webhook": "T000/B000/abcdef",
    "session": "JSESSIONID=0a1b2c3d",
    "email": "kim.lee@example.com",
    "card": "4111 1111 1111 1111",
}
AROUND = {
    "signed_url": "https://b.s3.amazonaws.com/k?{}&x=1",
    "dsn_password": "postgres://{}@db:5432/dms",
    "header": "-H '{}'",
    "webhook": "https://hooks.slack.com/services/{}",
}


def test_every_pattern_has_an_example():
    """A pattern without an example is not a pattern."""
    assert set(EXAMPLES) == set(KINDS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_is_gone(name):
    """The example leaves its kind and nothing of itself."""
    text = redact(f"before {AROUND.get(name, '{}').format(EXAMPLES[name])} after")
    assert EXAMPLES[name] not in text
    assert f"[{name}" in text
    assert text.startswith("before ")
    assert text.endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"{\\"password\\":\\"hunter2\\"}"}',
        "PASSWORD = hunter2",
        "db_password='hunter2'",
        '"apiKey": "hunter2"',
        "passphrase=hunter2",
        "access_token%3Dhunter2",
        "<password>hunter2</password>",
        "client_secret hunter2abc",
    ],
)
def test_secrets_are_found_however_they_are_quoted(text):
    """JSON in JSON, shell, Python and plain pairs."""
    assert "hunter2" not in redact(text)


PLANTED = {
    "AKIAIOSFODNN7EXAMPLE": "IOSFODNN7",
    "ASIAY34FZKBOKMUTVV7A": "Y34FZKB",
    "aws_secret_access_key = wJalrXUtnFEMIK7MDENG": "wJalr",
    "AWS_SESSION_TOKEN=FwoGZXIvYXdzEXAMPLE": "FwoGZX",
    "Authorization: Bearer abc.def.ghi-jkl": "abc.def",
    "Authorization: Basic dXNlcjpodW50ZXIy": "dXNlcj",
    "authorization=AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304": "20260304",
    "Cookie: session=0a1b2c; theme=dark": "0a1b2c",
    "Set-Cookie: sid=s%3Aabcdef; HttpOnly": "3Aabcdef",
    "x-api-key: da2-abcdefghijklmnop": "da2-abc",
    "Proxy-Authorization: Basic Zm9vOmJhcg==": "Zm9vOm",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_1": "eyJzdWIi",
    "postgres://app:hunter2@db.internal:5432/dms": "hunter2",
    "mongodb+srv://root:s3cr3t@cluster0.example.net/test": "s3cr3t",
    "redis://:p4ssw0rd@cache:6379/0": "p4ssw0rd",
    "amqp://user:pa55@mq:5672": "pa55",
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=01234567": "01234567",
    "https://cdn.example.com/f?Policy=eyJTdGF0&Signature=abc~def&Key-Pair-Id=K2JCJM": "abc~def",
    "https://x.blob.core.windows.net/c?sv=2022&sig=abc%2Bdef": "abc%2Bdef",
    "https://storage.googleapis.com/b/o?x-goog-signature=00ffee": "00ffee",
    "ghp_abcdefghij0123456789": "abcdefghij",
    "github_pat_11ABCDEFG0123456789_abcdef": "11ABCDEFG",
    "glpat-abcdefghij0123456789": "abcdefghij",
    "xoxb-123456789012-abcdefghijkl": "abcdefghijkl",
    "sk_live_abcdefghij0123456789": "abcdefghij",
    "rk_live_abcdefghij0123456789": "abcdefghij",
    "sk-abcdefghij0123456789": "abcdefghij",
    "whsec_abcdefghij0123456789": "abcdefghij",
    "npm_abcdefghij0123456789abcdef": "abcdefghij",
    "pypi-AgEIcHlwaS5vcmcabcdef": "AgEIcHlw",
    "AIzaSyA0123456789abcdefghijk": "SyA012345",
    "SG.abcdefghijkl.mnopqrstuvwx": "abcdefghijkl",
    "hvs.CAESIJabcdefghijklmnop": "CAESIJ",
    "password=hunter2": "hunter2",
    "db_password: 'hunter2'": "hunter2",
    "the password is hunter2": "hunter2",
    "--client-secret hunter2abc": "hunter2",
    '{"refresh_token": "1//0gabcdef"}': "0gabcdef",
    "sessionId=0123456789abcdef": "0123456789",
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----": "MHcCAQEE",
    "4111 1111 1111 1111": "1111 1111",
    "5500-0000-0000-0004": "5500",
    "kim.lee+ops@mail.example.co.uk": "kim.lee",
    "AccountKey=abc123def456==": "abc123",
    '{"password":"abc\\"hunter2"}': "hunter2",
    "postgres://app:hun@ter2@db/x": "ter2",
    "password => hunter2": "hunter2",
    'passwords: ["hunter2"]': "hunter2",
    'Authorization: Digest username="a", response="hunter2"': "hunter2",
    "eyJhbGciOiJSU0EtT0FFUCJ9.eyJzdWIiOiIxMjM0In0.abcdefgh.ijklmnop.qrstuvwx": "qrstuvwx",
    "DB_PASS=hunter2": "hunter2",
    '"pass":"hunter2"': "hunter2",
    '"encryptionKey":"hunter2"': "hunter2",
    '"cookie":"a=hunter2"': "hunter2",
    "curl -u admin:hunter2 https://x": "hunter2",
    "mysql -phunter2 dms": "hunter2",
    "sshpass -p hunter2 ssh x": "hunter2",
    "https://hooks.slack.com/services/T000/B000/hunter2": "hunter2",
    "https://x/y?a=1&amp;X-Amz-Signature=hunter2": "hunter2",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----": "hunter2",
    "bearer: hunter2xx": "hunter2",
    "Ocp-Apim-Subscription-Key: hunter2": "hunter2",
    "Invalid password hunter2 for user bob": "hunter2",
    "anna%40example.com": "anna",
    "4111.1111.1111.1111": "1111",
    "card_4111111111111111": "1111",
    "password: |\n  hunter2": "hunter2",
}


@pytest.mark.parametrize("text", PLANTED)
def test_planted_secrets_leave_nothing(text):
    """The part that is secret is gone, and its kind is said."""
    left = redact(f"2026-03-04T10:00Z ERROR could not call: {text} (attempt 2)")
    assert PLANTED[text] not in left
    assert redacted_counts(left).total() >= 1


ESCAPED = {
    r'"sql":"user\u003dbob password\u003dhunter2 x"': '"sql":"user\\u003dbob [secret_pair] x"',
    r'"link":"https://b/k?a=1\u0026X-Amz-Signature=hunter2\u0026x=1"': '"link":"https://b/k?a=1\\u0026[signed_url]\\u0026x=1"',
    r'"url":"postgres:\/\/app:hunter2@db\/dms"': '"url":"postgres:\\/\\/[dsn_password]@db\\/dms"',
    r'"curl":"a\nCookie: sid=abc; csrf=hunter2"': '"curl":"a\\n[header]"',
    r'"log":"key:\tAKIAHUNTER2HUNTER2"': '"log":"key:\\t[aws_key_id]"',
    r'"in":"{\u0022password\u0022:\u0022hunter2\u0022}"': '"in":"{\\u0022[secret_pair]}"',
    r'"in":"{\"a\":\"password\\u003dhunter2\"}"': r'"in":"{\"a\":\"[secret_pair]"}"',
    r"token\x3dhunter2 x": "[secret_pair] x",
    r"\u{70}assword=hunter2": "[secret_pair]",
    r"password=abc\u003chunter2": "[secret_pair]",
    r'"\\\\\\\"password\\\\\\\": \\\\\\\"hunter2\\\\\\\""': None,
}


@pytest.mark.parametrize("text", ESCAPED)
def test_secrets_are_found_behind_escapes(text):
    """As the text stands and as it reads, however deep; what is beside them keeps its bytes."""
    left = redact(text)
    assert "hunter2" not in left.lower()
    assert ESCAPED[text] in (left, None)
    assert redact(left) == left


def test_a_person_is_one_person_behind_escapes():
    """The address is what it reads as, and so is its pseudonym."""
    plain = redact("to kim@x.org")
    for text in (r"to kim\u0040x.org", r"to \u003ckim@x.org\u003e", r"to\tkim@x\u002eorg"):
        assert plain.removeprefix("to ") in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        r'{"a":"M\u00fcller \u0026 S\u00f6hne\nsaid \"no\"","p":"C:\\new\/x","e":"\ud83d\ude00 \ud800 \u{110000}"}',
        "\\" * 9,
    ],
)
def test_escapes_that_hide_nothing_keep_their_bytes(text):
    """Names, paths, half characters, backslashes."""
    assert redact(text) == text


@pytest.mark.parametrize(
    "column", ["smtpPassword", "apiKey", "auth.token", "max(smtpPassword)", "session_id", "Cookie", "password (2)"]
)
def test_a_secret_alone_in_its_cell_is_told_by_its_column(column):
    """As `column=text` would be."""
    assert redact_cell(column, '"hunter2 hunter2') == "[secret_pair]"
    assert redact_cell(column, "  ") == "  "


@pytest.mark.parametrize(
    ("column", "text"),
    [("inputTokens", "1834"), ("max_tokens", "12345678901"), ("tokenizer", "bpe"), ("bypass", "true"), ("key", "a/b")],
)
def test_a_column_that_only_sounds_secret_is_left(column, text):
    """Numbers of tokens, words that end alike."""
    assert redact_cell(column, text) == text


def test_many_backslashes_take_linear_time():
    """Neither in a run nor each before an escape, also where one secret is among them."""
    assert redact("\\" * 100_000).endswith("\\")
    assert redact(r"\u0041\\" * 20_000 + r" password\u003dhunter2").endswith(" [secret_pair]")


def test_one_person_stays_one_person(monkeypatch):
    """An address reads the same wherever it stands, whatever its case; two are told apart; a key changes all."""
    first, again, other = (redact(f"user {each} failed") for each in ("kim@x.org", "Kim@X.org", "lee@x.org"))
    assert first == again != other
    monkeypatch.setenv(KEY_VARIABLE, "a key of this house")
    assert redact("user kim@x.org failed") not in (first, other)


def test_a_profile_names_what_else_is_private():
    """Its patterns are taken out too, with a pseudonym where they are persons, until all is forgotten."""
    redact_also({"document_name": Pattern(pattern=r"[\w -]+\.pdf", example="Quarterly report.pdf")})
    assert redact("lost: Quarterly report 2026.pdf") == "lost:[document_name]"
    redact_also({"staff": Pattern(pattern=r"emp-\d{4}", example="emp-1234", is_person=True)})
    assert re.fullmatch(r"by \[staff [0-9a-f]{6}\]", redact("by emp-0042"))
    redact_also({})
    assert redact("by emp-0042, a.pdf") == "by emp-0042, a.pdf"


def test_what_one_case_calls_private_stays_so_when_another_is_opened():
    """Each takes out its own too, the same opened again replaces its own; in a block of its own one stands alone."""
    names, staff = ({"document_name": Pattern(pattern=r"\w+\.pdf", example="a.pdf")},
                    {"staff": Pattern(pattern=r"emp-\d{4}", example="emp-1234")})  # fmt: skip
    redact_also(names, of="reports/one")
    redact_also(staff, of="reports/two")
    assert redact("by emp-0042, a.pdf") == "by [staff], [document_name]"
    with redacted_by(staff):
        assert redact("by emp-0042, a.pdf") == "by [staff], a.pdf"
    redact_also({}, of="reports/two")
    assert redact("by emp-0042, a.pdf") == "by emp-0042, [document_name]"
    redact_also({})
    assert redact("by emp-0042, a.pdf") == "by emp-0042, a.pdf"


def test_what_was_taken_out_is_counted():
    """By kind; brackets that stood there before are none."""
    text = redact("kim@x.org, lee@x.org, password=a [ERROR] [email]")
    assert redacted_counts(text) == {"email": 3, "secret_pair": 1}


@pytest.mark.parametrize(
    "text",
    ["tokens: 1500", '"inputTokens": 1834', "max_tokens=4096", "bypass=true", "compass: north",
     "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf is missing"],
)  # fmt: skip
def test_what_only_sounds_secret_is_left(text):
    """Numbers of tokens, words that end alike, and the name of a secret."""
    assert redact(text) == text


@pytest.mark.parametrize("number", ["1772620800000", "20260601-20260701", "4111111111111112", "1234567890123456789"])
def test_long_numbers_are_no_cards(number):
    """Times, periods and ids: how card numbers begin and their check digit tell them apart."""
    assert redact(f"since {number}") == f"since {number}"


def test_long_text_takes_linear_time():
    """A pattern must not try every start with every end."""
    assert redact("a-" * 100_000).startswith("a-a-")


def test_plain_text_is_left_alone():
    """Words, times, ids and counts are no secrets."""
    text = "TypeError on POST /documents/{id}/versions at 2026-03-04T10:37:00Z, 412 of 1,024 requests, tenant-007"
    assert redact(text) == text
    text = "request 8fae1c6e-0000-4111-8222-333344445555 failed: the password is required, token is expired"
    assert redact(text) == text
    text = "TokenExpiredError: jwt expired"
    assert redact(text) == text
