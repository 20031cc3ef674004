"""What a person types, and what a log holds: compared, never run; errors in one line; redacted and escaped."""

import pandas as pd
import pytest

from ddms_ops.case import Case
from ddms_ops.errors import BadInput
from ddms_ops.hops.naming import chosen

HOSTILE = (
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "(.*)+$",
    "a\nb\r\x1b[31m",
    "\u202eevil",
    "x" * 200,
    "%s{0}",
)

FILTERS = {
    "logs": ("group", "tenant", "request", "level", "component", "log_group", "contains", "start", "end", "side"),
    "requests_of": ("group", "tenant"),
    "sql": ("request", "tenant"),
    "audit_rows": ("request", "tenant", "table"),
}


@pytest.mark.parametrize("given", HOSTILE)
@pytest.mark.parametrize("call", ["group", "tenant", "finding", "statement"])
def test_a_name_that_is_not_there_is_one_line(deploy: Case, call: str, given: str):
    """Whatever it holds; it says how to list those that are."""
    with pytest.raises(BadInput, match="case\\.") as fault:
        getattr(deploy, call)(given)
    assert "\n" not in str(fault.value)
    assert len(str(fault.value)) < 300


@pytest.mark.parametrize("given", HOSTILE)
def test_a_request_that_was_not_seen_is_an_empty_view(deploy: Case, given: str):
    """With coverage; its id is escaped where it is shown, and its call gives it again."""
    view = deploy.request(given)
    assert len(view) == len(view.sql()) == len(view.audit()) == len(deploy.logs(request=given)) == 0
    assert view.is_all_there
    assert "<script>" not in view._repr_html_()
    assert eval(view.call, {"case": deploy}).id == view.id


@pytest.mark.parametrize("given", ["", "   ", None, 7, "x" * 257, "\udcff"])
def test_what_is_no_name_is_refused(deploy: Case, given: object):
    """No text, an empty one, or one too long."""
    for call in ("request", "tenant", "group", "finding", "statement"):
        with pytest.raises(BadInput, match=f"^{call}: "):
            getattr(deploy, call)(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"level": "eror"}, "no level 'EROR'; did you mean 'ERROR'"),
        ({"component": "apj"}, "no component 'apj'; did you mean 'api'.; the profile names: api, processing"),
        ({"log_group": "/aws/lambda/x"}, "no log group '/aws/lambda/x'"),
        ({"side": "before"}, "no side 'before'; write 'window' or 'baseline'"),
        ({"side": []}, "no side '<list>'; write 'window' or 'baseline'"),
        ({"contains": 7}, "contains: write the text to look for"),
        ({"group": "0000000"}, "no group '0000000'"),
    ],
)
def test_a_misspelt_filter_is_no_empty_answer(deploy: Case, given: dict[str, str], words: str):
    """It is refused, with what would work."""
    with pytest.raises(BadInput, match=words):
        deploy.logs(**given)


@pytest.mark.parametrize("call", ["sql", "audit_rows"])
def test_of_a_request_and_a_tenant_one_is_given(deploy: Case, call: str):
    """Neither and both are refused."""
    for given in ({}, {"request": "x", "tenant": "tenant-019"}):
        with pytest.raises(BadInput, match="give a request or a tenant, one of them"):
            getattr(deploy, call)(**given)


def test_the_beginning_of_an_id_is_enough_where_it_is_of_one():
    """Of several it names them; under four characters it is not looked for."""
    known = ["abcd11", "abcd22", "ffff33"]
    assert chosen("group", "ffff", known, how="see case.groups") == "ffff33"
    with pytest.raises(BadInput, match="group 'abcd' is the beginning of 2: abcd11, abcd22; write one whole"):
        chosen("group", "abcd", known, how="see case.groups")
    with pytest.raises(BadInput, match="no group 'fff'.*; a beginning has 4 or more characters; see case.groups"):
        chosen("group", "fff", known, how="see case.groups")


def test_hostile_text_of_a_log_is_shown_as_text_without_secrets(logs_alone: Case):
    """In lines, their request, the group and the record; the frame holds it as it came."""
    group = logs_alone.error_groups.ids[0]
    lines = logs_alone.group(group).lines()
    assert "password=hunter2" in lines.frame["message"].iloc[0]
    for view in (logs_alone.error_groups, logs_alone.group(group), lines, lines.request(0), lines.raw(0)):
        for shown in (view._repr_html_(), repr(view)):
            assert "hunter2" not in shown
            assert "onerror" in shown
        assert "<img" not in view._repr_html_()


def test_tenants_with_hostile_names_are_compared(logs_alone: Case):
    """A regular expression or a query is a name like any other."""
    assert len(logs_alone.logs(tenant="t2")) == 2
    with pytest.raises(BadInput, match="no tenant"):
        logs_alone.tenant("t.")


def test_what_is_no_filter_is_refused(deploy: Case):
    """A null, a list or a frame in place of a name is a slip: everybody's rows are no answer to it."""
    for given in (None, float("nan"), pd.NA, pd.NaT, [], {}, pd.Series(["tenant-019"]), pd.DataFrame(), "x" * 10**6):
        for call, names in FILTERS.items():
            for name in names:
                with pytest.raises(BadInput) as fault:
                    getattr(deploy, call)(**{name: given})
                assert "\n" not in str(fault.value)
                assert len(str(fault.value)) < 300


@pytest.mark.parametrize("given", [None, pd.NA, [], pd.DataFrame()])
def test_a_query_of_no_tenant_is_not_one_of_all(deploy: Case, given: object):
    """As for the filters."""
    with pytest.raises(BadInput, match="^tenant: .* is no name; write it as text"):
        deploy.insights("recent_errors", tenant=given)


@pytest.mark.parametrize("given", [None, float("nan"), "no", 1, pd.NA])
def test_failed_is_true_or_false(deploy: Case, given: object):
    """Nothing else is taken for one of them."""
    with pytest.raises(BadInput, match="^failed: .* is neither True nor False"):
        deploy.requests_of(failed=given)


def test_what_is_refused_is_shown_without_secrets(deploy: Case):
    """In the one line that says so."""
    secret = "password=hunter2secret"
    for given in ({"start": secret}, {"side": secret}, {"tenant": secret}, {"level": secret}, {"log_group": secret}):
        with pytest.raises(BadInput) as fault:
            deploy.logs(**given)
        assert "hunter2" not in str(fault.value).lower()


def test_numbers_of_numpy_are_numbers_of_rows(deploy: Case):
    """As `frame["n"].iloc[-1]` gives them."""
    lines = deploy.logs(level="ERROR")
    last = lines.frame["n"].iloc[-1]
    assert not isinstance(last, int)
    assert lines.raw(last).call == f"case.logs(level='ERROR').raw({last})"
    assert lines.row(last).equals(lines.frame.iloc[-1])
    assert lines.request(last).id == lines.frame["request_id"].iloc[-1]
    with pytest.raises(BadInput, match="no row 'True'; they are numbered 0 to"):
        lines.raw(True)
