"""What is charged once a month, or came back, is told with what it cost before."""

import pytest
from cost_builders import day, line, rises, series


def test_month_end_and_first_of_month_are_usual_where_the_last_ones_were_alike():
    """Invoices are written on the last day; the window holds the 31st."""
    values = [100.0] * 58
    values[26] = values[57] = 300.0
    assert rises(series(values)) == []
    assert [rise.start for rise in rises(series([100.0] * 57 + [300.0]))] == [day("2026-03-31")]


def test_a_monthly_fee_is_no_rise():
    """Where the first of the month before cost about as much."""
    hosted = [line("2026-03-01", 50, "Route 53/HostedZone"), line("2026-04-01", 80, "Route 53/HostedZone")]
    assert rises(series([10.0] * 60), hosted) == []
    assert rises(series([10.0] * 60), hosted, window=40) == rises(series([10.0] * 63), hosted[:1]) == []


@pytest.mark.parametrize("days", [60, 59])
def test_what_is_new_on_a_first_of_the_month_is_told_with_a_note(days: int):
    """Whether or not the bill goes on: a job may have run once."""
    [rise] = rises(series([10.0] * days), line("2026-04-01", 80, "Route 53/HostedZone"))
    assert (rise.start, rise.is_new) == (day("2026-04-01"), True)
    assert rise.notes == ("it began with a month: it may be a monthly fee",)


def test_a_monthly_line_that_costs_much_more_is_a_rise():
    """5 on the first of March, 5,000 on that of April."""
    job = [line("2026-03-01", 5, "Athena/Scan"), line("2026-04-01", 5000, "Athena/Scan")]
    assert [rise.service for rise in rises(series([10.0] * 60), job)] == ["Athena"]


def test_a_job_of_a_month_is_told_with_its_cost_a_month_before():
    """On the 15th and 16th; two such months before make it usual."""
    [rise] = rises(series([100] * 13 + [400] + [100] * 28 + [400, 100, 100]))
    assert rise.notes == ("a month before, on 2026-02-15, it cost 400.00",)
    assert rises(series([400 if n in (5, 36, 64) else 100 for n in range(67)])) == []


def test_what_comes_back_after_a_week_of_nothing_is_told_with_what_it_cost():
    """Nothing is expected of it: not a fraction of a cent either."""
    [rise] = rises(series([100, 97, 104] * 12 + [None] * 7 + [100, 103, 99]), series([9] * 46, "B/u"))
    assert (rise.expected, rise.is_new) == (0, False)
    assert rise.notes == ("it cost as much on 36 days before, last on 2026-03-09",)
