"""Requests that were answered and left no audit row: read paths that write none, and rows that were taken away."""

from collections.abc import Collection

import pandas as pd

from ddms_ops.analysis.requests import http_status
from ddms_ops.analysis.trail_gaps import NO_ROW, clipped, gap_frame
from ddms_ops.window import Window

FEWEST = 5  # answered requests of an endpoint, to say that it writes no audit row
AUDITED = 0.5  # of an endpoint's answered requests; where so many have a row, each other is missing
BORDER = pd.Timedelta(seconds=5)  # a request's row may lie beyond the window's end
SECOND = pd.Timedelta(seconds=1)
VARIABLE = r"[{<:*]|\[[a-z]"
LOGS_PULL = "logs"


def unaudited(
    requests: pd.DataFrame, audited: pd.DataFrame | None, *, window: Window, accepted: Collection[str] = ()
) -> pd.DataFrame:
    """Answered requests without an audit row: whole endpoints that write none, and single requests of the others.

    A request is answered with a status from 200 to 299. An endpoint is judged where its path has a variable part (it
    reads one record), or where at least one of its requests was audited; so health checks and static files are not.
    Where no request at all is in the trail, the two do not share their ids and nothing is told.

    Args:
        requests: `timestamp`, `request_id`, `endpoint`, `status` (as in LOGS), with `pull` and `row` where known.
        audited: `request_id` of every audit row of the window; None where the trail does not keep it.
        window: what was asked; requests in its last 5 s are left out.
        accepted: endpoints that need no audit row, by what the profile says.

    Returns:
        GAPS of kind `unaudited` (the whole window, FEWEST or more requests, less than AUDITED of them in the trail) and
        `unread` (the second of each request that is missing from an endpoint that is otherwise audited, or asked less).
    """
    if audited is None or requests.empty:
        return gap_frame([])
    answered = _answered(requests, window)
    answered["is_audited"] = answered["request_id"].isin(set(audited["request_id"].dropna().astype("str")))
    if not answered["is_audited"].any():
        return gap_frame([])
    found: list[dict[str, object]] = []
    for endpoint, own in answered.groupby("endpoint", sort=True):
        lacking = own[~own["is_audited"]]
        seen = len(own) - len(lacking)
        if lacking.empty or endpoint in accepted or not (seen or pd.Series([endpoint]).str.contains(VARIABLE).item()):
            continue
        if seen >= AUDITED * len(own) or len(own) < FEWEST:
            found += _unread(str(endpoint), lacking)
        else:
            found.append(_unaudited(str(endpoint), own, lacking, window))
    return clipped(gap_frame(found), window)


def _answered(requests: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Answered requests with an id, once each."""
    status = http_status(requests)
    inside = (requests["timestamp"] >= window.start) & (requests["timestamp"] < window.end - BORDER)
    kept = requests[((status >= 200) & (status < 300) & inside & requests["request_id"].notna()).to_numpy()]
    known = kept.assign(request_id=kept["request_id"].astype("str"), endpoint=kept["endpoint"].astype("str"))
    known = known[known["endpoint"].notna()].drop_duplicates(["request_id", "endpoint"])
    return known if "pull" in known else known.assign(pull=LOGS_PULL, row=NO_ROW)


def _unaudited(endpoint: str, own: pd.DataFrame, lacking: pd.DataFrame, window: Window) -> dict[str, object]:
    first = lacking.iloc[0]
    of = "none" if len(own) == len(lacking) else f"{len(own) - len(lacking):,}"
    why = f"of {len(own):,} answered requests to {endpoint} {of} left an audit row, while others did"
    return {
        "kind": "unaudited", "start": window.start, "end": window.end, "missing": float(len(lacking)), "why": why,
        "pull": str(first["pull"]), "row": first["row"],
    }  # fmt: skip


def _unread(endpoint: str, lacking: pd.DataFrame) -> list[dict[str, object]]:
    """One gap for each second."""
    why = f"left no audit row, while others to {endpoint} do"
    return [
        {
            "kind": "unread", "start": second, "end": second + SECOND, "missing": float(len(part)),
            "why": f"{len(part):,} answered request{'' if len(part) == 1 else 's'} {why}",
            "pull": str(part["pull"].iloc[0]), "row": part["row"].iloc[0],
        }
        for second, part in lacking.groupby(lacking["timestamp"].dt.floor("s"))
    ]  # fmt: skip
