"""What the notebook shows of a tenant audit: escaped, redacted, and never more than can be read."""

from pathlib import Path

import pytest
from annex_builders import crossing, crossings, gaps
from audited_case import Audit, cell, profile

from ddms_ops.checks.trail_basis import NO_TRAIL, NOT_DECLARED
from ddms_ops.panels.annex import annex_panel, containment
from ddms_ops.panels.tenants_audit import disclosures_table, explained_table, leak_matrix, verdict_table
from ddms_ops.profile import load_profile

HOSTILE = "<img src=x onerror=alert(1)>"
PANELS = (leak_matrix, disclosures_table, explained_table, verdict_table, annex_panel, containment)


def rule(name: str, since: str, until: str) -> dict:
    """An exception of the profile."""
    return {"name": name, "reason": "drill", "owner": "ops", "since": since, "until": until, "where": {"user": ["u1"]}}


def test_the_matrix_has_null_classes_first_and_leaves_the_diagonal_out():
    """Rows that name nobody are loud; own records are no crossing."""
    cells = (cell("acme", "acme", 900), cell("globex", "acme", 50), cell(None, "acme", 5), cell("acme", None, 7))
    text = leak_matrix(Audit(cells=cells)).text.splitlines()
    assert text[0] == "Rows across tenants, before any excuse: 50 of 962; 12 more name no actor or no owner"
    assert [line.split(" | ")[:4] for line in text[2:5]] == [
        ["acme", "owner not known", "served", "7"],
        ["nobody knows who", "acme", "served", "5"],
        ["globex", "acme", "served", "50"],
    ]
    assert text[-1] == "A comparison of a row's own two tenants names 50 rows, and 0 of the 0 disclosures."


def test_the_plain_rule_compares_what_the_row_itself_names():
    """Not the tenant that the user was looked up to be."""
    cells = (cell("globex", "acme", 50), cell("acme", "acme", 900))
    assert "own two tenants names 0 rows" in leak_matrix(Audit(cells=cells, stated="acme")).text
    words = "The rows name one tenant only: a comparison of a row's own two tenants shows nothing."
    assert leak_matrix(Audit(cells=cells, stated=None)).text.splitlines()[-1] == words


@pytest.mark.parametrize("panel", PANELS[:-1], ids=lambda panel: panel.__name__)
def test_a_system_without_tenants_is_said_to_declare_none(panel, tmp_path: Path):
    """In one sentence instead of a table over nothing, and without a file for anybody."""
    shown = panel(Audit(profile=load_profile("generic"), folder=tmp_path))
    assert shown.text == f"T{NOT_DECLARED[1:]}."
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("panel", PANELS[:-1], ids=lambda panel: panel.__name__)
def test_tenants_without_a_trail_are_no_quiet_day(panel, tmp_path: Path):
    """What is read from the trail says that there is none; no file is written."""
    shown = panel(Audit(profile=profile(trail=None), folder=tmp_path))
    assert f"T{NO_TRAIL[1:]}." in shown.text
    assert "confidentiality" not in shown.text
    assert not list(tmp_path.iterdir())


def test_without_a_trail_other_sources_still_make_an_annex(tmp_path: Path):
    """Where they show a disclosure."""
    case = Audit(crossings(crossing("10:01")), profile=profile(trail=None), folder=tmp_path)
    assert "1 tenant affected" in annex_panel(case).text
    assert "acme | globex" in disclosures_table(case).text


def test_a_long_matrix_says_how_much_more_there_is():
    """Twenty cells, and the sum of the others."""
    cells = tuple(cell(f"a{n}", "acme", 100 - n) for n in range(30))
    assert "and 10 more cells |  |  | 755" in leak_matrix(Audit(cells=cells)).text


def test_no_rows_are_not_an_empty_matrix():
    """Nothing can be said over nothing."""
    assert leak_matrix(Audit()).text == "The audit trail has no rows in the window, so nothing can be said."


def test_disclosures_are_told_with_times_kind_witnesses_and_why():
    """One line a record, action and kind."""
    rows = [
        crossing("10:01", witnesses="cache"),
        crossing("10:09", witnesses="cache"),
        crossing("10:10", "d2", "unknown"),
    ]
    text = disclosures_table(Audit(crossings(*rows))).text
    assert text.startswith("2 disclosures in 1 line; of 1 more row it cannot be told")
    line = "d1 | document, view | acme | globex | 2026-03-04 10:01:00 UTC | 2026-03-04 10:09:00 UTC | 2"
    assert f"{line} | token against cache key | also seen: token against cache key" in text


