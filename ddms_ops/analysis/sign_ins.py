"""Sign-ins out of log events and out of calls of the AWS API: who, from where, let in or refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path

import numpy as np
import pandas as pd

from ddms_ops.access_schemas import SIGN_INS
from ddms_ops.analysis.call_kinds import SIGN_INS as SIGN_IN_CALLS
from ddms_ops.analysis.requests import http_status
from ddms_ops.declaration import Logs
from ddms_ops.engine import literal, offline_engine
from ddms_ops.normalize.log_text import payload
from ddms_ops.operations import Access
from ddms_ops.schema import conform

STATUSES = (401, 403)
ADDRESS_CHARS = 64
IPV4 = r"\b(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b"
WITH_PORT = r"^(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([0-9A-Fa-f:.]+)\](?::\d+)?)$"
"""An address with the client's port behind it."""
NEAR = r"^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|::1$)"
"""How an address of the own network begins."""
CHAINED = "{number:,} refused log events name several public addresses; the first is taken, which a caller can make up"
TWICE = pd.Timedelta(seconds=2)
"""So near together a line of the application without a request's id and a refused request are one try."""
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What CloudTrail writes for a user name that does not exist."""
Pulls = Sequence[tuple[Path, str, Logs]]


@dataclass(frozen=True, slots=True)
class SignIns:
    """A SIGN_INS frame, and in words what of it could not be read."""

    frame: pd.DataFrame
    doubts: tuple[str, ...]


def read_sign_ins(logs: pd.DataFrame, pulls: Pulls, access: Access, *, groups: tuple[str, ...]) -> SignIns:
    """Requests and sign-ins of some log groups, one row for each request.

    Refused is what has one of the texts in `access.failures`, or an HTTP status of 401 or 403; let in is what has an
    HTTP status below 400, or, where no event of these groups has any, what names a user or an address.

    Args:
        logs: LOGS of the window or of the baseline.
        pulls: evidence files of raw log events, the pulls' names, and how the events name things.
        access: the profile's section.
        groups: log groups to read, all when empty.

    Returns:
        SIGN_INS frame by time. Doubts: how many refused ones name no address, or no user.
    """
    rows = logs[logs["log_group"].astype("str").isin(groups)] if groups else logs
    rows = rows[
        ["timestamp", "message", "error", "status", "user", "request_id", "endpoint", "log_group", "pull", "row"]
    ]
    status = http_status(rows)
    said = _said(rows, access.failures)
    is_refused = said.notna() | status.isin(STATUSES)
    reason = said.fillna("HTTP " + status.fillna(0).astype("int64").astype("str")).where(is_refused)
    names = set(rows["pull"].astype("str").unique())
    places = read_addresses([pull for pull in pulls if pull[1] in names], access.addresses)
    rows = rows.assign(pull=rows["pull"].astype("str"), is_refused=is_refused, status=status, reason=reason)
    rows = rows.merge(places, on=["pull", "row"], how="left")
    is_let_in = rows["status"].between(100, 399)
    if rows["status"].isna().all():
        is_let_in = rows["user"].notna() | rows["address"].notna()
    frame = _by_request(rows[rows["is_refused"] | is_let_in | rows["request_id"].notna()], is_let_in)
    chained = int((rows["is_refused"] & rows["is_chained"].fillna(False).astype(bool)).sum())
    return SignIns(frame, (*_doubts(frame), *([CHAINED.format(number=chained)] if chained else [])))


def read_addresses(pulls: Pulls, names: tuple[str, ...]) -> pd.DataFrame:
    """Client addresses of the raw log events: of JSON by the names of its fields, of other text the first in it.

    Of several addresses (X-Forwarded-For) it is the first, as the caller says; a port is left off.

    Returns:
        Columns pull (str), row (int64), address (str, at most 64 characters), is_chained (bool, whether another public
        address stands last); events without one are absent.
    """
    found = []
    ways = dict.fromkeys(way for name in names for way in ((name,), tuple(name.split("."))))
    paths = ", ".join(literal("$" + "".join(f'."{_key(key)}"' for key in way)) for way in ways)
    of_json = f"list_filter(json_extract_string(json, [{paths}]), lambda one: one <> '')[1]" if ways else "NULL"
    query = f"""SELECT row, left(regexp_replace(trim(split_part(said, ',', 1)), '{WITH_PORT}', '\\1\\2'),
            {ADDRESS_CHARS}) AS address,
            contains(said, ',') AND NOT regexp_matches(trim(split_part(said, ',', -1)), '{NEAR}') AS is_chained
        FROM (SELECT row, CASE WHEN json_valid(json) THEN {of_json}
            WHEN json IS NULL THEN regexp_extract(message, '{IPV4}', 1) END AS said
        FROM (SELECT file_row_number AS row, message, {payload()} AS json
            FROM read_parquet(?, file_row_number = true)))"""
    connection = offline_engine()
    try:
        for path, name, _ in pulls:
            asked = connection.sql(f"FROM ({query}) WHERE address <> ''", params=[str(path)])
            part = asked.to_arrow_table().to_pandas()
            found.append(part.assign(pull=name))
    finally:
        connection.close()
    empty = pd.DataFrame({"pull": pd.Series(dtype="str"), "row": pd.Series(dtype="int64")})
    empty = empty.assign(is_chained=pd.Series(dtype="bool"))
    table = pd.concat(found, ignore_index=True) if found else empty.assign(address=pd.Series(dtype="str"))
    return table.astype({"pull": "str", "row": "int64", "address": "str"})[["pull", "row", "address", "is_chained"]]


def origin(address: object) -> object:
    """Where an address is: of version 6 the network of 64 bits that one customer has, else the address itself."""
    try:
        parsed = ip_address(str(address).partition("%")[0])
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def called_sign_ins(calls: pd.DataFrame) -> pd.DataFrame:
    """Sign-ins that CloudTrail records (console, Cognito), as a SIGN_INS frame.

    Args:
        calls: CALLS frame.
    """
    rows = calls[calls["name"].isin(SIGN_IN_CALLS)]
    user = rows["actor"].where(~rows["actor"].isin((HIDDEN, "Unknown", "AWSAccount", "Anonymous")))
    shown = rows.assign(
        is_refused=rows["error"].notna(), user=user, address=rows["source_ip"], place=rows["name"], reason=rows["error"]
    )
    return conform(shown, SIGN_INS)


def _key(key: str) -> str:
    return key.replace("\\", "\\\\").replace('"', '\\"')


def _said(rows: pd.DataFrame, texts: tuple[str, ...]) -> pd.Series:
    """Which of some texts error or message of each event hold, or the name of its error; null where none."""
    found = pd.Series(np.nan, index=rows.index, dtype="str")
    for text in texts:
        held = [rows[name].str.contains(text, case=False, regex=False, na=False) for name in ("error", "message")]
        found = found.mask(found.isna() & (held[0] | held[1]).astype(bool), text)
    return found.where(found.isna() | rows["error"].isna(), rows["error"])


def _by_request(rows: pd.DataFrame, is_let_in: pd.Series) -> pd.DataFrame:
    """One row for each request: refused where one of its events is, user and address from whichever names them."""
    alone = "row " + rows["pull"] + rows["row"].astype("str")
    keys = rows["request_id"].where(rows["request_id"].notna(), alone)
    place = rows["endpoint"].astype("str").where(rows["endpoint"].notna(), rows["log_group"].astype("str"))
    rows = rows.assign(key=keys.to_numpy(), place=place, is_let_in=is_let_in.reindex(rows.index))
    rows = rows.sort_values(["is_refused", "timestamp", "pull", "row"], ascending=[False, True, True, True])
    table = rows.assign(user=rows["user"].astype("str")).groupby("key", sort=False).agg(
        timestamp=("timestamp", "first"), is_refused=("is_refused", "any"), is_let_in=("is_let_in", "any"),
        user=("user", "first"), address=("address", "first"), place=("place", "first"), reason=("reason", "first"),
        pull=("pull", "first"),
        row=("row", "first"),
    )  # fmt: skip
    table = _told_once(table[table["is_refused"] | table["is_let_in"]])
    return conform(table.sort_values(["timestamp", "pull", "row"], kind="stable"), SIGN_INS)


def _told_once(table: pd.DataFrame) -> pd.DataFrame:
    """Without refused log events of no request beside a refused request of the same user, whose reason they tell.

    Args:
        table: one row for each request, the index its key; events of no request have a key that begins with `row `.
    """
    named = table[table["is_refused"] & table["user"].notna()].sort_values("timestamp", kind="stable")
    named = named.rename_axis("key").reset_index()
    is_alone = named["key"].str.startswith("row ")
    if not is_alone.any() or is_alone.all():
        return table
    others = named[~is_alone].rename(columns={"key": "request", "address": "its_address"})
    pairs = pd.merge_asof(
        named[is_alone], others[["timestamp", "user", "request", "its_address"]],
        on="timestamp", by="user", direction="nearest", tolerance=TWICE,
    ).drop_duplicates("request")  # fmt: skip
    same = pairs["address"].isna() | (pairs["address"] == pairs["its_address"])
    pairs = pairs[pairs["request"].notna() & same]
    table = table.copy()
    table.loc[pairs["request"], "reason"] = pairs["reason"].to_numpy()
    return table.drop(index=pairs["key"])


def _doubts(frame: pd.DataFrame) -> tuple[str, ...]:
    refused = frame[frame["is_refused"]]
    lacking = {name: int(refused[name].isna().sum()) for name in ("address", "user")}
    return tuple(
        f"{number:,} of {len(refused):,} refused sign-ins name no {name}" for name, number in lacking.items() if number
    )
