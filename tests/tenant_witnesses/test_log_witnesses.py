"""Log events in which a tenant meets what is another's."""

import json
from pathlib import Path

import pytest
from witness_builders import DAY, pulled, read, seen, shown

from ddms_ops.analysis.log_witnesses import LogReach
from ddms_ops.tenancy import LogTenants
from ddms_ops.tenant_schemas import WITNESSES


@pytest.mark.parametrize(
    ("event", "witness"),
    [
        ({"tenantId": "t1", "path": "/tenants/t2/documents", "status": 200}, ("token_path", "t1", "t2", "served")),
        ({"tenantId": "t1", "path": "/d/1", "resourceTenantId": "t2"}, ("response_tenant", "t1", "t2", "served")),
        ({"path": "/tenants/t1/d", "resourceTenantId": "t2"}, ("response_tenant", "t1", "t2", "served")),
        ({"tenantId": "t1", "cache": "HIT", "cacheKey": "t2:d"}, ("cache", "t1", "t2", "served")),
        ({"tenantId": "t1", "cache": "HIT", "cacheKey": "d"}, ("cache", "t1", None, "served")),
        ({"tenantId": "t1", "path": "/search?q=x", "status": 200}, ("search_unfiltered", "t1", None, "served")),
        ({"tenantId": "t1", "s3Key": "t2/a.pdf"}, ("object_key", "t1", "t2", "served")),
        ({"tenantId": "t1", "s3Key": "s3://edt-media/a.mp4"}, ("object_key", "t1", "edt", "served")),
        ({"tenantId": "t1", "s3Key": ["t1/a", "s3://dms/t2/b"]}, ("object_key", "t1", "t2", "served")),
    ],
)
def test_each_kind_is_found(tmp_path: Path, event, witness):
    """An event that names two tenants, or that nothing keeps apart, is a witness of its kind."""
    assert seen(tmp_path, event) == [witness]


@pytest.mark.parametrize(
    "event",
    [
        {"tenantId": "T-1", "path": "/tenants/t1/d", "status": 200},
        {"tenantId": " {T1}", "path": "/tenants/t1/d"},
        {"tenantId": "t1", "path": "/health", "status": 200},
        {"path": "/tenants/t2/d", "status": 200},
        {"tenantId": "-", "path": "/tenants/t2/d"},
        {"tenantId": None, "path": "/tenants/t2/d"},
        {"tenantId": "t1", "cache": "MISS", "cacheKey": "t2:d"},
        {"tenantId": "t1", "path": "/search", "filter": {"tenantId": "t1"}},
        {"tenantId": "t1", "path": "/search", "method": "OPTIONS"},
        {"tenantId": "t1", "s3Key": "s3://unknown-bucket/t2/a.pdf"},
        {"tenantId": ["t1", "t2"], "path": "/tenants/t2/d"},
        {"tenantId": "[t1, t2]", "path": "/tenants/t2/d"},
        "GET /tenants/t2/d 200 tenantId=t1",
        '{"tenantId": "t1", "path": "/tenants/t2/d"',
        '{"tenantId": "t1", "path": "/tenants/t2/d", "message": "cut off he',
    ],
)
def test_look_alikes_are_no_witnesses(tmp_path: Path, event):
    """Ids written otherwise, requests without a tenant, other answers of a cache, lines that are no JSON."""
    assert seen(tmp_path, event) == []


@pytest.mark.parametrize("tenant", ["o'brien", '"; DROP TABLE lines; --', "50%", "zeile\numbruch", "t😀", "ü"])
def test_any_id_is_compared_as_it_stands(tmp_path: Path, tenant):
    """Quotes, percent signs, newlines and emoji are part of an id, and nothing is spliced."""
    own = {"tenantId": tenant, "path": f"/tenants/{tenant}/d"}
    foreign = {"tenantId": "t1", "path": f"/tenants/{tenant}/d"}
    folded = tenant.lower().replace("-", "")
    assert seen(tmp_path, own, foreign) == [("token_path", "t1", folded, "served")]


def test_an_escaped_path_names_the_same_tenant(tmp_path: Path):
    """Percent escapes on a path or key are resolved; an id that holds what looks like one is itself."""
    assert seen(tmp_path, {"tenantId": "a%41b", "path": "/tenants/a%41b/d", "s3Key": "a%41b/x"}) == []
    assert seen(tmp_path, {"tenantId": "t 😀", "path": "/tenants/t%20%F0%9F%98%80/d", "s3Key": "t%20😀/a"}) == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "served"), (None, "served"), ("302", "served"), (401, "denied"), (403, "denied"),
     ("404 Not Found", "denied"), (500, "failed"), (503, "failed"), (422, "failed"), ("denied", "denied"),
     ("ok", "served")],
)  # fmt: skip
def test_the_status_says_the_outcome(tmp_path: Path, status, outcome):
    """Refused and failed requests are told apart from served ones; without a status it was served."""
    [found] = seen(tmp_path, {"tenantId": "t1", "path": "/tenants/t2/d", "status": status})
    assert found == ("token_path", "t1", "t2", outcome)


