"""Secrets and personal data in what is rendered."""

import pytest

from ddms_ops.redact import PATTERNS, redact

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
    "email": "kim.lee@example.com",
    "card": "4111 1111 1111 1111",
}
AROUND = {
    "signed_url": "https://b.s3.amazonaws.com/k?{}&x=1",
    "dsn_password": "postgres://{}@db:5432/dms",
    "header": "-H '{}'",
}


def test_every_pattern_has_an_example():
    """A pattern without an example is not a pattern."""
    assert set(EXAMPLES) == set(PATTERNS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_is_gone(name):
    """The example leaves its kind and nothing of itself."""
    text = redact(f"before {AROUND.get(name, '{}').format(EXAMPLES[name])} after")
    assert EXAMPLES[name] not in text
    assert f"[{name}]" in text
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
