"""Secrets and personal data taken out of everything that is rendered; evidence keeps raw records.

Each pattern has an example in tests/test_redact.py, and a test compares the two sets.
"""

import re

SECRET = (
    r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|private[_-]?key|credential|session[_-]?id)"
)
ADJECTIVES = (
    r"(?:not|too|now|no|in|the|an?|about|for|set|reset|unset|required|missing|empty|null|blank|wrong|invalid|incorrect|correct"
    r"|expired|weak|short|long|old|being|already|still|only|valid|ok)"
)
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
        rf"(?i)[\w-]{{0,40}}{SECRET}s?(?:[_-][\w-]{{0,40}})?[\\\"'>]{{0,4}}(?:\s{{0,9}}(?:[=:]|%3D)\s{{0,9}}|(?<=>))"
        r"(?:\\+\"[^\"]*\"|\"[^\"]*\"|'[^']*'|[^\s\"'}}\]<]+)"
    ),
    "said_password": re.compile(rf"(?i)\b(?:password|passwd|passphrase|passcode)\s+is\s+(?!{ADJECTIVES}\b)\S+"),
    "secret_argument": re.compile(
        rf"(?i)(?:(?<![\w-])--?[\w-]{{0,40}}{SECRET}[\w-]{{0,20}}\s+\S+|\b\w{{1,40}}[_-](?:secret|token|key)\s+(?=\S*\d)\S{{8,}})"
    ),
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    "card": re.compile(r"(?<![\w-])(?:\d[ -]?){13,18}\d(?![\w-])"),
}


def redact(text: str) -> str:
    """The text with each secret or personal datum replaced by `[its kind]`."""
    for name, pattern in PATTERNS.items():
        text = pattern.sub(f"[{name}]", text)
    return text
