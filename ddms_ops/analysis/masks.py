"""Masks: what is variable in a text becomes one placeholder.

All patterns are RE2 without look-around. MASKS are tried at each place in their order; what tells one failure from
another (KEPT) is left as it is.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddms_ops.errors import BadInput


@dataclass(frozen=True, slots=True)
class Mask:
    """What becomes a placeholder: an RE2 pattern without look-around, and a text that it fits."""

    name: str
    pattern: str
    example: str


PLACEHOLDER = "<*>"
MARK = "\x02"  # stands for the placeholder until the end, so that a `<*>` in the text is text
BORDER = "\x01"  # stands around what is kept
ANSWER = "\x04"  # stands before the status in a line of an access log
PIECE = 100_000
# every digit of what is not kept is masked, so digits need not be told apart, but for the 4 of mp4
ALIKE = bytes.maketrans(b"12356789", b"00000000")
LONGEST = 2000
FILES = "pdf|docx?|xlsx?|pptx?|odt|rtf|png|jpe?g|gif|tiff?|bmp|txt|csv|tsv|json|xml|html?|zip|gz|eml|msg|mp4|mov"
HOSTS = "com|net|org|edu|gov|mil|info|biz|eu|local|localdomain|internal|lan|cloud|example|test|invalid"
COUNTRIES = (
    "ar|at|au|be|br|ca|ch|cl|cn|co|cz|de|dk|es|fi|fr|gr|hk|hu|il|in|it|jp|kr|mx|nl|no|nz|om|pl|pt|ro|ru|se|sg|th|tr|"
    "tw|ua|uk|us|za"
)
DAYS, MONTHS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
HEX = "[0-9a-fA-F]"
LETTER = r"[A-Za-z\x{c0}-\x{1fff}]"
INNER = rf"{LETTER}'{LETTER}"  # an apostrophe inside a word, as in d'identité, ends no quoted text
MASKS: tuple[Mask, ...] = (
    Mask(
        "quoted_file",
        rf"""'(?:{INNER}|[^'\n])*\.(?:{FILES})'|"[^"\n]*\.(?:{FILES})\"""",
        "'invoice 見積書 (final).pdf'",
    ),
    Mask("quoted", rf"""\B'(?:{INNER}|[^'\s])+'\B|\B"[^"\s]+"\B|\B`[^`\s]+`\B""", "'orders_by_day'"),
    Mask("file", rf"[^\s'\"/=:(\[]+\.(?:{FILES})\b", "Übergabeprotokoll.docx"),
    Mask(
        "date",
        rf"(?:{DAYS},?\s+)?(?:{MONTHS}\s+\d{{1,2}}|\d{{1,2}}[-/ ]{MONTHS}[-/ ]\d{{4}})\b[\d :.+,-]*\d",
        "Mon Jun 20 03:40:59 2005",
    ),
    Mask("uuid", rf"{HEX}{{8}}-(?:{HEX}{{4}}-){{3}}{HEX}{{12}}", "abcdefab-abcd-abcd-abcd-abcdefabcdef"),
    Mask("email", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "kim.lee@example.com"),
    Mask("url", r"\w+:/+[^\s\"'<>,;)\]]+", "https://api.example.com/v1/things?x=1"),
    Mask("arn", r"arn:aws[\w-]*:[\w-]*:[\w-]*:\d*:[^\s\"',;)]+", "arn:aws:kms:us-east-1:123456789012:key/abc-def"),
    Mask("windows_path", r"\b[A-Za-z]:\\[^\s\"',;)]+", r"C:\Windows\winsxs\sql"),
    Mask("path", r"(?:/[\w.%{}~@+*$:-]*[\w*}])(?:/[\w.%{}~@+*$:-]*)+(?:\?[^\s\"'<>)]*)?", "/var/lib/nova/instances"),
    Mask("mac", rf"\b(?:{HEX}{{2}}[:-]){{5}}{HEX}{{2}}\b", "aa:bb:cc:dd:ee:ff"),
    Mask(
        "ipv6",
        rf"\b(?:{HEX}{{1,4}}:){{7}}{HEX}{{1,4}}\b|\b(?:{HEX}{{1,4}}:){{1,6}}(?::{HEX}{{1,4}}){{1,6}}\b"
        rf"|::{HEX}[0-9a-fA-F:.]*",
        "fe80::ab:cd",
    ),
    Mask("qualified_name", r"\b(?:com|org|net|io)(?:\.[\w$-]+){2,}", "com.example.shop.OrderService"),
    Mask(
        "host",
        rf"(?:[\w-]+\.)+(?:{HOSTS})(?:\.(?:{COUNTRIES}))?\b\.?|(?:[\w-]+\.){{2,}}(?:{COUNTRIES})\b",
        "mail.example.com",
    ),
    Mask(
        "number",
        r"[<>~]?[-+$€£#]?(?:\w+[-.+~@$%*])*[-+]?\w*\d\w*(?:[-.:/+,~@]+\w*\d\w*|[-.~@$]+\w+)*%?",
        "512ms",
    ),
    Mask("hex", r"\b(?:[0-9a-f]{8,}|[0-9A-F]{8,})\b", "deadbeefcafe"),
)
HTTP = r"(?:4(?:0\d|1[0-8]|2[1-9]|31|51|99)|5(?:0\d|1[01]|2\d|30|9[89]))\b"
IS = r"""["']?[ :=(\["']{1,4}"""
KEPT: tuple[Mask, ...] = (
    Mask("access_status", rf"{ANSWER}\d{{3}}", f"{ANSWER}500"),
    Mask("http", rf"""(?i:\bhttp(?:/\d(?:\.\d)?)?"?(?: status| error| code| response)*{IS}{HTTP})""", "HTTP 500"),
    Mask("status", rf"""(?i:\bstatus[ _-]?(?:code)?(?: of| is)?{IS}{HTTP})""", "status: 404"),
    Mask(
        "answer",
        rf"(?i:\b(?:returned|responded|response)(?: with| code| status| error| http| an?)*[ :=(]{{1,2}}{HTTP})"
        r"(?:$|[^\w ]| (?:for|from|on|by|to|after|at|when|in|and)\b| [A-Z])",
        "returned 502",
    ),
    Mask(
        "reason",
        rf"\b{HTTP} (?:Bad|Unauthorized|Payment|Forbidden|Not|Method|Request|Conflict|Gone|Too|Unprocessable|Internal|"
        r"Service|Gateway)\b",
        "503 Service Unavailable",
    ),
    Mask("sqlstate", r"(?i:\bsql_?state)\W{1,4}[0-9A-Z]{5}\b\]?(?:\[\d+\])?", "SQLSTATE[23000]"),
    Mask(
        "code",
        rf"""(?i:\b(?:error|err|exit|sql|fault|return|result|reason|status|response|signal)[ _-]?(?:code|number|no))"""
        rf"""{IS}"""
        r"(?:0x[0-9a-fA-F]{1,8}|[A-Z]{0,8}-?[0-9A-Z]{1,6})\b",
        "error code 1205",
    ),
    Mask("bare_code", r"""(?i:\bcode["']?[ ]?[:=][ ]?["'(]?)-?[0-9A-Z]{1,6}\b""", "code=23505"),
    Mask(
        "exit", r"(?i:\bexit(?:ed)?(?: with)?(?: exit)?(?: status| code| value)?[ :=(]{1,2})-?\d{1,3}\b", "exited (137)"
    ),
    Mask("signal", r"(?i:\bsignal(?: number)?[ :=(]{1,2})\d{1,2}\b", "signal 9"),
    Mask("errno", r"(?i:\b(?:errno|winerror|errcode)\]?[ :=(]{1,3})-?\d+\b", "[Errno 111]"),
    Mask("error_number", r"(?i:\berror[ #]{1,2})\d{1,5}\b(?: ?\([0-9A-Z]{5}\))?", "error 1213 (40001)"),
    Mask(
        "bare_sqlstate",
        r"\((?:40001|40P01|2[23][0-9A-Z]{3}|28P01|28000|42[0-9A-Z]{3}|53\d00|57014|57P0\d|08\d{3}|HY000)\)",
        "deadlock detected (40P01)",
    ),
    Mask(
        "vendor",
        r"\b(?:ORA|TNS|PLS|SP2|DB2|CPF|RMAN)-\d{3,5}\b|\bSQL\d{4}N?\b|\bE11000\b|\bP[12]0\d\d\b|\b(?:PGRST|AADSTS)\d{3,7}\b",
        "ORA-01555",
    ),
    Mask("hresult", r"(?i:\b(?:hresult|ntstatus|error|result)[ :=(]{1,3}0x[0-9a-f]{8})\b", "HRESULT 0x80070005"),
    Mask(
        "exception",
        r"\b(?:[A-Za-z_$][\w$]*\.)*[A-Za-z_$][\w$]*(?:Exception|Error|Fault|Failure)\b",
        "com.amazonaws.services.s3.model.S3Exception",
    ),
    Mask(
        "word",
        r"\b(?:S3|EC2|Route53|OAuth2?|Auth0|IPv[46]|(?i:utf-?8|base64|sha-?(?:1|256|512)|md5|x509|http2|k8s)|x86_64|H2|"
        r"L[123]|Log4j|i18n)\b",
        "upload to S3",
    ),
)
REQUEST = r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+ "
# what a client did wrong is a fact of its request, as the access log lists them
CLIENTS_FAULT = rf"""({REQUEST}HTTP/[\d.]+"(?: status)?[: ]{{1,2}})4\d\d\b"""
ACCESS = rf"""({REQUEST}(?:HTTP/[\d.]+)?"?(?: -)? ?)({HTTP})"""
JSON_TEXT = r"""\{\s*"[^"]*"\s*:"""
KEPT_ANY = "|".join(mask.pattern for mask in KEPT)
TEXT_ANY = "|".join(mask.pattern for mask in MASKS)
JSON_ANY = "|".join(mask.pattern for mask in MASKS if not mask.name.startswith("quoted"))
IDENTITIES = (
    "user|users|username|usr|uname|login|logname|tenant|customer|account|owner|principal|client|host|hostname|rhost|"
    "server|addr|address|ip|email|mail|session|token|trace|span|request|file|filename|path|dir|uri|url|uuid|guid|"
    "node|pod|instance|container|caller|id|phone|peer|remote"
)
PART = r"[\w$%~@*\x02]"
SIGNALS = (
    "error|err|exception|exc|message|msg|code|type|kind|event|reason|cause|detail|details|title|description|status|state|"
    "fault|action|op|operation|sqlstate|result|outcome"
)
VALUE = "\x03"  # stands for the placeholder of a quoted value
TIDY = (
    (rf'''(\b(?i:\w*(?:{SIGNALS}))="[^"]*")|(\b[\w.-]+=)"[^"]*"''', f"\\1\\2{VALUE}"),
    (f'"{VALUE}', '"'),
    (VALUE, MARK),
    (rf"""(\b(?i:\w*(?:{IDENTITIES}))=)(?:'(?:{INNER}|[^'])*'|(?:{INNER}|[^\s,;&()\[\]{{}}"'\x02])+)""", f"\\1{MARK}"),
    (r"=(?:null|NULL|None|nil|undefined|\(null\))\b", f"={MARK}"),
    # a word glued to what is masked is part of it, unless a run of dots or a colon parts them
    (rf"(?:{PART}+[.+-])*{PART}*\x02(?:[.+~@$-]?{PART}+)*", MARK),
    (r"\x02(?:[\s,.:/|;#&+=-]*\x02)+", MARK),
    # the same size once more, in another unit
    (r"\x02( ?[A-Za-z]{1,7})? \(\x02 ?[A-Za-z]{0,7}\)", f"{MARK}\\1"),
    (r"\x02 \(\)", MARK),
    (r"[\x01\x04]", ""),
    (MARK, PLACEHOLDER),
)


