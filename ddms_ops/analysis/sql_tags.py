"""Which request sent a statement: by the tags that applications write into SQL comments, or by the connection's name.

Only the text of one execution says so, as in Postgres's log or pg_stat_activity. pg_stat_statements keeps the text of
the first execution for all later ones: its comment is that of one request, and must never be read as that of others.
"""

import re
from urllib.parse import unquote

import numpy as np
import pandas as pd

MOST_CHARS = 4096
MOST_TAGS = 32
VALUE_CHARS = 256
NAME_BYTES = 63  # Postgres cuts an application_name there
TAG = re.compile(
    r"\s*([A-Za-z_][\w.%-]{0,63})\s*(?:=\s*'((?:[^'\\]|\\.)*)'|[=:]\s*\"([^\"]*)\"|[=:]\s*([^\s,;'\"=]+={0,2}))"
)
ESCAPED = re.compile(r"\\(.)")
BETWEEN = re.compile(r"\s*[,;]\s*|\s+")
REQUEST_KEYS = ("request_id", "requestid", "req_id", "reqid", "x_request_id", "correlation_id", "correlationid")
TRACE_KEYS = ("trace_id", "traceid")
ROUTE_KEYS = ("route", "http_route", "endpoint", "path")
METHOD_KEYS = ("method", "http_method")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
IN_NAME = re.compile(rf"(?:^|[:/|@ =])({UUID}|(?:req|request)[-_][A-Za-z0-9_-]{{3,}})$")
LONG = 48
PARAMETER = re.compile(r":\w+|<[^<>/]*>|\{[^{}/]*\}|\$\w+|\*\w*|\[[^\[\]/]*\]")
VERSION = re.compile(r"v\d{1,3}")
METHOD = re.compile(r"[A-Z]{3,7} ")


def tags_of(comment: str) -> dict[str, str]:
    """The tags of one SQL comment, by name.

    Read are sqlcommenter (`route='%2Fdocuments',traceparent='00-…'`), Marginalia and Rails (`controller:documents,
    action:index`) and plain `request_id=…`. The whole comment must be tags: prose, a planner's hint and an id without
    a name are nothing. A name with two different values is left out.

    Args:
        comment: with or without its `/* */` or `--`.

    Returns:
        Names in lower case, with `_` for `-` and `.`; values URL-decoded where quoted, at most 256 characters. Of a
        comment over 4,096 characters what is whole in them; at most 32 tags.
    """
    text = comment[:MOST_CHARS].strip()
    is_cut = len(comment) > MOST_CHARS
    text = text.removeprefix("/*").removesuffix("*/").removeprefix("--").strip()
    found: dict[str, set[str]] = {}
    place = 0
    for _ in range(MOST_TAGS):
        tag = TAG.match(text, place)
        if tag is None or (is_cut and tag.end() == len(text)):
            return _single(found) if is_cut else {}
        quoted, double, plain = tag.group(2, 3, 4)
        value = _unquoted(quoted) if quoted is not None else double or plain or ""
        name = unquote(tag[1]).replace(".", "_").replace("-", "_").lower()
        found.setdefault(name, set()).add(value[:VALUE_CHARS])
        place = tag.end()
        gap = BETWEEN.match(text, place)
        if gap is None and place < len(text):
            return {}
        place = gap.end() if gap else place
        if place == len(text):
            break
    return _single(found)


def _unquoted(text: str) -> str:
    return unquote(ESCAPED.sub(r"\1", text) if "\\" in text else text)


def _single(found: dict[str, set[str]]) -> dict[str, str]:
    """Tags with one value, which is not empty."""
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1 and "" not in values}


def statement_requests(events: pd.DataFrame) -> pd.DataFrame:
    """The request and the route of each execution of a statement, as far as it states them; nothing is guessed.

    The request id is that of a tag (`request_id` and the like), else that which the application name ends in: a
    UUID, or `req-…`. A name of 63 bytes may have been cut and says nothing. The route is that of a tag, with the method
    where one is tagged; of `controller` and `action` it is `controller#action`.

    Args:
        events: executions from a log, never from pg_stat_statements: comment (str, null without one), application
            (str), statement, and any further columns (duration_ms, timestamp, pid, row, pull).

    Returns:
        The same rows without `comment` and `application`, with request_id, trace_id and route (str, null where not
        stated).
    """
    comments = events["comment"].astype("str")
    tags = {text: tags_of(text) for text in comments.dropna().unique()}
    names = {text: _id_in(text) for text in events["application"].astype("str").dropna().unique()}
    of_tag = comments.map({text: _first(found, REQUEST_KEYS) for text, found in tags.items()})
    of_name = events["application"].astype("str").map(names)
    return events.drop(columns=["comment", "application"]).assign(
        request_id=of_tag.astype("str").fillna(of_name.astype("str")),
        trace_id=comments.map({text: _trace(found) for text, found in tags.items()}).astype("str"),
        route=comments.map({text: _route(found) for text, found in tags.items()}).astype("str"),
    )