def test_events_of_a_request_are_put_together(tmp_path: Path):
    """Caller, path, status and user may stand in different events, of different log groups, with one request id."""
    api = pulled(tmp_path, {"requestId": "a", "tenantId": "t1", "userId": "u7"}, {"requestId": "a", "status": 403})
    worker = pulled(tmp_path, {"requestId": "a", "path": "/tenants/t2/d"}, name="worker")
    found, _ = read([api, worker])
    assert shown(found) == [("token_path", "t1", "t2", "denied")]
    assert found.loc[0, ["user", "pull", "row"]].tolist() == ["u7", "logs/worker", 0]
    assert found.loc[0, "words"].endswith("(another event of the request names the caller); status 403")


def test_an_id_that_several_callers_share_joins_nothing(tmp_path: Path):
    """A request id such as "-" or "1" that events of several tenants carry says nothing of who called."""
    callers = [{"requestId": "1", "tenantId": tenant} for tenant in ("t1", "t2")]
    assert seen(tmp_path, *callers, {"requestId": "1", "path": "/tenants/t2/d"}) == []


def test_a_request_is_one_witness(tmp_path: Path):
    """Several events of a request that say the same are one row: the first."""
    event = {"tenantId": "t1", "path": "/tenants/t2/d", "requestId": "a"}
    found, _ = read([pulled(tmp_path, {}, event, event)])
    assert found["row"].tolist() == [1]


def test_a_search_is_filtered_by_any_event_of_its_request(tmp_path: Path):
    """The filter may be logged by another event than the path."""
    assert seen(tmp_path, {"requestId": "a", "path": "/search"}, {"requestId": "a", "filter": {"tenantId": "t1"}}) == []


def test_groups_of_a_token_are_tenants_where_they_are_known(tmp_path: Path):
    """A caller may be of several Cognito groups; those that are tenants say who acted."""
    declared = LogTenants(token_tenant=("claims.cognito:groups",), path_tenant="^/(?P<tenant>[^/]+)/")
    event = {"claims": {"cognito:groups": ["students", "dhbw"]}, "path": "/edt/lecture"}
    known = ("dhbw", "EDT")
    assert seen(tmp_path, event, declared=declared, known=known) == [("token_path", "dhbw", "edt", "served")]
    assert seen(tmp_path, event, declared=declared) == [("token_path", None, "edt", "served")]
    assert seen(tmp_path, event | {"path": "/assets/x.css"}, declared=declared, known=known) == []


def test_only_the_window_is_looked_at(tmp_path: Path):
    """Half-open: an event at the end is outside."""
    pulls = [pulled(tmp_path, {"tenantId": "t1", "path": "/tenants/t2/d"}, minute="14:00")]
    found, reach = read(pulls)
    assert (len(found), reach) == (0, LogReach())


def test_ids_are_told_apart_where_they_are_not_folded(tmp_path: Path):
    """Without folding, case is part of an id."""
    pulls = [pulled(tmp_path, {"tenantId": "T1", "path": "/tenants/t1/d"})]
    assert shown(read(pulls, folded=False)[0]) == [("token_path", "T1", "t1", "served")]


def test_nothing_declared_is_nothing_found(tmp_path: Path):
    """Without a declaration, or without a pull, the frame has all its columns and no rows."""
    pulls = [pulled(tmp_path, {"tenantId": "t1", "path": "/tenants/t2/d"})]
    for found, reach in (read(pulls, LogTenants()), read([])):
        assert (found.columns.tolist(), len(found), reach) == (WITNESSES.names, 0, LogReach())


def test_words_and_records_hold_no_query_string(tmp_path: Path):
    """What stands behind the path may be secret; ids are on one line."""
    event = {"tenantId": "t\n1", "path": "/tenants/t2/d?token=s3cret"}
    found, _ = read([pulled(tmp_path, event)])
    assert found.loc[0, ["record", "words"]].tolist() == [
        "/tenants/t2/d",
        "the token names tenant t 1, the path tenant t2; no status",
    ]


def test_the_reach_says_what_the_logs_could_have_told(tmp_path: Path):
    """Events are counted by what they name, so that silent logs are told from clean ones."""
    events = [
        {"path": "/health", "status": 200},
        {"tenantId": "t1", "path": "/tenants/t1/d"},
        {"cache": "HIT", "cacheKey": "k"},
    ]
    pulls = [pulled(tmp_path, *events), pulled(tmp_path, *events, name="worker")]
    assert read(pulls)[1] == LogReach(requests=4, token=2, path=2, cached=2)
    assert not read([pulled(tmp_path, events[0])])[1].is_telling


def test_json_that_lambda_wraps_is_read(tmp_path: Path):
    """Behind the runtime's own prefix stands the event, and the request's id where the event has none."""
    text = json.dumps({"tenantId": "t1", "path": "/tenants/t2/d"})
    line = f"{DAY}T10:01:00.000Z\t11111111-2222-3333-4444-555555555555\tINFO\t{text}"
    found, _ = read([pulled(tmp_path, line)])
    assert found["request_id"].tolist() == ["11111111-2222-3333-4444-555555555555"]
