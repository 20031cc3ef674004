"""Requests that were answered and left no audit row."""

import pandas as pd
from builders import at
from trail_builders import WINDOW

from ddms_ops.analysis.trail_reads import unaudited

DOCUMENT, HEALTH, PAGE = "GET /documents/{id}", "GET /health", "GET /documents/{id}/pages/{id}"


def requests(**numbers: int) -> pd.DataFrame:
    """So many answered requests of each endpoint, a second apart; ids are `<name>-<n>`."""
    names = {"document": DOCUMENT, "health": HEALTH, "page": PAGE}
    rows = [
        {"timestamp": at("10:00") + pd.Timedelta(seconds=n), "request_id": f"{name}-{n}", "endpoint": names[name]}
        for name, many in numbers.items()
        for n in range(many)
    ]
    return pd.DataFrame(rows).assign(status="200", tenant="t1")


def audited(asked: pd.DataFrame, *names: str, without: tuple[str, ...] = ()) -> pd.DataFrame:
    """Request ids of the trail: of the named, without some."""
    ids = asked["request_id"]
    return pd.DataFrame({"request_id": ids[ids.str.split("-").str[0].isin(names) & ~ids.isin(without)]})


def test_a_read_path_that_leaves_no_row_is_a_gap_of_the_whole_window():
    """It is named; the health check, which reads no record, is not judged."""
    asked = requests(document=100, health=100, page=40)
    [gap] = unaudited(asked, audited(asked, "document"), window=WINDOW).itertuples()
    assert (gap.kind, gap.start, gap.end, gap.missing) == ("unaudited", WINDOW.start, WINDOW.end, 40)
    assert gap.why == f"of 40 answered requests to {PAGE} none left an audit row, while others did"


def test_rows_taken_away_are_found_without_a_sequence():
    """Three of 300 requests: the second of each."""
    asked = requests(document=300)
    shown = unaudited(asked, audited(asked, "document", without=("document-7", "document-9")), window=WINDOW)
    assert list(shown["kind"]) == ["unread", "unread"]
    assert list(shown["start"]) == [at("10:00:07"), at("10:00:09")]
    assert list(shown["end"]) == [at("10:00:08"), at("10:00:10")]


def test_refused_requests_need_no_audit_row():
    """403 and 500 disclosed nothing."""
    asked = requests(document=100)
    asked.loc[:50, "status"] = "403"
    assert unaudited(asked, audited(asked.loc[51:], "document"), window=WINDOW).empty


def test_ids_that_never_meet_tell_nothing():
    """Where no request is in the trail, or the trail keeps none, the two cannot be joined."""
    asked = requests(document=100)
    assert unaudited(asked, pd.DataFrame({"request_id": ["other"]}), window=WINDOW).empty
    assert unaudited(asked, None, window=WINDOW).empty


def test_a_request_at_the_window_s_end_may_have_its_row_beyond():
    """The last five seconds are not judged."""
    asked = requests(document=100).assign(timestamp=at("10:59:57"))
    early = requests(page=1)
    both = pd.concat([asked, early], ignore_index=True)
    assert unaudited(both, audited(both, "page"), window=WINDOW).empty
