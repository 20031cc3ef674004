"""Tags in SQL comments, and the requests and endpoints that statements are joined to by them."""

import pandas as pd
import pytest

from ddms_ops.analysis.sql_tags import endpoint_statements, statement_requests, tags_of

UUID = "6f1c1f0e-6b0e-4a53-9d3c-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("comment", "tags"),
    [
        ("/*route='%2Fdocuments%2F%3Aid',db_driver='pg'*/", {"route": "/documents/:id", "db_driver": "pg"}),
        ("/*application:dms,controller:documents,action:index*/",
         {"application": "dms", "controller": "documents", "action": "index"}),
        ("/* request_id=r-1 */", {"request_id": "r-1"}),
        ("-- Request-Id: r-1; route=/a", {"request_id": "r-1", "route": "/a"}),
        (r"/*name='it\'s'*/", {"name": "it's"}),
        ("/* request_id=r-1, */", {"request_id": "r-1"}),
        ("/* req-123 */", {}),
        ("/*+ IndexScan(documents) */", {}),
        ("/* TODO: make this faster */", {}),
        ("/* request_id=r-1, request_id=r-2, a=b */", {"a": "b"}),
        ("/* request_id='r-1 */", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_comment_is_tags_or_nothing(comment: str, tags: dict[str, str]):
    """sqlcommenter, Marginalia and plain pairs are read; prose, hints, bare ids and contradictions are not."""
    assert tags_of(comment) == tags


@pytest.mark.parametrize("comment", ["a='" * 2_000_000, "a=b," * 2_000_000, "a" * 5_000_000, "a='" + "\\" * 5_000_000])
def test_hostile_comments_are_bounded(comment: str):
    """Megabytes of comment give at most 32 short tags."""
    found = tags_of(comment)
    assert len(found) <= 32
    assert all(len(value) <= 256 for value in found.values())


def test_a_long_comment_loses_the_tag_that_was_cut():
    """What is whole in the first 4,096 characters counts."""
    assert tags_of(f"request_id=r-1,x={'y' * 5000}") == {"request_id": "r-1"}


def executions(*rows: tuple[str | None, str | None]) -> pd.DataFrame:
    """Executions of 10 ms with these comments and application names."""
    frame = pd.DataFrame(rows, columns=["comment", "application"]).astype("str")
    return frame.assign(statement="select 1", duration_ms=10.0)


def test_a_request_id_comes_from_a_tag_or_the_end_of_the_application_name():
    """An id in a name must look like one and be whole; a tag goes first."""
    found = statement_requests(
        executions(
            ("request_id=r-1", f"api:{UUID}"), (None, f"api:{UUID}"), (None, "api:req-7f3a"), (None, "psql"),
            (None, "api-worker-3"), (None, "x" * 51 + ":req-abcdefg"), ("see r-1", None),
        )
    )  # fmt: skip
    assert found["request_id"].fillna("").tolist() == ["r-1", UUID, "req-7f3a", "", "", "", ""]


def test_a_trace_id_and_a_route_come_from_tags_only():
    """traceparent holds the trace id; a method, or controller and action, are joined to the route."""
    parent = "traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'"
    found = statement_requests(
        executions((f"{parent},route='/a',method='get'", None), ("controller:users,action:show", None), ("a=b", None))
    )
    assert found["trace_id"].fillna("").tolist() == ["0af7651916cd43dd8448eb211c80319c", "", ""]
    assert found["route"].fillna("").tolist() == ["GET /a", "users#show", ""]


def asked(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Requests with id, endpoint and duration in ms."""
    return pd.DataFrame(rows, columns=["request_id", "endpoint", "duration_ms"])


def test_statements_are_joined_by_request_id_then_by_route():
    """The rest stays without an endpoint, so that the sums are those of all executions."""
    requests = asked(("r-1", "GET /documents/{id}", 40.0), ("r-2", "POST /search", 100.0))
    tagged = statement_requests(
        executions(("request_id=r-1", None), ("route='/documents/:id'", None), ("route='/other'", None), (None, None))
    )
    found = endpoint_statements(requests, tagged)
    assert found["endpoint"].fillna("").tolist() == ["GET /documents/{id}", ""]
    assert found[["calls", "total_ms"]].to_numpy().tolist() == [[2, 20.0], [2, 20.0]]
    assert found["share"].fillna(-1.0).tolist() == [0.5, -1.0]


def test_an_ambiguous_id_or_route_is_not_guessed():
    """An id of two endpoints, and a route that two methods have, belong to neither; with the method it is told."""
    requests = asked(("t-1", "GET /a", 9.0), ("t-1", "POST /a", 9.0))
    tagged = statement_requests(
        executions(("request_id=t-1", None), ("route=/a", None), ("method=post,route=/a", None))
    )
    assert endpoint_statements(requests, tagged)["endpoint"].fillna("").tolist() == ["", "POST /a"]


def test_no_statements_are_no_rows():
    """Empty in, all columns out."""
    found = endpoint_statements(asked(), statement_requests(executions()))
    assert (len(found), list(found)) == (0, ["endpoint", "statement", "calls", "total_ms", "share"])
