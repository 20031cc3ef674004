"""The breach annex: what Art. 33(3) GDPR asks for, told as far as the trail tells it."""

import pandas as pd
from annex_builders import crossing, crossings, gaps, judged
from builders import at

from ddms_ops.report.annex import BY_PEOPLE, Annex, breach_annex

NOW = at("20:00")


def annexed(frame: pd.DataFrame, lacking: pd.DataFrame | None = None, **given: object) -> Annex:
    """The annex over such crossings."""
    return breach_annex(frame, judged(frame, lacking, "acme", "initech"), **{"now": NOW, **given})


def test_records_are_counted_once_however_often_they_were_read():
    """Disclosed ones at least, with those that may have been at most; blocked and explained ones nowhere."""
    rows = [crossing("10:01"), crossing("10:02"), crossing("10:03", "d2"), crossing("10:04", "d3", "unknown")]
    rows += [crossing("10:05", "d4", "blocked"), crossing("10:06", "d5", "explained")]
    annex = annexed(crossings(*rows))
    assert str(annex.records) == "at least 2 to 3"
    assert (annex.first, annex.last) == (at("10:01"), at("10:03"))


def test_a_whole_trail_gives_exact_numbers_and_a_gap_at_least():
    """What a gap hides may add to every number."""
    frame = crossings(crossing("10:01"))
    assert str(annexed(frame).records) == "1"
    assert str(annexed(frame, gaps(("10:20", "10:24"))).records) == "at least 1"


def test_tenants_affected_and_verified_unaffected_are_told_apart():
    """With their records and accesses, first and last; who reached them is told too."""
    rows = [crossing("10:01"), crossing("10:09"), crossing("10:05", "x", owner="umbrella")]
    annex = annexed(crossings(*rows))
    assert annex.tenants.to_numpy().tolist() == [
        ["acme", "1", 2, at("10:01"), at("10:09")],
        ["umbrella", "1", 1, at("10:05"), at("10:05")],
    ]
    assert (annex.unaffected, annex.cannot_tell, annex.actors) == (("initech",), (), ("globex",))


def test_categories_come_from_the_profile_and_others_are_not_lost():
    """Record types without a category stand for themselves."""
    rows = [crossing("10:01"), crossing("10:02", "p1", record_type="payslip")]
    annex = annexed(crossings(*rows), categories={"payslip": "pay"})
    assert {name: str(number) for name, number in annex.categories} == {
        "pay": "1", "of a kind that the profile names no category for": "1"
    }  # fmt: skip


def test_every_item_of_article_33_is_told_or_marked_for_people():
    """(a) to (d), none left out, none invented."""
    annex = annexed(crossings(crossing("10:01")))
    asked = {item.article for item in annex.items}
    assert {f"Art. 33(3)({letter})" for letter in "abcd"} <= asked
    marked = [item.title for item in annex.items if not item.is_supplied]
    assert marked == [
        "Categories of data subjects", "Number of data subjects", "Data protection officer or other contact",
        "Likely consequences", "Measures taken or proposed", "72 hours", "Whether data subjects are to be told",
    ]  # fmt: skip
    assert all(item.text for item in annex.items)


def test_seventy_two_hours_run_from_the_stated_awareness():
    """Due three days on; the hours left by the clock that is given, none of its own."""
    deadline = annexed(crossings(crossing("10:01")), aware=at("12:00")).deadline
    assert (deadline.due, deadline.hours_left) == (at("12:00") + pd.Timedelta(hours=72), 64.0)
    assert str(deadline) == "due 2026-03-07T12:00:00Z, 64.0 h left"


def test_a_deadline_that_has_passed_asks_for_the_reasons():
    """Art. 33(1), second sentence."""
    late = annexed(crossings(crossing("10:01")), aware=at("12:00"), now=at("12:00") + pd.Timedelta(hours=80))
    assert str(late.deadline) == "due 2026-03-07T12:00:00Z, over since 8.0 h; the reasons for the delay go with it"


def test_awareness_that_nobody_stated_is_no_clock():
    """It is never guessed from the trail."""
    annex = annexed(crossings(crossing("10:01")))
    clock = next(item for item in annex.items if item.title == "72 hours")
    assert (annex.deadline, clock.text) == (None, f"{BY_PEOPLE}: awareness time not stated")


def test_nothing_disclosed_says_the_verdict_and_no_breach():
    """The annex can be made, and names nobody."""
    annex = annexed(crossings(), gaps(("10:20", "10:24")))
    assert annex.items[0].text == "loss of confidentiality: no disclosure is shown; the verdict is: cannot tell"
    assert (len(annex.tenants), str(annex.records), annex.first) == (0, "at least 0", None)


def test_the_phase_is_the_first_unless_told():
    """Art. 33(4)."""
    frame = crossings(crossing("10:01"))
    assert (annexed(frame).phase, annexed(frame, phase=2).phase) == (1, 2)