def masked(messages: pa.Array | pa.ChunkedArray, rules: Sequence[Mask] = ()) -> pa.DictionaryArray:
    """Each text with its variable parts as `<*>`.

    Of several lines the first counts, of a long text the first 2,000 characters.

    Args:
        messages: string or large_string; null counts as the empty text.
        rules: the user's own masks. They are tried before all others, and nothing else touches what they mask.

    Returns:
        Dictionary array of large_string, of the same length; each masked text is once in the dictionary.

    Raises:
        BadInput: a rule is no RE2 pattern, or fits the empty text; one line for each.
    """
    check_rules(rules)
    whole = messages if isinstance(messages, pa.ChunkedArray) else pa.chunked_array([messages])
    whole = whole.cast(pa.large_string())
    is_scattered = whole.num_chunks > 1 + len(whole) // PIECE  # each piece costs the reading of all patterns
    chunks = [whole.combine_chunks()] if is_scattered else whole.chunks
    pieces = [chunk.slice(start, PIECE) for chunk in chunks for start in range(0, len(chunk), PIECE)]
    if not pieces:
        return pa.array([], pa.large_string()).dictionary_encode()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = list(pool.map(lambda piece: _masked_piece(piece, rules), pieces))
    return pa.chunked_array(done).unify_dictionaries().combine_chunks()


