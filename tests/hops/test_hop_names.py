"""Tenants and requests by another name: spelled in several ways, or shown by a pseudonym."""

import re

import pytest
from builders import failure, minutes, open_export, request, write_logs
from hop_export import API

from ddms_ops.case import Case
from ddms_ops.errors import BadInput
from ddms_ops.hops.naming import meant
from ddms_ops.redact import redact
from ddms_ops.widgets.choices import tenant_choices

PERSON = "anna.meyer@example.com"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Tenant t1 as three spellings of it, two of them failing, and one whose id is an e-mail address."""
    root = tmp_path_factory.mktemp("named")
    usual = [request(clock) for clock in minutes(0, 60)[::10]]
    ill = [(failure(clock, tenant=name), request(clock, status=500, tenant=name))
           for clock, name in (("10:30:01", "T1"), ("10:30:02", "t-1"), ("10:30:03", PERSON))]  # fmt: skip
    return open_export(write_logs(root, API, *usual, *(line for pair in ill for line in pair)))


def test_spellings_of_one_tenant_are_one_row(named: Case):
    """As the hop to it counts, by the name that most events have; in the list, the group and the picker."""
    seen = named.tenants_seen
    assert list(seen) == ["t1", PERSON]
    assert seen.frame[["requests", "failed"]].to_numpy().tolist() == [[62, 2], [1, 1]]
    assert len(seen["t1"].requests()) == len(named.tenant("T1").requests()) == 62
    assert seen.frame["events"].tolist() == [len(named.logs(tenant=name)) for name in seen]
    assert next(iter(tenant_choices(named))) == "t1 · 2 failed of 62"
    group = named.group(named.error_groups.ids[0])
    assert group.tenants().frame[["tenant", "events", "hit"]].to_numpy().tolist() == [["t1", 2, 2], [PERSON, 1, 1]]
    assert group.frame["tenants"].tolist() == [2]


def test_a_call_that_shows_a_pseudonym_works_as_it_stands(named: Case):
    """Of a tenant and of a request; it is the same view, which names nobody."""
    name = named.logs(tenant=PERSON).frame["request_id"].iloc[0]
    views = [named.tenant(PERSON), named.logs(tenant=PERSON), named.request(name), named.logs(request=name)]
    views += [named.sql(request=name), named.audit_rows(request=name), named.audit_rows(tenant=PERSON)]
    for view in views:
        [shown] = re.findall("This view: (.*)", repr(view))
        assert "[email " in shown
        assert "anna" not in repr(view)
        again = eval(shown, {"case": named})
        assert again.call == view.call
        assert len(again) == len(view)


def test_a_pseudonym_of_two_or_of_none_is_not_guessed(named: Case):
    """It stays what was given, which nothing names."""
    two = ["token=abcdefgh12345678", "token=abcdefgh87654321"]
    assert redact(two[0]) == redact(two[1])
    assert meant(redact(two[0]), two) == redact(two[0])
    assert meant("[" * 200 + "]", ["x"] * 3) == "[" * 200 + "]"
    with pytest.raises(BadInput, match="no tenant"):
        named.tenant("[email 000000]")
