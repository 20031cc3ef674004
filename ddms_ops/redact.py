"""Secrets and personal data taken out of everything that is rendered; evidence keeps raw records.

Each pattern has an example in tests/test_redact.py, and a test compares the two sets.
"""

import re

PATTERNS: dict[str, re.Pattern[str]] = {
    "private_key": re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL
    ),
    "jwt": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    "aws_key_id": re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}\b"),
    "signed_url": re.compile(
        r"(?i)(?<=[?&])(?:x-amz-(?:signature|credential|security-token)|signature|sig)=[^&\s\"'<>]+"
    ),
    "dsn_password": re.compile(r"(?<=://)[^\s:/@\"']*:[^\s@\"']+(?=@)"),
    "header": re.compile(r"(?i)\b(?:authorization|(?:set-)?cookie)\\?[\"']?\s{0,9}[:=]\s{0,9}[^\r\n\"'}]+"),
    "known_token": re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abpr]-|sk_live_|sk-)[\w-]{10,}"),
    "bearer": re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}"),
    "secret_pair": re.compile(
        r"(?i)[\w-]{0,40}(?:password|passwd|pwd|secret|token|api[_-]?key|credential)s?(?:[_-][\w-]{0,40})?\\?[\"']?\s{0,9}[=:]"
        r"\s{0,9}(?:\\\"[^\"]*\\\"|\"[^\"]*\"|'[^']*'|[^\s\"'}\]]+)"
    ),
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    "card": re.compile(r"\b(?:\d[ -]?){13,18}\d\b"),
}


def redact(text: str) -> str:
    """The text with each secret or personal datum replaced by `[its kind]`."""
    for name, pattern in PATTERNS.items():
        text = pattern.sub(f"[{name}]", text)
    return text
