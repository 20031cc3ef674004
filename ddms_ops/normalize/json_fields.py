"""Where in a JSON event the fields of a LOGS row stand, as SQL for DuckDB.

Every path costs time in every event. Those that few events have (what failed, and its stack trace) are looked for only
in events that hold the beginning of one of their keys.
"""

import re
from collections.abc import Sequence

from ddms_ops.declaration import Logs
from ddms_ops.normalize.attributes import WITHOUT_COLUMN

TRACE_FIELDS = ["stack", "stackTrace", "stack_trace", "stacktrace", "traceback", "trace", "exc_info"]
NAME_KEYS, CODE_KEYS, TEXT_KEYS = (
    ("name", "type", "code"),
    ("code", "sqlState", "sqlstate"),
    ("message", "msg", "detail"),
)
CODE_FIELDS = ["code", "errorCode", "error_code", "sqlState", "sqlstate"]
OWN_FIELDS = ["errorType", "error_type", "errorCode", "error_code"]  # each names an error by itself
GRAPHQL = "errors"  # a list, of an answer that GraphQL calls a success
GRAPHQL_NAMES = ("errorType", "extensions.code", "extensions.classification")
BEGINNING = 4


class JsonFields:
    """The paths of a system's fields; `field` gives the SQL of the values by our names.

    Args:
        declared: the field names of the system that wrote the events.
    """

    def __init__(self, declared: Logs) -> None:
        self._common: list[str] = []
        self._rare: list[str] = []
        self._beginnings: set[str] = set()
        self._places: dict[str, list[str]] = {}
        for ours, theirs in declared.fields.items():
            if ours not in WITHOUT_COLUMN or ours == "method":
                self._add(ours, [keys for name in theirs for keys in _ways(ours, name)])
        self._add_rare("trace", [(name,) for name in TRACE_FIELDS])
        if "error" in declared.fields:
            self._add_errors(declared.fields["error"])

    @property
    def field(self) -> dict[str, str]:
        """SQL of the first value that is not empty, by our names."""
        return {ours: _coalesce(places) for ours, places in self._places.items()}

    def value(self, keys: Sequence[str]) -> str:
        """SQL of the value that some keys lead to, in every event."""
        return f"x[{_place(self._common, _json_path(keys))}]"

    def extracted(self, source: str) -> str:
        """SQL of the rows of `source` (with `json`), and of their values: arrays `x` and, of few events, `y`."""
        keys = "|".join('"' + re.escape(text).replace("'", "''") for text in sorted(self._beginnings))
        return f"""SELECT *, CASE WHEN x IS NOT NULL AND regexp_matches(json, '{keys}')
            THEN json_extract_string(json, [{", ".join(self._rare)}]) END AS y
            FROM (SELECT *, CASE WHEN json_valid(json) THEN json_extract_string(json, [{", ".join(self._common)}]) END
                AS x FROM {source})"""

    def _add(self, ours: str, ways: Sequence[Sequence[str]]) -> None:
        self._places.setdefault(ours, []).extend(self.value(keys) for keys in ways)

    def _add_rare(self, ours: str, ways: Sequence[Sequence[str]]) -> None:
        for keys in ways:
            self._beginnings.add(keys[0][:BEGINNING])
            self._add_path(ours, _json_path(keys))

    def _add_path(self, ours: str, path: str) -> None:
        self._places.setdefault(ours, []).append(f"y[{_place(self._rare, path)}]")

    def _add_errors(self, names: Sequence[str]) -> None:
        """What an error object holds, codes beside an error, and what GraphQL answers."""
        inner = {"error_name": NAME_KEYS, "error_code": CODE_KEYS, "error_text": TEXT_KEYS, "trace": TRACE_FIELDS}
        for name in names:
            for ours, keys in inner.items():
                self._add_rare(ours, [(*name.split("."), key) for key in keys])
        self._add_rare("error_code", [(name,) for name in CODE_FIELDS])
        self._add_rare("error_own", [(name,) for name in OWN_FIELDS])
        for name in GRAPHQL_NAMES:
            self._add_path("error_own", f"'$.{GRAPHQL}[0].{name}'")
        self._beginnings.add(GRAPHQL[:BEGINNING])
        self._add_path("graphql", f"'$.{GRAPHQL}[0].message'")


def _ways(ours: str, name: str) -> list[tuple[str, ...]]:
    """Keys that may lead to a declared name: one with dots in it, or several; of a tenant or user also its id."""
    ways = list(dict.fromkeys(((name,), tuple(name.split(".")))))
    return [keys for way in ways for keys in ((*way, "id"), way)] if ours in ("tenant", "user") else ways


def _place(paths: list[str], path: str) -> int:
    """Place of a path among the paths, from 1; added where it is not there yet."""
    if path not in paths:
        paths.append(path)
    return paths.index(path) + 1


def _json_text(key: str) -> str:
    """A key as SQL text holds it."""
    return key.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")


def _json_path(keys: Sequence[str]) -> str:
    """SQL text of a JSON path through the keys, whatever characters they hold."""
    return "'$" + "".join(f'."{_json_text(key)}"' for key in keys) + "'"


def _coalesce(places: Sequence[str]) -> str:
    inner = ", ".join(f"nullif({place}, '')" for place in places)
    return f"coalesce({inner})" if len(places) > 1 else inner
