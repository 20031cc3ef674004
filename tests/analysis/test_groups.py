"""Groups of events and their comparison with a baseline."""

import pandas as pd
import pytest
from builders import log_frame

from ddms_ops.analysis.group_rates import group_table
from ddms_ops.analysis.groups import group_ids, is_error, with_groups

QUIET = [f"10:{minute:02d} INFO request completed" for minute in range(60)]


def test_counts_add_up_to_the_events_read():
    """Every event is in exactly one group."""
    logs = log_frame("10:01 ERROR pool timeout 5 ms", "10:02 ERROR pool timeout 7 ms", "10:02 INFO ok", "10:03 ERROR x")
    table = group_table(logs, log_frame("09:01 INFO ok"))
    assert table["events"].sum() == 4
    assert table["baseline_events"].sum() == 1


def test_variants_of_one_error_are_one_group():
    """Different numbers in one text do not part it."""
    table = group_table(log_frame("10:01 ERROR pool timeout 5 ms", "10:02 ERROR pool timeout 7 ms"), log_frame())
    assert table[["template", "events"]].values.tolist() == [["pool timeout <*> ms", 2]]


def test_row_order_does_not_matter():
    """The same events in another order give the same table."""
    lines = ["10:01 ERROR a 1", "10:02 ERROR b 2", "10:03 INFO c", "10:04 ERROR a 3"]
    forward, backward = group_table(log_frame(*lines), log_frame()), group_table(log_frame(*lines[::-1]), log_frame())
    pd.testing.assert_frame_equal(forward, backward)


def test_an_error_and_the_same_words_as_info_are_apart():
    """Level parts what is an error from what is not."""
    table = group_table(log_frame("10:01 ERROR disk full", "10:01 INFO disk full"), log_frame())
    assert sorted(table["is_error"].tolist()) == [False, True]


def test_double_traffic_with_double_errors_is_no_rise():
    """Rates are per event that is no error."""
    now = log_frame(*QUIET, *QUIET, *(["10:05 ERROR boom"] * 20))
    before = log_frame(*QUIET, *(["10:05 ERROR boom"] * 10))
    boom = group_table(now, before).query("is_error").iloc[0]
    assert boom["ratio"] == 1
    assert boom["p_value"] == 1


def test_a_new_error_is_infinitely_more_frequent():
    """A group that the baseline lacks has an infinite ratio and a small p-value."""
    now = log_frame(*QUIET, *(["10:05 ERROR boom"] * 20))
    boom = group_table(now, log_frame(*QUIET)).query("is_error").iloc[0]
    assert boom["ratio"] == float("inf")
    assert boom["p_value"] < 1e-5


def test_without_a_baseline_nothing_is_claimed():
    """No traffic in the baseline means no ratio and a p-value of 1."""
    boom = group_table(log_frame(*QUIET, "10:05 ERROR boom"), log_frame()).query("is_error").iloc[0]
    assert pd.isna(boom["ratio"])
    assert boom["p_value"] == 1


def test_each_group_says_how_it_changed():
    """New, gone, rising, falling or unchanged, by the corrected p-value."""
    now = log_frame(
        *QUIET, *["10:05 ERROR new"] * 20, *["10:05 ERROR up"] * 60, *["10:05 ERROR down"] * 3, "10:05 ERROR same"
    )
    before = log_frame(
        *QUIET, *["9:05 ERROR old"] * 20, *["9:05 ERROR up"] * 5, *["9:05 ERROR down"] * 60, "9:05 ERROR same"
    )
    table = group_table(now, before).query("is_error").set_index("template")
    trends = {"new": "new", "old": "gone", "up": "rising", "down": "falling", "same": "unchanged"}
    assert table["trend"].to_dict() == trends


def test_the_interval_holds_the_ratio():
    """The 95 % interval lies around the ratio and narrows with the counts."""
    few, many = (
        group_table(log_frame(*QUIET, *["10:05 ERROR x"] * 2 * n), log_frame(*QUIET, *["9:05 ERROR x"] * n))
        for n in (5, 80)
    )
    low, high = (table.query("is_error").iloc[0] for table in (few, many))
    assert low["ratio_low"] < high["ratio_low"] < 2 < high["ratio_high"] < low["ratio_high"]


