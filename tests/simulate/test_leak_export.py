"""Who reached whose documents: the truth is what an independent reading of trail, tables, logs and CloudTrail says."""

import csv
from collections import Counter
from datetime import datetime

import pytest
from reading import minute, parsed, trail

from ddms_ops.simulate import SCENARIOS

DISCLOSED = ("cached", "guessed")
ALLOWED = ("shared", "supported")


def rows(played, table: str) -> list[dict[str, str]]:
    """Rows of one table."""
    with (played.export / "audit" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ids_of(played, *names: str) -> set[str]:
    """Audit ids of some classes of the truth."""
    return {found for name in names for found in played.truth["leak"]["classes"][name]["audit_ids"]}


def at(text: str) -> datetime:
    """A time as Postgres prints it; the end of time for null."""
    return datetime.fromisoformat(text or "9999-01-01 00:00:00+00")


def excuse(played) -> dict[str, str]:
    """What allows each row that reaches another tenant's document: a share or a session that holds then."""
    shares = {row["document_id"]: row for row in rows(played, "document_shares")}
    sessions = [row for row in rows(played, "support_sessions") if row["ticket"]]
    found = {}
    for row, owner in crossing(played):
        when, share = at(row["created_at"]), shares.get(row["resource_id"])
        is_meant = share is not None and share["shared_with"] in ("", row["user_tenant_id"])
        if is_meant and at(share["created_at"]) <= when < min(at(share["expires_at"]), at(share["revoked_at"])):
            found[row["id"]] = "shared"
        for session in sessions:
            its = (session["user_id"], session["tenant_id"]) == (row["user_id"], owner)
            if its and at(session["started_at"]) <= when < at(session["ended_at"]):
                found[row["id"]] = "supported"
    return found


def crossing(played) -> list[tuple[dict[str, str], str]]:
    """Rows whose document is of another tenant than the user, and whose it is."""
    owners = {row["id"]: row["tenant_id"] for row in rows(played, "documents")}
    found = [(row, owners[row["resource_id"]]) for row in rows(played, "audit_logs") if row["resource_id"]]
    return [(row, owner) for row, owner in found if owner != row["user_tenant_id"]]


def test_crossings_are_those_of_the_truth(played):
    """Each is denied, allowed, or disclosed, and nothing else reaches another tenant's document."""
    told, allowed = played.truth["leak"], excuse(played)
    classes = {row["id"]: "blocked" if row["status"] == "403" else allowed.get(row["id"], "disclosed")
               for row, _ in crossing(played)}  # fmt: skip
    for name in (*ALLOWED, "blocked"):
        assert {found for found, kind in classes.items() if kind == name} == ids_of(played, name)
    assert {found for found, kind in classes.items() if kind == "disclosed"} == ids_of(played, *DISCLOSED)
    assert told["disclosures"] == len(ids_of(played, *DISCLOSED))


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "tenant_leak"])
def test_other_scenarios_disclose_nothing(name, play):
    """A few shares, a few support sessions, a few denied downloads."""
    told = play(name).truth["leak"]
    assert (told["disclosures"], told["actors"], told["first"]) == (0, [], None)
    assert all(0 < told["classes"][kind]["rows"] < 10 for kind in (*ALLOWED, "blocked"))


def test_the_leak_is_large_enough_to_be_found(play):
    """Some tenants are shown documents of a few others, since the onset only."""
    truth = play("tenant_leak").truth
    told = truth["leak"]
    assert 40 <= told["disclosures"] <= 200
    assert 2 < len(told["actors"]) <= 7
    assert 2 < len(told["owners"]) <= 6
    assert sum(count for _, _, count in told["cells"]) == told["disclosures"]
    assert truth["onset"] <= told["first"] < told["last"]
    assert told["classes"]["blocked"]["rows"] >= 5
    assert told["classes"]["guessed"]["rows"] >= 2


def test_the_trail_of_a_cached_answer_looks_consistent(play):
    """Both tenants of the row are the reader's; of every other crossing the row names the owner."""
    played = play("tenant_leak")
    cached = ids_of(played, "cached")
    for row, owner in crossing(played):
        assert row["tenant_id"] == (row["user_tenant_id"] if row["id"] in cached else owner)
    naive = [row for row in rows(played, "audit_logs") if row["tenant_id"] != row["user_tenant_id"]]
    assert len(naive) == played.truth["leak"]["naive"]


