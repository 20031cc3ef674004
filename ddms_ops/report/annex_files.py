"""One CSV for each customer affected, with that customer's records and nobody else's identifiers.

Formulas are neutralised as OWASP has it ("CSV Injection": a cell that begins with = + - @ tab or CR is led by ', also
behind a separator or quote that a spreadsheet of another language may split at); control characters are written out.
"""

import csv
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from ddms_ops.analysis.crossings import DISCLOSED, UNKNOWN
from ddms_ops.redact import PATTERNS, SECRET
from ddms_ops.tenant_ids import MARKS, compared_tenants, folded_tenants
from ddms_ops.window import iso

FOLDER = "annex"
OWN_FILE = re.compile(r".*-[0-9a-f]{8}\.csv")
HEADER = ("record_type", "record", "action", "first", "last", "times", "outcome", "reached_by", "what_is_known")
KEY = ["record_type", "record", "action", "outcome", "by", "verdict"]
MASK = "[another customer]"
BY_CUSTOMER, BY_STAFF, BY_NOBODY = "another customer", "staff or system", "not known"
KNOWN_WORDS = {DISCLOSED: "disclosed", UNKNOWN: "cannot be ruled out"}
FORMULA = re.compile(r"(^|[;,|\"'\t])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
SLUG_CHARS = 40
BEGINNING = 4  # characters of an id that tell where it may stand
SHORT = 6  # an id that short is taken for one only where no letter or digit stands beside it
PERSONAL = ("email", "card")  # may be what a customer's own records are called
WORDED = ("secret_pair", "secret_argument")  # slow, and never found without one of WORDS
WORDS = re.compile(rf"(?i){SECRET}|[_-]key")


class Ids:
    """Ids to be looked for in texts, all of them in one pass; each is looked up only where its beginning stands.

    Args:
        names: the ids.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._named: dict[str, list[str]] = {}
        for name in names:
            if bare := _bare(name):
                self._named.setdefault(bare, []).append(name)
        self._lengths: dict[int, dict[str, set[int]]] = {}  # by length of the beginning, and by beginning
        for bare in self._named:
            begun = self._lengths.setdefault(min(len(bare), BEGINNING), {})
            begun.setdefault(bare[:BEGINNING], set()).add(len(bare))

    def within(self, bare: str) -> dict[str, str]:
        """The ids that a bare text holds, anywhere; each with its bare form."""
        held = {
            piece
            for width, begun in self._lengths.items()
            for place in range(len(bare) - width + 1)
            for length in begun.get(bare[place : place + width], ())
            if (piece := bare[place : place + length]) in self._named
        }
        return {name: piece for piece in held for name in self._named[piece]}


def write_annex_files(
    folder: Path,
    crossings: pd.DataFrame,
    *,
    tenants: Iterable[str] = (),
    folded: bool = True,
) -> tuple[Path, ...]:
    """Write `<folder>/annex/<tenant>-<hash>.csv` for each tenant with a disclosure; those of an earlier run go.

    A row is a record, an action and an outcome: when first and last, how often, and whether another customer or staff
    did it. Ids of other tenants and of users are masked wherever they stand, in keys too. The folder has mode 0700,
    the files 0600; UTF-8 with a byte order mark, every cell quoted.

    Args:
        folder: the report folder.
        crossings: CROSSINGS with their verdicts; disclosed ones, and of the same tenants those not known, are written.
        tenants: ids of further tenants to mask; those of the crossings are masked anyway.
        folded: whether tenants that differ only in case, hyphens or space are one.

    Returns:
        The files, by name; none where nothing was disclosed.
    """
    place = _emptied(folder / FOLDER)
    kept = crossings[crossings["verdict"].isin((DISCLOSED, UNKNOWN)) & crossings["owner"].notna()]
    owners = compared_tenants(kept["owner"], is_folded=folded)
    others = Ids(_ids([crossings[name] for name in ("actor", "owner", "row_tenant", "user")]) | {*tenants})
    written = []
    names = kept["owner"].groupby(owners).first()
    for owner, own in _lines(kept, owners).groupby("owner", sort=True):
        if (own["verdict"] == DISCLOSED).any():
            path = place / annex_name(str(names[owner]))
            _write(path, _cells(own, str(owner), others))
            written.append(path)
    return tuple(sorted(written))


def annex_name(tenant: str) -> str:
    """File name of a tenant: what is safe of its id, and eight hex digits of the SHA-256 of all of it."""
    slug = re.sub(r"[^a-z0-9]+", "-", tenant.lower())[:SLUG_CHARS].strip("-") or "customer"
    return f"{slug}-{hashlib.sha256(tenant.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}.csv"


def safe_cell(text: str) -> str:
    """The text as a spreadsheet shows it and never runs it."""
    plain = text if text.isprintable() else "".join(map(_written_out, text))
    return FORMULA.sub(r"\1\2'", plain)


def _written_out(char: str) -> str:
    is_control = unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
    return f"\\u{ord(char):04x}" if is_control else char


def _emptied(place: Path) -> Path:
    """The folder for its owner alone, without the files of an earlier run."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    for old in place.iterdir():
        if OWN_FILE.fullmatch(old.name):
            old.unlink()
    return place


def _ids(columns: Iterable[pd.Series]) -> set[str]:
    return {str(value) for column in columns for value in column.dropna().unique()}


def _lines(kept: pd.DataFrame, owners: pd.Series) -> pd.DataFrame:
    """The rows of all files, those of an owner by first access."""
    is_staff = kept["user"].isna() | (folded_tenants(kept["actor"]) == owners) | (kept["actor"] == owners)
    by = pd.Series(BY_CUSTOMER, index=kept.index).mask(kept["actor"].isna(), BY_NOBODY).mask(is_staff, BY_STAFF)
    texts = {name: kept[name].fillna("") for name in ("record_type", "record", "action", "outcome")}
    rows = kept.assign(owner=owners, by=by, **texts)
    table = rows.groupby(["owner", *KEY], sort=True)["timestamp"].agg(["min", "max", "size"]).reset_index()
    return table.sort_values(["owner", "min", *KEY], kind="stable")


def _cells(table: pd.DataFrame, owner: str, others: Ids) -> list[list[str]]:
    """The cells of one tenant's file."""
    shown = _shown([table[name] for name in KEY[:4]], owner, others)
    return [
        [
            *(shown(str(text)) for text in (row.record_type, row.record, row.action)),
            iso(row.min), iso(row.max), str(row.size), shown(str(row.outcome)), row.by, KNOWN_WORDS[row.verdict],
        ]
        for row in table.itertuples(index=False)
    ]  # fmt: skip


def _shown(texts: Iterable[pd.Series], owner: str, others: Ids) -> Callable[[str], str]:
    """What makes a cell of a text: others' ids and secrets masked, the customer's own id as it is, no formula."""
    text = " ".join(str(text) for column in texts for text in column.unique()).lower()
    joined, own = _bare(text), _bare(owner)
    present = others.within(joined) | ({owner: own} if own and own in joined else {})
    named = sorted(present, key=lambda name: (-len(present[name]), name))
    is_quoted = "%" in text
    patterns = (
        _alone(name) if not is_quoted and text.count(name.lower()) >= joined.count(bare) else _pattern(bare, is_quoted)
        for name, bare in ((name, present[name]) for name in named)
    )
    pattern = re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)

    @cache
    def cell(text: str) -> str:
        if text.isdigit():  # a number by itself is the record's own, also where a tenant has the same
            return text
        left_out = PERSONAL if WORDS.search(text) else (*PERSONAL, *WORDED)
        for name, secret in PATTERNS.items():
            text = text if name in left_out else secret.sub(f"[{name}]", text)
        return safe_cell(pattern.sub(lambda found: found[0] if _bare(found[0]) == own else MASK, text))

    return cell


def _bare(text: str) -> str:
    """The text as ids are looked for in it: unquoted, in lower case, without the marks that folding takes away."""
    return unquote(text).lower().translate(str.maketrans("", "", MARKS)).strip()


def _pattern(bare: str, quoted: bool) -> str:
    """An id with or without hyphens, where need be percent-encoded."""
    written = (f"(?:{'|'.join(_written(char))})" if quoted else re.escape(char) for char in bare)
    marks = "|".join(form for mark in MARKS for form in (_written(mark) if quoted else [re.escape(mark)]))
    return _alone(bare, f"(?:{marks})*".join(written))


def _alone(name: str, pattern: str = "") -> str:
    """An id wherever it stands; a short one only where it stands alone."""
    pattern = pattern or re.escape(name)
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if len(_bare(name)) < SHORT else pattern


def _written(char: str) -> list[str]:
    """A character as it is, and percent-encoded in either case."""
    cases = dict.fromkeys((char, char.upper()))
    return [*("".join(f"%{byte:02x}" for byte in case.encode("utf-8", "replace")) for case in cases), re.escape(char)]


def _write(path: Path, rows: list[list[str]]) -> None:
    """A new file that only its owner reads."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADER)
        writer.writerows(rows)
