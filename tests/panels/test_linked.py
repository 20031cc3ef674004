"""The linked timeline: what is drawn of a case and of any series, and what it is made of."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import at, minutes, open_export, request, write_logs
from panel_builders import API, write_incident, write_trail

from ddms_ops import widgets
from ddms_ops.case import Case
from ddms_ops.errors import BadInput
from ddms_ops.panels.linked import timeline_spec
from ddms_ops.panels.linked_series import linked_series
from ddms_ops.panels.linked_spec import EVENT_COLOURS, MIME, WIDTH, rows_as_csv

HOSTILE = '<img src=x onerror=alert(1)> "; datum.x, \\"\n[a](http://evil) token=abcdef123456'
KEYS_OF_OURS = {"calculate", "filter", "labelExpr"}


def titles(spec: dict[str, Any]) -> list[str]:
    """What stands above each row."""
    return [view["title"] for view in spec["vconcat"]]


def told(source: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a data source of the chart."""
    return list(csv.DictReader(io.StringIO(source["values"])))


def row_of(spec: dict[str, Any], title: str) -> list[dict[str, str]]:
    """What is drawn in the row whose title begins so."""
    [view] = [view for view in spec["vconcat"] if view["title"].startswith(title)]
    return told(view["layer"][0]["data"])


def values_of(spec: object, key: str) -> list[object]:
    """Every value under a key, wherever in the chart."""
    if isinstance(spec, dict):
        return [*([spec[key]] if key in spec else []), *(v for each in spec.values() for v in values_of(each, key))]
    return [v for each in spec for v in values_of(each, key)] if isinstance(spec, list) else []


def steps(number: int, *, name: str = "cpu", step: str = "1s") -> pd.DataFrame:
    """A series with a rhythm."""
    times = pd.date_range(at("10:00"), periods=number, freq=step)
    return pd.DataFrame({"time": times, "series": name, "value": np.sin(np.arange(number) / 50)})


@pytest.fixture(scope="module")
def spec(usual: Case) -> dict[str, Any]:
    """The chart of a case in which every request of one tenant fails for 20 minutes."""
    return timeline_spec(usual)


def test_rates_groups_and_events_stand_below_each_other(spec: dict[str, Any]):
    """On one axis, each row with all that it says."""
    first, second, group, last = titles(spec)
    assert first.startswith("failing share of the requests a minute; dashed, in %: usual 0")
    assert (second, last) == ("requests a minute", "events")
    assert group.startswith("200 × TypeError: cannot read page")
    axes = [view["layer"][0]["encoding"]["x"]["scale"] for view in spec["vconcat"]]
    assert all(axis == axes[0] for axis in axes)


def test_the_share_is_that_of_its_minute(spec: dict[str, Any]):
    """With who was hit most; a minute without a failure is 0."""
    rows = {row["t"]: row for row in row_of(spec, "failing share")}
    minute = rows[str(int(at("10:30").timestamp() * 1000))]
    assert (minute["v"], minute["who"]) == ("0.5", "t1 (10)")
    before = rows[str(int(at("10:10").timestamp() * 1000))]
    assert (before["v"], before["who"]) == ("0", "")
    assert len(rows) == 60


def test_cells_count_a_groups_events(spec: dict[str, Any], usual: Case):
    """All of them, with the id that `case.group` takes."""
    cells = row_of(spec, "200 ×")
    assert sum(int(cell["n"]) for cell in cells) == 200
    assert {cell["group"] for cell in cells} == {usual.groups.loc[usual.groups["is_error"], "group"].iloc[0]}
    assert {cell["who"] for cell in cells} == {"t1 (10)"}
    assert int(cells[0]["t"]) == int(at("10:20").timestamp() * 1000)


def test_one_zoom_and_one_pointer_for_all_rows(spec: dict[str, Any]):
    """Every row takes part in both."""
    zoom, pointer = spec["params"]
    names = [f"row{place}" for place in range(len(spec["vconcat"]))]
    assert (zoom["bind"], zoom["views"]) == ("scales", names)
    assert [view["layer"][0]["name"] for view in spec["vconcat"]] == names
    rules = [view["layer"][-1] for view in spec["vconcat"]]
    assert [rule["mark"]["type"] for rule in rules] == ["rule"] * len(names)
    assert pointer["views"] == [*(rule["name"] for rule in rules[:-1]), names[-1]]


@pytest.mark.parametrize(("damaged", "requests"), [((), "0"), (("{no json",), "")])
def test_no_request_is_only_said_over_complete_logs(tmp_path: Path, damaged: tuple[str, ...], requests: str):
    """Else the minute is a gap; a share without requests is one anyway."""
    served = [request(clock) for clock in minutes(0, 60, 9) + minutes(0, 15) + minutes(16, 60)]
    case = open_export(write_logs(tmp_path, API, *served, *damaged))
    drawn, minute = timeline_spec(case), str(int(at("10:15").timestamp() * 1000))
    rows = [row for name in ("failing", "requests") for row in row_of(drawn, name) if row["t"] == minute]
    assert [row["v"] for row in rows] == ["", requests]


def test_changes_long_before_the_window_are_told_not_drawn_small(tmp_path: Path):
    """The axis begins at most half a window earlier."""
    write_incident(tmp_path)
    write_trail(tmp_path, "UpdateAlias", "DeleteRole")
    case = open_export(tmp_path, start="2026-03-04T10:40Z", end="2026-03-04T11:00Z")
    drawn = timeline_spec(case)
    assert "2 events before 2026-03-04 10:29 UTC" in drawn["title"]["subtitle"][0]
    assert [row["event"] for row in told(drawn["data"])][:2] == ["UpdateAlias", "DeleteRole"]