def test_kinds_are_words_and_what_holds_for_most_is_said_once():
    """Why nothing excuses it stands in a row only where it is another reason than above."""
    rows = [crossing(f"10:0{n}", f"d{n}", kind="owner_only") for n in range(3)]
    alike = disclosures_table(Audit(crossings(*rows))).text
    assert alike.startswith("3 disclosures in 3 lines; no grant\n")
    assert alike.count("no grant") == 1
    assert alike.endswith("1 | only the record is another tenant's")
    rows.append(crossing("10:09", "d9", kind="ended_share", why="a share ended"))
    mixed = disclosures_table(Audit(crossings(*rows))).text
    assert mixed.startswith("4 disclosures in 4 lines; no grant, but where a row says otherwise\n")
    assert mixed.endswith("1 | share not in force then | a share ended")


def test_nothing_disclosed_is_said_in_words():
    """With what cannot be told; over no rows, nothing can."""
    assert disclosures_table(Audit(cells=(cell("a", "a", 1),))).text == "No row of the window shows a disclosure."
    assert disclosures_table(Audit()).text == "The audit trail has no rows in the window, so nothing can be said."


def test_rules_are_told_with_the_rows_they_explain_and_expired_ones_by_name():
    """An expired rule explains nothing, and says so."""
    rules = [
        rule("drill", "2026-01-01T00:00Z", "2027-01-01T00:00Z"),
        rule("old", "2025-01-01T00:00Z", "2026-01-01T00:00Z"),
    ]
    rows = [crossing(f"10:0{n}", verdict="explained", rule="rule drill", why="drill") for n in range(3)]
    text = explained_table(Audit(crossings(*rows), profile=profile(exceptions=rules))).text
    assert text.startswith("3 rows explained")
    assert "rule drill | 3 | 2026-03-04 10:00:00 UTC" in text
    dates = "in force 2025-01-01 00:00:00 to 2026-01-01 00:00:00 UTC"
    assert f"rule old | 0 | – | – | expired | {dates} | drill; ops answers for it" in text


def test_one_reason_of_several_is_said_to_be_an_example():
    """Two shares are not one."""
    rows = [crossing(f"10:0{n}", verdict="explained", rule="share", why=f"a share {n}") for n in range(2)]
    assert explained_table(Audit(crossings(*rows))).text.endswith(" | 2 reasons, e.g. a share 0")


def test_a_used_rule_that_expires_in_the_window_has_one_row():
    """With its dates beside the reason."""
    rows = [crossing("10:01", verdict="explained", rule="rule drill", why="drill")]
    rules = [rule("drill", "2026-03-04T10:00Z", "2026-03-04T10:30Z")]
    lines = explained_table(Audit(crossings(*rows), profile=profile(exceptions=rules))).text.splitlines()[2:]
    dates = "in force 2026-03-04 10:00:00 to 2026-03-04 10:30:00 UTC"
    stamp = "2026-03-04 10:01:00 UTC"
    assert lines == [f"rule drill | 1 | {stamp} | {stamp} | drill | expires in the window | {dates}"]


def test_the_verdict_is_told_stretch_by_stretch_with_tenants():
    """Exact to the row, why, and whom it concerns."""
    text = verdict_table(Audit(crossings(crossing("10:30")), gaps(("10:20:01.25", "10:24")))).text
    assert text.startswith("leaked: in 2026-03-04 10:00–11:00 UTC")
    assert "2026-03-04 10:20:01.250000 | 2026-03-04 10:24:00 | cannot tell | all | 3 numbers" in text
    assert "Where more may hide" in text
    assert "affected | 1 | acme" in text
    assert "cannot tell | 1 | initech" in text


def test_the_annex_marks_what_people_must_supply(tmp_path: Path):
    """And counts the hours from the stated awareness only."""
    case = Audit(crossings(crossing("10:01")), folder=tmp_path)
    assert "Art. 33(3)(c) | Likely consequences | to be supplied by people" in annex_panel(case).text
    assert "72 hours | to be supplied by people | awareness time not stated" in annex_panel(case).text
    assert "72 hours | due 2026-03-07T12:00:00Z, 64.0 h left" in annex_panel(case, aware="2026-03-04T12:00Z").text


def test_containment_is_a_checklist_of_the_runbook():
    """In its order, to be ticked by hand."""
    case = Audit(profile=profile(containment=["disable access", "tell security"]))
    assert containment(case).text.splitlines()[2:] == ["☐ | 1 | disable access", "☐ | 2 | tell security"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.__name__)
def test_panels_escape_and_redact_whatever_a_trail_holds(panel, tmp_path: Path):
    """Ids, records and reasons are hostile; an address in them is taken out."""
    named = dict.fromkeys(("actor", "owner", "user", "action", "kind", "witnesses"), f"{HOSTILE}a@b.example")
    rows = [crossing("10:01", HOSTILE, why=HOSTILE, **named)]
    rows += [crossing("10:02", HOSTILE, "explained", rule=HOSTILE, why="me@b.example")]
    told = profile(containment=[HOSTILE])
    case = Audit(crossings(*rows), cells=(cell(HOSTILE, "me@b.example", 3),), profile=told, folder=tmp_path)
    shown = panel(case)
    assert "<img" not in shown.html
    assert "b.example" not in shown.html + shown.text
