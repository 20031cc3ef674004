"""Secrets and personal data taken out of everything that is rendered; evidence keeps raw records.

Each pattern has an example in tests/test_redact.py, and a test compares the two sets. A person stays one person: an
e-mail address becomes `[email 5c0a7e]`, the same wherever it stands, by a hash of the address. Who has a list of
addresses could hash them too: where that matters, set the environment variable DDMS_OPS_PSEUDONYM_KEY (to the same
value for a replay), and the hash is keyed with it. What a profile's section `redact` names is taken out as
well; see `ddms_ops.private`.

A raw record may have its secrets behind escapes, as JSON, Go, Gson and PHP write them: `password\\u003dhunter2`. A text
is therefore looked at as it stands and as it reads, and what either shows is taken out; the rest keeps its bytes.
"""

import hashlib
import hmac
import os
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ddms_ops.private import Kind, Private, in_force

KEY_VARIABLE = "DDMS_OPS_PSEUDONYM_KEY"
PSEUDONYM_CHARS = 6
LEAST_CARD, MOST_CARD = 13, 19
SECRET = (
    r"(?:password|passwd|passphrase|passcode|pwd|(?<![A-Za-z])pass(?![A-Za-z])|secret|token|credential|session[_-]?id"
    r"|(?:api|access|account|private|shared|encryption|signing|master|licen[cs]e|subscription|ssh)[_-]?key)"
)
QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
ADJECTIVES = (
    r"(?:not|too|now|no|in|the|an?|about|for|set|reset|unset|required|missing|empty|null|blank|wrong|invalid|incorrect|correct"
    r"|expired|weak|short|long|old|being|already|still|only|valid|ok)"
)
SECRET_SIGNS = ("pass", "pwd", "secret", "token", "key", "credential", "session")
KINDS: dict[str, Kind] = {
    "private_key": Kind(
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)",
            re.DOTALL,
        ),
        ("private key",),
    ),
    "jwt": Kind(re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}"), ("eyj",)),
    "aws_key_id": Kind(re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}\b"), ("akia", "asia", "aida", "aroa")),
    "signed_url": Kind(
        re.compile(
            r"(?i)(?<=[?&])(?:amp;)?(?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|policy|key-pair-id)"
            r"=[^&\s\"'<>]+"
        ),
        ("sig", "x-amz-", "x-goog-", "policy=", "key-pair-id="),
    ),
    "dsn_password": Kind(re.compile(r"(?<=://)[^\s:/@\"']*:[^\s/\"']+(?=@)"), ("://",)),
    "webhook": Kind(
        re.compile(r"(?<=hooks\.slack\.com/services/)[^\s\"'<>]+|(?<=/api/webhooks/)[^\s\"'<>]+"), ("hooks",)
    ),
    "header": Kind(
        re.compile(
            r"(?i)\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key)\\?[\"']?\s{0,9}[:=]\s{0,9}"
            rf"(?:digest [^\r\n]+|{QUOTED}|[^\r\n\"'}}]+)"
        ),
        ("authorization", "cookie", "x-api-key"),
    ),
    "known_token": Kind(
        re.compile(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[rs]k_(?:live|test)_|sk-|whsec_|npm_|pypi-|AIza|SG\."
            r"|hvs\.|dop_v1_|shpat_|ya29\.)[\w.-]{10,}"
        ),
        ("gh", "github_pat_", "glpat-", "xox", "k_live_", "k_test_", "sk-", "whsec_", "npm_", "pypi-", "aiza", "sg.",
         "hvs.", "dop_v1_", "shpat_", "ya29."),
    ),
    "bearer": Kind(re.compile(r"(?i)\b(?:bearer:?|basic)\s+[\w.~+/=-]{8,}"), ("bearer", "basic")),
    "session": Kind(
        re.compile(r"(?i)\b(?:[jp]hp|j|asp\.net_)?(?:sess(?:ion)?id|sid)=[^\s;&\"']{6,}"),
        ("sid=", "sessid=", "sessionid="),
    ),
    "secret_pair": Kind(
        re.compile(
            rf"(?i)[\w-]{{0,40}}{SECRET}s?(?:[_-][\w-]{{0,40}})?[\\\"'>]{{0,4}}(?:\s{{0,9}}(?:=>|:=|[=:]|%3D)\s{{0,9}}\[?|(?<=>))"
            rf"(?:\\+\"[^\"]*\"|{QUOTED}|\|\s*\n\s*\S+|[^\s\"'}}\]<]+)"
        ),
        SECRET_SIGNS,
    ),
    "said_password": Kind(
        re.compile(
            rf"(?i)\b(?:password|passwd|passphrase|passcode)\s+(?:is\s+(?!{ADJECTIVES}\b)\S+|(?=\S*\d)\S{{6,}}(?=\s+for\b))"
        ),
        ("pass",),
    ),
    "secret_argument": Kind(
        re.compile(
            rf"(?i)(?:(?<![\w-])--?[\w-]{{0,40}}{SECRET}[\w-]{{0,20}}\s+\S+"
            r"|\b\w{1,40}[_-](?:secret|token|key)\s+(?=\S*\d)\S{8,}"
            r"|\b(?:sshpass|docker\s+login|mysql\w*|mariadb)\b[^\r\n|;]{0,80}?\s-p\s?\S+"
            r"|\bcurl\b[^\r\n|;]{0,80}?\s(?:-u|--user)\s+\S+)"
        ),
        (*SECRET_SIGNS, " -p", " -u", "--user"),
    ),
    "email": Kind(re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+"), ("@", "%40"), is_person=True),
    "card": Kind(re.compile(r"(?<![0-9A-Za-z-])(?:\d[ .\u00a0-]?){12,18}\d(?![0-9A-Za-z-])"), ("",)),
}  # fmt: skip
PATTERNS = {name: kind.pattern for name, kind in KINDS.items()}
ISSUED = re.compile(r"4|5|6|3[0-9]|2(?:2[2-9]|[3-6]|7[0-2])")
"""How numbers of payment cards begin (ISO/IEC 7812); most times and ids as long begin otherwise, or fail the check."""
DIGITS = re.compile(r"\d[\d .\u00a0-]{11}")
COUNTED = re.compile(r"(?i)tokens?[\\\"'_a-z]*\s*(?:=>|:=|[=:])\s*[\"']?\d{1,9}[\"']?$")
NAMED = re.compile(r"arn:aws[\w-]*:secretsmanager:\S*$")
TOLD_BY_NAME, ALONE = ("secret_pair", "header", "session"), "[secret_pair]"
NAME = re.compile(r"[\w.-]+")
SHOWN = re.compile(r"\[([a-z][a-z_]{1,40})(?: [0-9a-f]{6})?\]")
ESCAPE = re.compile(r"(?<!\\)\\++(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|([/bfnrtv\"]))")
"""An escape of JSON or of code, however many backslashes deep; `\\"` is one of them where it is deep."""
LETTERS = {"/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
KEPT = {'"': '\\"', "\\": "\\\\"}  # a quote in a string does not end it
REMEMBERED, SHORT = 4096, 2_000  # texts, characters: findings.json is written anew after each check


def redact(text: str) -> str:
    """The text with each secret or personal datum replaced by `[its kind]`, of persons with their pseudonym."""
    without = _redacted if len(text) <= SHORT else _redacted.__wrapped__
    return without(text, os.environ.get(KEY_VARIABLE, ""), in_force())


@lru_cache(maxsize=REMEMBERED)
def _redacted(text: str, key: str, own: Private) -> str:
    if "\\" in text:
        read = ESCAPE.sub(_meant, text)
        if read != text and _without(read, key, own) != read:
            return _without_escaped(text, key, own)
    return _without(text, key, own)


def _without(text: str, key: str, own: Private) -> str:
    """The text without what it shows as it stands."""
    for pattern, told in _looks(text, key, own):
        text = pattern.sub(told, text)
    return text


def _looks(text: str, key: str, own: Private) -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]:
    """The patterns that a text may hold, in their order, each with what stands for its match."""
    lower = text.lower()
    for name, kind in (*own.kinds, *KINDS.items()):
        if kind.signs == ("",):
            if DIGITS.search(text):
                yield kind.pattern, _card
        elif not kind.signs or any(sign in lower for sign in kind.signs):
            told = _pair if name == "secret_pair" else _kind(name)
            yield kind.pattern, _pseudonym(name, key) if kind.is_person else told


