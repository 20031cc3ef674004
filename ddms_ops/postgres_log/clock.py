"""Times of log entries, as Postgres prints them, in microseconds since 1970 in UTC."""

import re
from datetime import UTC, datetime

import numpy as np

ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "UCT": 0, "WET": 0, "WEST": 60, "BST": 60, "IST": 330, "CET": 60, "CEST": 120,
    "MET": 60, "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "MSD": 240, "SAST": 120, "CAT": 120, "EAT": 180,
    "WAT": 60, "TRT": 180, "PKT": 300, "NPT": 345, "WIB": 420, "WITA": 480, "WIT": 540, "HKT": 480, "SGT": 480,
    "PST": -480, "PDT": -420, "MST": -420, "MDT": -360, "CST": -360, "CDT": -300, "EST": -300, "EDT": -240,
    "AST": -240, "ADT": -180, "NST": -210, "NDT": -150, "AKST": -540, "AKDT": -480, "HST": -600, "HDT": -540,
    "BRT": -180, "BRST": -120, "ART": -180, "CLT": -240, "CLST": -180, "COT": -300, "PET": -300, "VET": -240,
    "JST": 540, "KST": 540, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720,
    "NZDT": 780, "ChST": 600, "SST": -660, "PHT": 480, "ICT": 420, "MYT": 480, "IDT": 180, "AZT": 240,
}  # fmt: skip
"""Minutes east of UTC by the abbreviation that Postgres prints of log_timezone."""
DOUBTFUL = frozenset({"IST", "CST", "BST", "AST", "SST", "PST"})
"""Abbreviations that more than one zone has."""
ZONE = re.compile(
    r" ?(?:(?P<name>[A-Za-z]{1,6})(?P<shift>[+-]\d{1,2}(?![\da-f]))?|<?(?P<offset>[+-]\d\d(?::?\d\d)?)>?)"
)
WIDTH = 8  # bytes after a time that hold its zone
DAY_US = 86_400_000_000


def minutes_east(text: str) -> tuple[int, str]:
    """Minutes east of UTC of what follows a printed time, and the abbreviation where it is unknown or doubtful."""
    found = ZONE.match(text)
    if found is None:
        return 0, ""
    if found["offset"]:
        digits = found["offset"][1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
        return (-minutes if found["offset"][0] == "-" else minutes), ""
    name = found["name"]
    if found["shift"] and name in ("GMT", "UTC"):
        return -60 * int(found["shift"]), ""  # POSIX counts westward
    if name not in ZONES:
        return 0, name
    return ZONES[name], name if name in DOUBTFUL else ""


def times_at(data: np.ndarray, places: np.ndarray, zones: dict[str, int]) -> np.ndarray:
    """Times printed at some places of a text.

    Args:
        data: its bytes (uint8).
        places: where a time begins, as `2026-01-01 10:00:00[.123] UTC`; each fits `prefix.STAMP`.
        zones: by abbreviation, how many times had one that is unknown (read as UTC) or doubtful; added to.

    Returns:
        int64 microseconds since 1970 in UTC.
    """
    padded = (
        np.concatenate([data[places.min() : places.max() + 40], np.full(40, 10, np.uint8)]) if len(places) else data
    )
    places = places - places.min() if len(places) else places
    days = _days(_number(padded, places, 0, 4), _number(padded, places, 5, 2), _number(padded, places, 8, 2))
    seconds = _number(padded, places, 11, 2) * 3600 + _number(padded, places, 14, 2) * 60
    seconds += _number(padded, places, 17, 2)
    micros, ends = _fraction(padded, places + 19)
    return days * DAY_US + seconds * 1_000_000 + micros - _east(padded, ends, zones) * 60_000_000


def _number(data: np.ndarray, places: np.ndarray, begin: int, width: int) -> np.ndarray:
    found = np.zeros(len(places), np.int64)
    for place in range(begin, begin + width):
        found = found * 10 + (data[places + place] - 48)
    return found


def _days(years: np.ndarray, months: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Days since 1970 of dates; of months and days that no calendar has, somewhere near."""
    months = np.clip(months, 1, 12)
    firsts = ((years - 1970) * 12 + months - 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return firsts + days - 1


def _fraction(data: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds after the second, and where what follows them begins."""
    micros = np.zeros(len(places), np.int64)
    has = (data[places] == ord(".")) | (data[places] == ord(","))
    if not has.any():
        return micros, places
    ends, weight = places + has, 100_000
    while weight:
        has = has & (data[ends] >= 48) & (data[ends] <= 57)
        micros += np.where(has, (data[ends].astype(np.int64) - 48) * weight, 0)
        ends, weight = ends + has, weight // 10
    return micros, ends


def _east(data: np.ndarray, places: np.ndarray, zones: dict[str, int]) -> np.ndarray:
    """Minutes east of UTC; the abbreviations that are unknown or doubtful are counted in `zones`."""
    if not len(places):
        return np.zeros(0, np.int64)
    codes = np.zeros(len(places), np.uint64)
    for place in range(WIDTH):
        codes = (codes << np.uint64(8)) | data[places + place]
    distinct, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    east = np.zeros(len(distinct), np.int64)
    for place, (code, count) in enumerate(zip(distinct.tolist(), counts.tolist(), strict=True)):
        east[place], name = minutes_east(code.to_bytes(WIDTH, "big").decode("latin-1"))
        if name:
            zones[name] = zones.get(name, 0) + count
    return east[inverse]


def epoch_us(text: str) -> int:
    """Microseconds of a time printed as seconds since 1970."""
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def printed_us(text: str, zones: dict[str, int]) -> int:
    """Microseconds of one printed time; see `times_at`."""
    return int(times_at(np.frombuffer(text.encode(), np.uint8), np.zeros(1, np.int64), zones)[0])


def instant(microseconds: int) -> datetime:
    """The aware time."""
    return datetime.fromtimestamp(microseconds / 1_000_000, tz=UTC)
