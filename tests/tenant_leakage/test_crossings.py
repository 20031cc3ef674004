"""Which rows of a trail are disclosures, which are not, and why."""

from pathlib import Path

import pytest
from leak_builders import HISTORY, crossings_of, declared, row, stamp, write_trail

ANY = "2020-01-01 00:00:00+00"


def verdicts(root: Path, *rows: str, tenants=None, **tables: list[str]) -> list[tuple[str, str, str]]:
    """Verdict, kind and rule of each crossing."""
    found = crossings_of(write_trail(root, *rows, **tables), tenants)
    return list(zip(found["verdict"], found["kind"], found["rule"], strict=True))


def test_own_records_do_not_cross(tmp_path: Path):
    """Nor do ids of the same tenant in another spelling."""
    assert verdicts(tmp_path, row("10:01:00"), row("10:02:00", tenant_id="{T-1}", user_tenant_id=" t1")) == []


def test_spelling_matters_where_the_profile_says_so(tmp_path: Path):
    """With folded: false T1 is another tenant than t1."""
    found = verdicts(tmp_path, row("10:01:00", tenant_id="T1"), tenants=declared(folded=False))
    assert found == [("unknown", "", "")]  # whose the record was then nobody says
    found = verdicts(tmp_path, row("10:01:00", tenant_id="T1"), documents=["d1,T1"], tenants=declared(folded=False))
    assert found == [("disclosed", "direct", "")]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"tenant_id": "t2", "resource_id": "d2"}, "direct"),
        ({"resource_id": "d2"}, "owner_only"),
        ({"action": "document.search", "resource_id": "", "details": '{"results": ["d1", "d2"]}'}, "search"),
        ({"action": "document.presign", "details": '{"key": "t2/d2.pdf"}'}, "object_key"),
        ({"tenant_id": "t2", "user_tenant_id": "t2", "resource_id": "d2"}, "token_path"),
        ({"user_id": "", "user_tenant_id": "", "resource_id": "d2"}, "job"),
    ],
)
def test_each_way_has_its_fingerprint(tmp_path: Path, columns: dict[str, str], kind: str):
    """And says who reached whom."""
    found = crossings_of(write_trail(tmp_path, row("10:01:00", **columns)))
    assert found[["actor", "owner", "verdict", "kind"]].to_numpy().tolist() == [["t1", "t2", "disclosed", kind]]
    assert list(found["why"]) == ["no share, membership or support session allows it"]


@pytest.mark.parametrize(
    ("table", "line", "kind"),
    [
        ("document_shares", f"d2,t1,{ANY},{stamp('10:10:00')},", "ended_share"),
        ("document_shares", f"d2,t1,{ANY},,{stamp('10:10:00')}", "ended_share"),
        ("document_shares", f"d2,t1,{ANY},infinity,{stamp('10:10:00')}", "ended_share"),
        ("memberships", f"u1,t2,{ANY},{stamp('10:10:00')}", "ended_membership"),
        ("support_sessions", f"u1,t2,{ANY},{stamp('10:10:00')},INC-1", "ended_support"),
    ],
)
def test_what_has_ended_explains_nothing(tmp_path: Path, table: str, line: str, kind: str):
    """Up to its end, which does not belong to it."""
    reads = [row(clock, tenant_id="t2", resource_id="d2") for clock in ("10:09:59.999999", "10:10:00")]
    found = crossings_of(write_trail(tmp_path, *reads, **{table: [line]}))
    assert list(found["verdict"]) == ["explained", "disclosed"]
    assert list(found["kind"]) == ["", kind]
    assert found["why"].iloc[1].endswith("ended 2026-03-04 10:10:00 UTC")


def test_support_needs_its_ticket(tmp_path: Path):
    """A session without one explains nothing."""
    read = row("10:09:00", tenant_id="t2", resource_id="d2")
    found = crossings_of(write_trail(tmp_path, read, support_sessions=[f"u1,t2,{ANY},, "]))
    assert found[["verdict", "kind", "why"]].to_numpy().tolist() == [
        ["disclosed", "no_ticket", "a support session has no ticket"]
    ]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("document_shares", f"d1,t1,{ANY},,"),  # another record
        ("document_shares", f"d2,t3,{ANY},,"),  # another tenant
        ("memberships", f"u2,t2,{ANY},"),  # another user
        ("memberships", f"u1,t3,{ANY},"),  # into another tenant
    ],
)
def test_an_excuse_must_fit(tmp_path: Path, table: str, line: str):
    """The record, the tenant and the user."""
    read = row("10:09:00", tenant_id="t2", resource_id="d2")
    assert verdicts(tmp_path, read, **{table: [line]}) == [("disclosed", "direct", "")]