def _without_escaped(text: str, key: str, own: Private) -> str:
    """The text without what it shows as it stands and as it reads; an escape is taken out whole or stays."""
    read, places = _read(text)
    spans = [(first, end, 0, told) for first, end, told in _found(read, places, key, own)]
    for first, end, told in _found(text, range(len(text) + 1), key, own):
        whole = places[bisect_right(places, first) - 1], places[bisect_left(places, end)]
        spans.append((*whole, 1, told))
    parts, last = [], 0
    for first, end, told in _merged(spans):
        parts += [text[last:first], told]
        last = end
    return "".join([*parts, text[last:]])


def _read(text: str) -> tuple[str, list[int]]:
    """The text as it reads, and where in the text each of its characters begins, and the text ends."""
    parts, places, last = [], [], 0
    for match in ESCAPE.finditer(text):
        meant = _meant(match)
        if meant != match[0]:
            parts += [text[last : match.start()], meant]
            places += [*range(last, match.start()), *[match.start()] * len(meant)]
            last = match.end()
    return "".join([*parts, text[last:]]), [*places, *range(last, len(text) + 1)]


def _meant(match: re.Match[str]) -> str:
    """What an escape reads as; itself, where that is half a character or not known."""
    given = str(match[match.lastindex or 0])
    if given == '"':
        depth = match.end() - match.start() - 1
        return KEPT['"'] if depth % 2 and depth > 1 else match[0]
    if match.lastindex == 4:
        return LETTERS[given]
    point = int(given, 16)
    if 0xD800 <= point < 0xE000 or point > 0x10FFFF:
        return match[0]
    return KEPT.get(chr(point), chr(point))