def _first(tags: dict[str, str], keys: tuple[str, ...]) -> str | None:
    return next((tags[key] for key in keys if key in tags), None)


def _trace(tags: dict[str, str]) -> str | None:
    """The trace id of a tag, or that in a W3C traceparent."""
    parent = TRACEPARENT.fullmatch(tags.get("traceparent", ""))
    return parent[1] if parent else _first(tags, TRACE_KEYS)


def _route(tags: dict[str, str]) -> str | None:
    route, method = _first(tags, ROUTE_KEYS), _first(tags, METHOD_KEYS)
    if route is None:
        parts = [tags.get(name) for name in ("controller", "action")]
        return "#".join(part for part in parts if part) if all(parts) else None
    return f"{method.upper()} {route}" if method and not METHOD.match(route) else route


def _id_in(application: str) -> str | None:
    """The request id that a connection's name ends in."""
    if len(application.encode("utf-8", "replace")) >= NAME_BYTES:
        return None
    found = IN_NAME.search(application)
    return found[1] if found else None


def endpoint_statements(requests: pd.DataFrame, tagged: pd.DataFrame) -> pd.DataFrame:
    """The statements that each endpoint's requests ran, and their share of the requests' time.

    A statement belongs to the endpoint of the request that has its request id, else its trace id, as request id; else
    to the one endpoint that its route names. An id of requests of several endpoints, and a route without a method that
    several endpoints have, say nothing.

    Args:
        requests: request_id, endpoint and duration_ms of requests, as of `timed_requests`.
        tagged: `statement_requests`, with statement and duration_ms.

    Returns:
        Columns endpoint (str, null where it cannot be told, so that the sums are those of `tagged`), statement, calls
        (int64), total_ms (float64) and share (float64; total_ms over the time of all the endpoint's requests, above 1
        where statements ran side by side, NaN without an endpoint or time). The most time first.
    """
    known = requests[requests["endpoint"].notna()]
    names = known["endpoint"].astype("str")
    endpoint = pd.Series(np.nan, index=tagged.index, dtype="str")
    ids = pd.concat([tagged["request_id"], tagged["trace_id"]]).dropna().unique()
    is_asked = known["request_id"].astype("str").isin(ids)
    by_id = _single_values(known.loc[is_asked, "request_id"].astype("str"), names[is_asked])
    for column in ("request_id", "trace_id"):
        endpoint = endpoint.fillna(tagged[column].map(by_id).astype("str"))
    routes = {route: _masked(route) for route in tagged["route"].dropna().unique()}
    every = pd.Series(names.unique(), dtype="str")
    masked = every.map(_masked).astype("str")
    by_route = _single_values(
        pd.concat([masked, masked.str.replace(METHOD, "", regex=True)]), pd.concat([every, every])
    )
    endpoint = endpoint.fillna(tagged["route"].map(routes).map(by_route).astype("str"))
    grouped = tagged.assign(endpoint=endpoint).groupby(["endpoint", "statement"], dropna=False, observed=True)
    table = grouped["duration_ms"].agg(calls="size", total_ms="sum").reset_index()
    spent = known["duration_ms"].groupby(names).sum()
    share = table["total_ms"] / table["endpoint"].map(spent[spent > 0]).astype("float64")
    table = table.assign(share=share, calls=table["calls"].astype("int64"))
    order = ["total_ms", "endpoint", "statement"]
    return table.sort_values(order, ascending=[False, True, True], kind="stable").reset_index(drop=True)


def _single_values(keys: pd.Series, values: pd.Series) -> dict[str, str]:
    """The value of each key that has one value only."""
    pairs = pd.DataFrame({"key": keys.to_numpy(), "value": values.to_numpy()}).dropna().drop_duplicates()
    pairs = pairs[~pairs["key"].duplicated(keep=False)]
    return dict(zip(pairs["key"], pairs["value"], strict=True))


def _masked(route: str) -> str:
    """A route with its parameters, and segments that hold a digit, as {id}; as LOGS writes endpoints."""
    method, _, path = route.partition(" ") if METHOD.match(route) else ("", "", route)
    parts = [_segment(part) for part in path.split("?", 1)[0].strip("^$").split("/")]
    text = "/".join(parts)
    text = "/" + text.strip("/") if "#" not in text else text
    return f"{method} {text}".strip()


def _segment(part: str) -> str:
    is_id = any(letter.isdigit() for letter in part) and not VERSION.fullmatch(part)
    return "{id}" if is_id or len(part) > LONG or PARAMETER.fullmatch(part) else part