def test_a_record_shared_with_all_is_shared(tmp_path: Path):
    """A share that names no tenant."""
    read = row("10:09:00", tenant_id="t2", resource_id="d2")
    assert verdicts(tmp_path, read, document_shares=[f"d2,,{ANY},,"]) == [("explained", "", "share")]


def test_a_refused_attempt_discloses_nothing(tmp_path: Path):
    """Nor does a request that failed."""
    reads = [
        row(f"10:0{n}:00", tenant_id="t2", resource_id="d2", status=s) for n, s in enumerate(("403", "404", "500"))
    ]
    assert verdicts(tmp_path, *reads) == [("blocked", "", "")] * 3


def test_a_moved_record_is_its_owners_of_that_moment(tmp_path: Path):
    """Moved from t1 to t2 at 10:30: who reads it before and after."""
    owners = [f"d1,t1,{ANY},{stamp('10:30:00')}", f"d1,t2,{stamp('10:30:00')},"]
    own = {"tenant_id": "t2", "user_tenant_id": "t2", "user_id": "u2"}
    reads = [row("10:10:00"), row("10:20:00", **own), row("10:30:00"), row("10:40:00", **own)]
    found = crossings_of(write_trail(tmp_path, *reads, document_owners=owners), declared(records=HISTORY))
    assert found[["id", "actor", "owner", "verdict"]].to_numpy().tolist() == [
        ["a-10:20:00", "t2", "t1", "disclosed"],
        ["a-10:30:00", "t1", "t2", "disclosed"],
    ]


def test_a_user_who_moved_is_judged_by_then(tmp_path: Path):
    """u1 was of t1 until 10:30: what the row states of them later is not believed."""
    homes = [f"u1,t1,{ANY},{stamp('10:30:00')}", f"u1,t2,{stamp('10:30:00')},"]
    assert verdicts(tmp_path, row("10:10:00"), row("10:40:00"), user_tenants=homes) == [("disclosed", "token_path", "")]


def test_a_job_on_its_own_records_does_not_cross(tmp_path: Path):
    """It acts for the tenant of its row."""
    assert verdicts(tmp_path, row("10:01:00", user_id="", user_tenant_id="")) == []


def test_an_unknown_tenant_is_no_clearance(tmp_path: Path):
    """A user of no known tenant, and a row that names none."""
    rows = [
        row("10:01:00", user_id="u9", user_tenant_id=""),
        row("10:02:00", tenant_id="", resource_id="d9"),
    ]
    found = crossings_of(write_trail(tmp_path, *rows))
    assert list(found["verdict"]) == ["unknown", "unknown"]
    assert list(found["why"]) == ["the tenant of who acted is not known", "whose the record was is not known"]


def test_a_dated_rule_excuses_what_it_names(tmp_path: Path):
    """Within its time, with its reason; after it, nothing."""
    rule = {"name": "audit", "reason": "yearly audit", "owner": "security", "since": "2026-03-04T00:00Z",
            "until": "2026-03-04T10:30Z", "where": {"owner": ["T2"], "action": ["document.read"]}}  # fmt: skip
    reads = [row(clock, tenant_id="t2", resource_id="d2") for clock in ("10:10:00", "10:30:00")]
    found = crossings_of(write_trail(tmp_path, *reads), declared(exceptions=[rule]))
    assert list(zip(found["verdict"], found["rule"], strict=True)) == [("explained", "rule audit"), ("disclosed", "")]
    assert found["why"].iloc[0] == "yearly audit (answered for by security, until 2026-03-04 10:30:00 UTC)"
    assert found["why"].iloc[1] == "the rule audit ended 2026-03-04 10:30:00 UTC"


@pytest.mark.parametrize("name", ["o'brien", 'a"b', "100%", "x\ny", "💧", "; DROP TABLE audit_logs"])
def test_hostile_tenants_are_tenants(tmp_path: Path, name: str):
    """Quotes, percent signs, newlines and emoji come through."""
    read = row("10:01:00", tenant_id=name, resource_id="d2")
    field = '"' + name.replace('"', '""') + '"'
    found = crossings_of(write_trail(tmp_path, read, documents=["d1,t1", f"d2,{field}"]))
    assert found[["actor", "owner", "verdict"]].to_numpy().tolist() == [["t1", name.lower(), "disclosed"]]