def test_text_of_records_is_only_ever_text(tmp_path: Path):
    """No expression, address, link or picture is made of it; secrets are taken out, control characters written out."""
    write_incident(tmp_path, texts=(HOSTILE,))
    write_trail(tmp_path, HOSTILE)
    drawn = timeline_spec(open_export(tmp_path))
    text = json.dumps(drawn)
    assert "abcdef123456" not in text
    for key in KEYS_OF_OURS:
        assert not [value for value in values_of(drawn, key) if "alert" in str(value) or "evil" in str(value)]
    for key in ("href", "url", "expr"):
        assert values_of(drawn, key) == []
    assert {mark["type"] for mark in values_of(drawn, "mark")} <= {"line", "point", "rect", "rule"}
    [change] = [row for row in told(drawn["data"]) if row["source"] == "change"]
    assert change["event"].startswith("<img src=x onerror=alert(1)>")
    assert "\n" not in change["event"]


def test_a_cell_cannot_begin_another():
    """Commas, quotes and line ends of a value stay in it."""
    [row] = told(rows_as_csv(("t", "event"), [(at("10:00"), 'a,"b"\r\n1,c')]))
    assert row == {"t": "1772618400000", "event": 'a,"b"\\r\\n1,c'}


def test_colours_can_be_told_from_both_grounds():
    """3 to 1 against white and against the dark theme's grey (WCAG 1.4.11)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in EVENT_COLOURS.values():
        assert 1.05 / (luminance(colour) + 0.05) >= 3, colour
        assert (luminance(colour) + 0.05) / (luminance("#333333") + 0.05) >= 3, colour


def test_of_a_long_series_few_points_are_drawn_and_it_says_so():
    """Four a column of pixels at most; 100,000 points fit into half a megabyte."""
    spec, twin = linked_series(pd.concat([steps(50_000), steps(50_000, name="memory")]), title="Machine")
    drawn = [told(view["layer"][0]["data"]) for view in spec["vconcat"]]
    assert all(len(rows) <= 4 * WIDTH for rows in drawn)
    assert titles(spec)[0] == f"cpu ({len(drawn[0]):,} of 50,000 points drawn)"
    assert "first, last, least and greatest point" in repr(twin)
    assert len(json.dumps(spec)) < 500_000


def test_a_series_without_a_rhythm_is_points():
    """A line would tell of what lies between; with a gap given it is one, and breaks there."""
    rng = np.random.default_rng(3)
    chance = steps(200).assign(time=at("10:00") + pd.to_timedelta(rng.exponential(30, 200).cumsum(), unit="s"))
    kinds = [layer["mark"]["type"] for layer in linked_series(chance)[0]["vconcat"][0]["layer"]]
    assert kinds == ["point"]
    lined = linked_series(chance, gap=pd.Timedelta("60s"))[0]["vconcat"][0]["layer"]
    breaks = [row for row in told(lined[0]["data"]) if not row["v"]]
    assert lined[0]["mark"]["type"] == "line"
    assert len(breaks) == (chance["time"].diff() > pd.Timedelta("60s")).sum() > 0


def test_many_series_are_counted_not_crowded():
    """The largest are shown."""
    frame = pd.concat([steps(20 + number, name=f"s{number}") for number in range(11)])
    spec, twin = linked_series(frame)
    assert [title.split()[0] for title in titles(spec)] == [f"s{number}" for number in range(10, 2, -1)]
    assert "3 series with no more points left out." in repr(twin)


def test_a_person_has_the_chart_and_an_export_the_figure(usual: Case, monkeypatch: pytest.MonkeyPatch):
    """Of a frame as of a case; a run without a person saves no chart."""
    monkeypatch.delenv("DDMS_OPS_PROGRESS", raising=False)
    for control in (widgets.series(steps(30)), widgets.timeline(usual)):
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
        alone = control._repr_mimebundle_()
        assert (set(alone), alone["text/plain"]) == ({"image/png", "text/plain"}, repr(control))
        monkeypatch.setenv("JPY_SESSION_NAME", "notes.ipynb")
        data = control._repr_mimebundle_()
        assert data == alone | {MIME: data[MIME]}
        assert data[MIME]["vconcat"]


def test_names_and_titles_are_text(capfd: pytest.CaptureFixture[str]):
    """In words, chart and figure: secrets are taken out, and no sign is drawn that the font lacks."""
    spec, twin = linked_series(steps(9, name="a$b$ 図 password=hunter2-hunter2"), title="token=abcdef123456\n$x$")
    assert not [secret for secret in ("hunter2", "abcdef123456") if secret in json.dumps(spec) + repr(twin)]
    assert "\n" not in repr(twin)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (["10:00"], "drawn from a frame, not from list"),
        (steps(3).drop(columns="value"), "no column value; name yours with .* and value=: there are time, series"),
        (steps(3).assign(time="10:00"), "no times with a zone"),
        (steps(3).assign(value="1"), "no numbers"),
        (steps(3).head(0), "no point"),
    ],
)
def test_what_cannot_be_drawn_is_told(frame: pd.DataFrame, words: str):
    """In one line, with what would work."""
    with pytest.raises(BadInput, match=words):
        linked_series(frame)
