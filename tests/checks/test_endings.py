"""When an error that is new is said to be over: not in a pause between its events."""

from pathlib import Path

import pytest
from builders import envelope, open_export

from ddms_ops.window import iso

OVER = [f"10:{minute}" for minute in range(20, 40)]
PAUSED = [*OVER, "10:58"]


def said(root: Path, clocks: list[str]) -> tuple[str, str]:
    """What is said of an error at these times beside a request each 20 seconds, and when it was seen last."""
    fine = {"level": "info", "message": "served", "status": 200, "path": "/list"}
    bad = {"level": "error", "message": "no quote", "status": 500, "path": "/quotes"}
    lines = [envelope(f"{hour:02d}:{n // 3:02d}:{n % 3 * 20:02d}", fine) for hour in (9, 10) for n in range(180)]
    lines += [envelope(f"{clock}:30", bad) for clock in clocks]
    folder = root / "logs" / "api"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text("".join(line + "\n" for line in lines))
    [finding] = open_export(root, system="generic").result("new_errors").findings
    return finding.statement, iso(finding.last_seen)


@pytest.mark.parametrize(
    ("clocks", "words", "last"),
    [(PAUSED, "still going on at the end", "2026-03-04T10:58:30Z"), (OVER, "over by 10:40", "2026-03-04T10:39:30Z")],
)
def test_a_pause_between_its_events_is_no_end(tmp_path: Path, clocks: list[str], words: str, last: str):
    """Where the next event may still come, it is going on; after a longer silence than any between them it is over."""
    statement, seen = said(tmp_path, clocks)
    assert words in statement
    assert seen == last
