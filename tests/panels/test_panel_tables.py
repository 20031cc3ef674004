"""Tables of error groups and tenants: what they show, and what of it is hidden."""

import re
from pathlib import Path

import pytest
from builders import minutes, open_export, request, write_logs
from panel_builders import API, WORKER, incident, job, write_incident

from ddms_ops.case import Case
from ddms_ops.panels import groups_table, tenants_table, threads_panel


def caption(shown: object) -> str:
    """The line above a table."""
    return shown.text.splitlines()[0]


def test_a_group_shows_what_was_masked_and_three_examples(usual: Case):
    """In one cell with the template; its numbers stand in the columns after it."""
    shown = groups_table(usual)
    assert shown.text.splitlines()[1] == "what it says | events | baseline | trend | first seen (UTC)"
    assert shown.text.splitlines()[2].startswith(
        "TypeError: cannot read page <*> | <*>: 0, 1, 2"
        " | e.g. cannot read page 0 | e.g. cannot read page 1 | e.g. cannot read page 2 | group "
    )
    assert shown.text.splitlines()[2].endswith(" | 200 | 0 | new | 10:20:00")
    assert shown.html.count("<th ") == 5


def test_a_baseline_that_was_not_read_is_no_zero(tmp_path: Path):
    """The export of the worker begins with the window; what the API shows is compared."""
    jobs = [job(clock, status="FAILED" if clock < "10:10" else "COMPLETED") for clock in minutes(0, 60)]
    rows = groups_table(open_export(write_logs(write_incident(tmp_path), WORKER, *jobs))).text.splitlines()[2:]
    ends = {row.split(":")[0]: row.split(" | ")[-4:] for row in rows}
    assert ends["ENOENT"] == ["100", "not read", "unknown", "10:00:00"]
    assert ends["TypeError"] == ["200", "0", "new", "10:20:00"]


def test_what_was_masked_is_redacted_in_its_place(tmp_path: Path):
    """A value alone does not tell that it is a secret; the words before it do."""
    texts = (
        "no access with password=hunter{n} in {n} ms",
        "mail to a{n}@example.com bounced after {n} s",
        "refused: Bearer abcdefgh{n}abcdefgh, page {n}",
    )
    shown = groups_table(incident(tmp_path, texts=texts))
    masked = {re.sub(r"\d, \d, \d", "n", line.split(" | ")[1]) for line in shown.text.splitlines()[2:]}
    persons = r"\[email [0-9a-f]{6}\]"
    assert {re.sub(persons, "person", each) for each in masked} == {"<*>: n", "<*>: person, person, person · n"}
    assert not [word for word in ("hunter", "example.com", "abcdefgh") if word in shown.text + shown.html]


def test_long_values_are_cut(tmp_path: Path):
    """A placeholder may stand for a whole path; what varies is often its end."""
    shown = groups_table(incident(tmp_path, texts=("cannot open /var/" + "x" * 60 + "/{n}.bin",)))
    assert "<*>: /var/" + "x" * 19 + "…" + "x" * 10 + "/0.bin, " in shown.text


@pytest.mark.parametrize(
    ("hit", "now", "words"),
    [
        (
            ("t0", "t1", "t2", "t3"),
            ("t0", "t1", "t2", "t3"),
            "all 4 tenants with traffic were hit; most requests hit first",
        ),
        (
            ("t1",),
            ("t0", "t1", "t2"),
            "1 of 3 tenants with traffic was hit; not hit: 2 (t2, t0);"
            " not known, for they had traffic in the baseline only: 1 (t3)",
        ),
    ],
)
def test_tenants_hit_not_hit_and_not_seen(tmp_path: Path, hit: tuple, now: tuple, words: str):
    """What there is none of is not said."""
    assert caption(tenants_table(incident(tmp_path, hit=hit, now=now))) == words


def test_a_tenant_hit_alone(usual: Case):
    """Those with traffic and without it are named."""
    assert caption(tenants_table(usual)) == "1 of 4 tenants with traffic was hit; not hit: 3 (t0, t2, t3)"


def test_the_highest_share_is_named_where_it_is_not_the_first(tmp_path: Path):
    """Most hit by number is not hardest hit; of those with little traffic nothing is said."""
    hit, now = ("t0", "t0", "t0", "t1", "t1", "t2"), ("t0", "t0", "t0", "t0", "t1", "t2")
    above, names, first, *_ = tenants_table(incident(tmp_path, hit=hit, now=now)).text.splitlines()
    assert "; most requests hit first; highest share among the busier half: t1 (49.6%, 66 of 133)" in above
    assert names == "tenant | requests hit | its requests since it began | share hit"
    assert first.startswith("t0 | 101 | ")


def test_tables_of_a_sample_say_so(sample: Case):
    """Their counts are the sample's."""
    assert f"all of a sample of 1 in {sample.sample[0]} log events" in caption(groups_table(sample))
    assert f"(in a sample of 1 in {sample.sample[0]})" in caption(tenants_table(sample))


def test_jobs_are_called_jobs(tmp_path: Path):
    """Tenants of failed jobs are hit in their jobs."""
    lines = [job(clock, status="FAILED" if clock > "10:20" else "COMPLETED") for clock in minutes(0, 60)]
    write_logs(tmp_path, WORKER, *[job(clock) for clock in minutes(0, 60, 9)], *lines)
    assert tenants_table(open_export(tmp_path)).text.splitlines()[1].startswith("tenant | jobs hit | its jobs since")


def test_milliseconds_are_written_out(tmp_path: Path):
    """A long request is no power of ten."""
    calls = [request(clock, status=500, path="/search", ms=14350) for clock in minutes(20, 40)]
    write_incident(tmp_path)
    write_logs(tmp_path, API, *calls, name="part-1.jsonl")
    assert "| 14,350 |" in threads_panel(open_export(tmp_path)).text
