r"""A text in records whose JSON writes it with escapes: `M\u00fcller`, `a\/b`, `said \"no\"`."""

import re
import string

import pyarrow as pa
import pyarrow.compute as pc

AFTER_KEY = re.compile('(?<=":) ')
SPACE = r"\s*"
BARE = frozenset(f"{string.ascii_letters}{string.digits} -_")
NAMED = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
OWN = {'"': r'\\*"', "/": r"\\*/", "\\": r"\\+"}


def record_holds(records: pa.Array, text: str) -> pa.Array:
    """Which records hold a text, whatever its case: as they came, or as they read without the escapes of JSON (bool).

    Args:
        records: texts; null holds nothing.
        text: what to look for.
    """
    held = pc.fill_null(pc.match_substring(records, text, ignore_case=True), False)
    pattern = escaped(text)
    if pattern == text:
        return held
    is_able = pc.is_valid(records) if SPACE in pattern else pc.match_substring(records, "\\")
    rest = pc.and_not(pc.fill_null(is_able, False), held)
    if not pc.any(rest).as_py():
        return held
    return pc.replace_with_mask(held, rest, pc.match_substring_regex(records.filter(rest), f"(?i){pattern}"))


def escaped(text: str) -> str:
    """A pattern of RE2: each character as it is or escaped, however often JSON was put into JSON.

    The space that is shown after a key (`"customer": 7`) need not be there.
    """
    return SPACE.join("".join(map(_written, part)) for part in AFTER_KEY.split(text))


def _written(character: str) -> str:
    """The ways to write a character; no encoder escapes letters and digits of ASCII, nor the space."""
    if character in BARE:
        return character
    cases = dict.fromkeys((character, character.lower(), character.upper()))
    ways = [OWN.get(character) or (f"\\{character}" if character.isprintable() and character.isascii() else character)]
    ways += [rf"\\+{NAMED[character]}"] if character in NAMED else []
    ways += ["".join(rf"\\+u{unit:04x}" for unit in _units(each)) for each in cases if len(each) == 1]
    return f"(?:{'|'.join(ways)})"


def _units(character: str) -> list[int]:
    """The character in UTF-16, as JSON escapes it."""
    coded = character.encode("utf-16-be")
    return [int.from_bytes(coded[place : place + 2]) for place in range(0, len(coded), 2)]
