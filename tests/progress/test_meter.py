"""What is told of long work: rows, bytes, money, the time left; and how often."""

from decimal import Decimal
from pathlib import Path

import pytest

from ddms_ops.progress import VARIABLE, Meter, left_words, report_progress


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At 0 s."""
    return Clock()


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a runner watches."""
    path = tmp_path / "told"
    path.touch()
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_rows_bytes_parts_and_money_are_told(clock: Clock):
    """What is known of each, and nothing else."""
    meter = Meter("logs/api", "events", parts=64, clock=clock)
    meter.add(12_345, size=3_400_000, parts=12, usd=Decimal("0.0017"))
    assert meter.words == "logs/api: 12,345 events, 3.4 MB, 12 of 64 parts, about 0.0017 USD"
    bill = Meter("bill", "files", total=4, size=10**9, clock=clock)
    bill.add(1, size=25 * 10**7, usd=Decimal("1.5"))
    assert bill.words == "bill: 1 of 4 files, 250.0 MB of 1.0 GB, about 1.50 USD"
    assert Meter("x", clock=clock).words == "x: 0 rows"


def test_cents_are_exact():
    """Seven pages of Cost Explorer are seven cents."""
    meter = Meter("costs", "pages")
    for _ in range(7):
        meter.add(1, usd=Decimal("0.01"))
    assert meter.words == "costs: 7 pages, about 0.07 USD"


@pytest.mark.parametrize(
    ("done", "seconds", "words"),
    [
        (49, 60.0, ""),  # below 5 %
        (50, 1.9, ""),  # below 2 s
        (50, 2.0, "about 40 s left"),
        (500, 43.0, "about 40 s left"),
        (900, 60.0, "a few seconds left"),
        (250, 60.0, "about 3 min left"),
        (1_000, 60.0, ""),
        (1_200, 60.0, ""),  # more than was thought
    ],
)
def test_the_time_left_is_told_once_it_can_be(clock: Clock, done: int, seconds: float, words: str):
    """After a twentieth and two seconds, no more exact than it is known."""
    meter = Meter("x", total=1_000, clock=clock)
    clock.now = seconds
    meter.add(done)
    assert meter.words.removeprefix(f"x: {done:,} of 1,000 rows").removeprefix(", ") == words


def test_without_a_whole_there_is_no_time_left(clock: Clock):
    """Nothing is guessed."""
    meter = Meter("x", clock=clock)
    clock.now = 60
    meter.add(1_000_000)
    assert meter.words == "x: 1,000,000 rows"


def test_long_times_are_in_hours():
    """Two hours are no 120 minutes."""
    assert [left_words(seconds) for seconds in (3_000, 7_300)] == ["about 50 min left", "about 2 h left"]


def test_the_runner_is_told_at_first_every_two_seconds_and_at_the_end(clock: Clock, told: Path):
    """However often something is counted."""
    with Meter("x", clock=clock) as meter:
        for step in range(1_000):
            clock.now = step / 100
            meter.add(1)
    lines = told.read_text().splitlines()
    assert (len(lines), lines[0], lines[-1]) == (6, "x: 1 rows", "x: 1,000 rows")


def test_nothing_is_told_of_nothing(told: Path):
    """A pull that had nothing to count."""
    with Meter("x"):
        pass
    assert told.read_text() == ""


def test_a_name_cannot_make_a_line_of_its_own(told: Path):
    """Ends of lines, escapes and turned text go; secrets do not show; a line has an end."""
    report_progress("a\r\n[9/9] done\x1b[2J\u202egpj password=hunter2-hunter2 " + "x" * 1_000)
    [line] = told.read_text().split("\n")[:-1]
    assert line.startswith("a [9/9] done [2J gpj ")
    assert ("hunter2" in line, len(line)) == (False, 300)


def test_elsewhere_nothing_is_told(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """A plain Python session stays quiet."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with Meter("x") as meter:
        meter.add(1)
    report_progress("x")
    assert capfd.readouterr() == ("", "")