def test_logs_say_whose_document_was_answered_with(played):
    """By request id the log names the document's tenant; a cached answer was hit by a key without a tenant."""
    crossings = {row["request_id"]: (row, owner) for row, owner in crossing(played) if row["status"] == "200"}
    classes, owners = played.truth["leak"]["classes"], {}
    for _, event in parsed(played.export, "api"):
        if "resourceTenantId" not in event:
            continue
        row, owner = crossings.get(event["requestId"], (None, event["tenantId"]))
        assert event["resourceTenantId"] == owner
        if row:
            owners[event["requestId"]] = event
            assert row["resource_id"] == event["documentId"]
    assert 0 <= len(crossings) - len(owners) <= 1  # a half-written event
    for found in classes["cached"]["request_ids"]:
        if event := owners.get(found):
            assert event["cache"] == "HIT"
            assert event["cacheKey"].startswith("doc:")
            assert event["documentId"] not in event["path"]


def test_keys_of_the_cache_name_the_tenant_until_the_leak_begins(played):
    """Hits and misses of reads; from the leak's version on no key names it."""
    reads = [(stamp, event) for stamp, event in parsed(played.export, "api") if "cacheKey" in event]
    assert Counter(event["cache"] for _, event in reads).keys() == {"HIT", "MISS"}
    is_leak = played.name == "tenant_leak"
    for _, event in reads:
        is_lost = is_leak and event["version"] == played.truth["version"]
        assert event["cacheKey"].startswith("doc:" if is_lost else f"{event['resourceTenantId']}:doc:")
    if is_leak:
        assert {event["version"] for _, event in reads} == {played.truth["version"], played.truth["version_before"]}


def test_a_cached_answer_was_read_by_its_owner_before(play):
    """The owner's own read missed, and left the answer under the same key."""
    played = play("tenant_leak")
    cached, filled = set(played.truth["leak"]["classes"]["cached"]["request_ids"]), {}
    for stamp, event in sorted(parsed(played.export, "api"), key=lambda item: item[0]):
        if "cacheKey" in event and minute(stamp) >= played.truth["onset"]:
            if event["tenantId"] == event["resourceTenantId"] and event["cache"] == "MISS":
                filled.setdefault(event["documentId"], event["cacheKey"])
            if event["requestId"] in cached:
                assert filled.get(event["documentId"], event["cacheKey"]) == event["cacheKey"]
    assert filled


def test_denied_downloads_are_refusals_in_the_log(play):
    """Each has a line with the error and a request that ended in 403; all by one user."""
    played = play("tenant_leak")
    blocked = set(played.truth["leak"]["classes"]["blocked"]["request_ids"])
    refused = [event for _, event in parsed(played.export, "api") if event.get("error") == "ForbiddenError"]
    assert {event["requestId"] for event in refused} == blocked
    assert len({event["userId"] for event in refused}) == 1
    ends = [e for _, e in parsed(played.export, "api") if e.get("requestId") in blocked and "status" in e]
    assert {event["status"] for event in ends} <= {403}


def test_reads_of_objects_are_data_events(played):
    """Reads under the owner's prefix, most of them by a pre-signed URL, in every hour; those that cross among them."""
    events = [record for record in trail(played.export) if record["eventCategory"] == "Data"]
    assert all(record["readOnly"] and not record["managementEvent"] for record in events)
    owners = {row["id"]: row["tenant_id"] for row in rows(played, "documents")}
    keys = [record["requestParameters"]["key"].split("/") for record in events]
    assert {record["requestParameters"]["bucketName"] for record in events} == {"dms-documents-prod"}
    assert all(owners[document] == tenant for tenant, document in keys)
    methods = Counter(record["additionalEventData"]["AuthenticationMethod"] for record in events)
    assert methods["QueryString"] > 3 * methods["AuthHeader"] > 0
    assert len({record["eventTime"][:13] for record in events}) >= 4
    served = {row["resource_id"] for row, _ in crossing(played)
              if row["action"] == "document.download" and row["status"] == "200"}  # fmt: skip
    assert served <= {document for _, document in keys}
