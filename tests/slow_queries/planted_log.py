"""The recorded log read in the plainest way, for what is true of it."""

import re

import pandas as pd
from planted import Planted

ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)
CALL = re.compile(
    r"(\S+ \d\d:\d\d:\d\d(?:\.\d+)?) UTC.*?duration: [\d.]+ ms  (?:statement|execute [^:]+): (.*)", re.DOTALL
)
REQUEST = re.compile(r"request_id='(r\d+)'")


def sent_requests(planted: Planted) -> list[tuple[str, str]]:
    """Text and request id of each call in the window that has one, in the order of the log."""
    log = (planted.folder / "database" / "postgresql.log").read_text(encoding="utf-8")
    calls = [found for entry in ENTRY.split(log) if (found := CALL.match(entry))]
    start, end = planted.window
    inside = [found[2] for found in calls if start <= pd.Timestamp(found[1], tz="UTC") < end]
    return [(text, found[1]) for text in inside if (found := REQUEST.search(text))]