def check_rules(rules: Sequence[Mask]) -> None:
    """Refuse rules that cannot be used.

    Raises:
        BadInput: a rule is no RE2 pattern, or fits the empty text; one line for each.
    """
    faults = []
    for rule in rules:
        try:
            fits_nothing = pc.match_substring_regex(pa.array([""]), rule.pattern)[0].as_py()
        except pa.ArrowInvalid as error:
            faults.append(
                f"mask {rule.name!r}: {str(error).splitlines()[0]}; write an RE2 pattern, without look-around"
            )
        else:
            if fits_nothing:
                faults.append(
                    f"mask {rule.name!r}: its pattern fits the empty text; name what it takes, e.g. use + for *"
                )
    if faults:
        raise BadInput(*faults)


def _masked_piece(piece: pa.Array, rules: Sequence[Mask]) -> pa.DictionaryArray:
    encoded = pc.fill_null(piece, "").dictionary_encode()
    texts = _first_lines(encoded.dictionary)
    for rule in rules:
        texts = pc.replace_substring_regex(texts, rule.pattern, MARK)
    is_json, is_kept = (
        pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
        for pattern in (JSON_TEXT, f"{KEPT_ANY}|{ACCESS}")
    )
    kind = 2 * is_json + is_kept
    order = np.argsort(kind, kind="stable")
    parts = []
    for place, masks in enumerate((TEXT_ANY, TEXT_ANY, JSON_ANY, JSON_ANY)):
        part = texts.filter(pa.array(kind == place))
        parts.append(_around_kept(part, masks) if place % 2 else _without_variables(part, masks))
    merged = pa.concat_arrays(parts).dictionary_encode()
    tidied = merged.dictionary
    for pattern, by in TIDY:
        tidied = pc.replace_substring_regex(tidied, pattern, by)
    tidied = tidied.dictionary_encode()
    codes = np.empty(len(texts), dtype="int32")
    codes[order] = tidied.indices.take(merged.indices).to_numpy()
    return pa.DictionaryArray.from_arrays(pa.array(codes).take(encoded.indices), tidied.dictionary)