def _found(text: str, places: Sequence[int], key: str, own: Private) -> list[tuple[int, int, str]]:
    """What `_without` takes out of a text: for each from where to where, by places, and what stands for it."""
    spans: list[tuple[int, int, str]] = []
    for pattern, told in _looks(text, key, own):
        parts, moved, last = [], [], 0
        for match in pattern.finditer(text):
            first, end = match.span()
            if (said := told(match)) != match[0]:
                spans.append((places[first], places[end], said))
                parts += [text[last:first], said]
                moved += [*places[last:first], *[places[first]] * len(said)]
                last = end
        if parts:
            text, places = "".join([*parts, text[last:]]), [*moved, *places[last:]]
    return spans


def _merged(spans: list[tuple[int, int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Spans that overlap as one, which is told as the longest of the first rank."""
    groups: list[list[tuple[int, int, int, str]]] = []
    reach = -1
    for span in sorted(spans):
        if span[0] >= reach:
            groups.append([])
        groups[-1].append(span)
        reach = max(reach, span[1])
    for group in groups:
        told = min(group, key=lambda span: (span[2], span[0] - span[1]))[3]
        yield group[0][0], max(end for _, end, _, _ in group), told


def redact_cell(column: str, text: str) -> str:
    """A text that stands alone in a cell, redacted as `column=text` would be: its column tells that it is a secret."""
    return ALONE if text.strip() and is_secret_column(column, text.isdecimal()) else redact(text)


@lru_cache(maxsize=REMEMBERED)
def is_secret_column(column: str, is_number: bool) -> bool:
    """Whether values under this name, or by a function of it, are secrets; numbers of tokens are none."""
    given = [f"{name}={'0' if is_number else 'x0x0x0'}" for name in NAME.findall(column)]
    return any(KINDS[kind].pattern.sub(_pair, each) != each for kind in TOLD_BY_NAME for each in given)


def redacted_counts(text: str) -> Counter[str]:
    """How often each kind was taken out of a text that was redacted."""
    known = {*KINDS, *(name for name, _ in in_force().kinds)}
    return Counter(found[1] for found in SHOWN.finditer(text) if found[1] in known)


def _kind(name: str) -> Callable[[re.Match[str]], str]:
    return lambda _: f"[{name}]"


def _pseudonym(name: str, key: str) -> Callable[[re.Match[str]], str]:
    """What stands for a person: the kind and a hash of the datum, whatever its case."""

    def shown(match: re.Match[str]) -> str:
        told = f"{name}:{match[0].casefold()}".encode()
        digest = hmac.new(key.encode(), told, hashlib.sha256).hexdigest()
        return f"[{name} {digest[:PSEUDONYM_CHARS]}]"

    return shown


def _pair(match: re.Match[str]) -> str:
    """`[secret_pair]`, but for a number of tokens, and for the name of a secret in an ARN."""
    before = match.string[max(0, match.start() - 120) : match.start()]
    return match[0] if COUNTED.search(match[0]) or NAMED.search(before) else "[secret_pair]"


def _card(match: re.Match[str]) -> str:
    """`[card]` for what may be the number of a payment card, else the text itself."""
    digits = [int(each) for each in match[0] if each.isdigit()]
    doubled = [each if place % 2 == 0 else each * 2 - 9 * (each > 4) for place, each in enumerate(reversed(digits))]
    is_card = LEAST_CARD <= len(digits) <= MOST_CARD and sum(doubled) % 10 == 0
    return "[card]" if is_card and ISSUED.match("".join(map(str, digits))) else match[0]