def test_more_debug_lines_do_not_thin_errors():
    """A lower log level brings more lines, not more exposure: the error rate stays as it was."""
    now = log_frame(*QUIET, *["10:05 DEBUG cache hit"] * 600, *["10:05 ERROR boom"] * 20)
    before = log_frame(*QUIET, *["9:05 ERROR boom"] * 20)
    assert group_table(now, before).query("is_error").iloc[0]["ratio"] == 1


def test_what_was_not_read_on_both_sides_is_not_compared():
    """Groups go by their events in other log groups; without any, or gainsaid by what was left out, it is unknown."""
    unread, before = ({"log_group": "worker", "pull": f"{side}/worker"} for side in ("logs", "logs.baseline"))
    now = pd.concat(
        [
            log_frame(*QUIET, *["10:05 ERROR both"] * 20, *["10:05 ERROR was"] * 20),
            log_frame(*["10:05 ERROR both"] * 900, "10:05 ERROR only", "10:06 ERROR went", **unread),
        ]
    )
    then = pd.concat(
        [
            log_frame(*QUIET, *["9:05 ERROR both"] * 20, "9:05 ERROR went"),
            log_frame("9:05 ERROR was", **before),
        ]
    )
    table = group_table(now, then, not_compared={"logs/worker", "logs.baseline/worker"})
    table = table.query("is_error").set_index("template")
    assert table["trend"].to_dict() == {"both": "unchanged", "was": "unknown", "only": "unknown", "went": "unknown"}
    assert table["ratio"].dropna().to_dict() == {"both": 1}
    assert table["events"].to_dict() == {"both": 920, "was": 20, "only": 1, "went": 1}


@pytest.mark.parametrize(
    ("level", "status", "failed"),
    [("INFO", "200", True), ("", "", True), ("INFO", "404", False), ("WARN", "200", False), ("DEBUG", "", False)],
)
def test_an_error_in_a_field_counts_though_the_level_does_not_say_so(level, status, failed):
    """An event that states an error failed, unless it was handled or the client's fault."""
    frame = log_frame(f"10:00 {level or 'INFO'} done", status=status)
    frame = frame.assign(states_error=True, level=pd.Categorical([level or None]))
    assert is_error(frame).tolist() == [failed]


def test_errors_with_a_trace_go_by_its_frames():
    """One exception from one place is one group whatever its message says; from another place it is another."""
    trace = "ValueError: {}\n    at save (/app/src/{}.js:10:5)\n    at run (/app/src/main.js:1:1)"
    lines = ["10:00 ERROR bad name Ada", "10:01 ERROR wrong colour", "10:02 ERROR bad name Ada"]
    traces = [trace.format("a", "orders"), trace.format("b", "orders"), trace.format("a", "users")]
    frame = with_groups(log_frame(*lines, error="ValueError").assign(trace=pd.Categorical(traces)))
    first, second, third = frame["group"]
    assert first == second != third


def test_frames_are_of_errors_alone():
    """The trace of an event that is no error parts nothing and is not shown."""
    trace = "Error: x\n    at save (/app/src/orders.js:10:5)"
    frame = with_groups(log_frame("10:00 INFO x", "10:01 ERROR x").assign(trace=pd.Categorical([trace] * 2)))
    assert frame["frames"].isna().tolist() == [True, False]


def test_different_keys_never_share_an_id():
    """Where the first digits are the same the ids are longer, in any order of the keys."""
    keys = [(str(number), "") for number in range(40)]
    forward, backward = group_ids(keys, digits=1), group_ids(keys[::-1], digits=1)
    assert len(set(forward)) == 40
    assert forward == backward[::-1]


def test_an_id_has_twelve_digits():
    """A key has one id however often it stands there."""
    first, second = group_ids([("a",), ("a",)])
    assert first == second
    assert len(first) == 12