def _first_lines(texts: pa.Array) -> pa.Array:
    """Of several lines the first that says something; of long texts the beginning."""
    characters = np.frombuffer(texts.buffers()[2] or b" ", dtype="uint8")
    if len(characters) and characters.min() < ord(" "):
        texts = pc.replace_substring_regex(texts, r"[\x01-\x04]", " ")
        texts = pc.replace_substring_regex(pc.utf8_trim_whitespace(texts), r"(?s)[\n\r].*$", "")
    if len(texts) and pc.max(pc.binary_length(texts)).as_py() > LONGEST:
        texts = pc.utf8_slice_codeunits(texts, 0, LONGEST)
    return pc.utf8_trim_whitespace(texts)


def _without_variables(texts: pa.Array, masks: str) -> pa.Array:
    """Texts of which nothing is kept, masked; those that differ in digits alone at once."""
    _, ends, characters = texts.buffers()
    alike = pa.py_buffer((characters or pa.py_buffer(b"")).to_pybytes().translate(ALIKE))
    encoded = pa.LargeStringArray.from_buffers(len(texts), ends, alike, offset=texts.offset).dictionary_encode()
    return pc.replace_substring_regex(encoded.dictionary, masks, MARK).take(encoded.indices)


def _around_kept(texts: pa.Array, masks: str) -> pa.Array:
    """Texts taken apart at what is kept, the rest masked, and put together again."""
    texts = pc.replace_substring_regex(texts, CLIENTS_FAULT, f"\\1{MARK}")
    texts = pc.replace_substring_regex(texts, ACCESS, f"\\1{ANSWER}\\2")
    parts = pc.split_pattern(pc.replace_substring_regex(texts, KEPT_ANY, f"{BORDER}\\0{BORDER}"), BORDER)
    offsets = parts.offsets.to_numpy()
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
    is_other = pa.array(places % 2 == 0)
    others = _without_variables(parts.values.filter(is_other), masks)
    _, ends, characters = pc.replace_with_mask(parts.values, is_other, others).buffers()
    ends = np.frombuffer(ends, dtype="int64")[offsets]  # the parts of a text stand one behind the other
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends), characters)
