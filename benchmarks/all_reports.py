"""A whole report of every simulated incident, as `ddms-ops demo` makes it, opened in a headless Chromium.

    python benchmarks/all_reports.py [--system dms ...] [--only NAME ...] [--events 5000] [--seed 11] [--shots DIR]

One row a scenario: exit code, seconds, whether what was planted stands in the headline of post_mortem.html, the size of
the largest page, and what the browser complained of: a message of its console, a request, a dialog, a page wider than
390 pixels. With --shots each post-mortem is pictured, light, dark and narrow.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ddms_ops.simulate import SYSTEMS, write_case

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWS = {
    "light": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
HEADLINE = "What happened?"
RUN = "import sys; from ddms_ops.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(slots=True)
class Made:
    """One report and what was seen of it."""

    system: str
    scenario: str
    folder: Path
    truth: dict[str, object]
    exit_code: int
    seconds: float
    complaints: list[str] = field(default_factory=list)
    is_told: bool | None = None

    @property
    def largest_kb(self) -> float:
        """Size of the largest page."""
        return max((page.stat().st_size for page in self.folder.glob("*.html")), default=0) / 1000


def make(system: str, scenario: str, work: Path, *, seed: int, events: int) -> Made:
    """Simulate an incident and run the notebooks on it, in a process of its own."""
    case = write_case(system, scenario, work / "simulated" / f"{system}-{scenario}", seed=seed, events=events)
    out = work / "reports"
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RUN, "run", str(case.incident), "--out", str(out)], capture_output=True, check=False
    )
    seconds = time.perf_counter() - began
    folder = out / f"demo-{system}-{scenario.replace('_', '-')}"
    truth = json.loads(case.truth.read_text())
    return Made(system, scenario, folder, truth, done.returncode, seconds)


def planted_words(truth: dict[str, object]) -> list[str]:
    """Words of what was planted, any of which must stand in the headline; none where nothing was."""
    if truth.get("is_quiet"):
        return []
    says = truth.get("says") or []
    words = [str(says[0])] if isinstance(says, list) and says else []
    causes = truth.get("causes") or [truth]
    assert isinstance(causes, list)
    words += [str(cause["message_contains"]) for cause in causes if cause.get("message_contains")]
    return words


def look(browser: object, made: Made, shots: Path | None) -> None:
    """Open every page of a report; note what is wrong, and whether the headline tells what was planted."""
    for path in sorted(made.folder.glob("*.html")):
        for view, options in VIEWS.items() if path.name == "post_mortem.html" else [("light", VIEWS["light"])]:
            page = browser.new_page(**options)  # type: ignore[attr-defined]
            name = f"{path.name} {view}"
            page.on("console", lambda message, name=name: made.complaints.append(f"{name}: console {message.text}"))
            page.on("pageerror", lambda error, name=name: made.complaints.append(f"{name}: error {error}"))
            page.on("dialog", lambda dialog, name=name: made.complaints.append(f"{name}: dialog {dialog.message}"))
            page.on("request", lambda request, name=name: made.complaints.append(f"{name}: request {request.url}")
                    if not request.url.startswith(("file:", "data:")) else None)  # fmt: skip
            page.goto(path.as_uri())
            if view == "narrow" and page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                made.complaints.append(f"{name}: wider than 390 px")
            if shots and path.name == "post_mortem.html":
                page.screenshot(path=shots / f"{made.system}-{made.scenario}-{view}.png", full_page=view != "narrow")
            if view == "light" and path.name == "post_mortem.html":
                made.is_told = _is_told(page.inner_text("main"), made.truth)
            page.close()


def _is_told(text: str, truth: dict[str, object]) -> bool | None:
    words = planted_words(truth)
    if not words:
        return None
    headline = text.partition(HEADLINE)[2][:4000].casefold()
    return any(word.casefold() in headline for word in words)


def rows(made: list[Made]) -> Iterator[str]:
    """The table, in Markdown."""
    yield "| system | scenario | exit | seconds | planted in the headline | largest page, kB | complaints |"
    yield "|---|---|---|---|---|---|---|"
    for one in made:
        told = {None: "–", True: "yes", False: "NO"}[one.is_told]
        yield (
            f"| {one.system} | {one.scenario} | {one.exit_code} | {one.seconds:.1f} | {told} | {one.largest_kb:,.0f}"
            f" | {'; '.join(one.complaints) or 'none'} |"
        )


def main() -> None:
    """Make and look at the reports asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", action="append", choices=list(SYSTEMS))
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--shots", type=Path)
    asked = parser.parse_args()
    wanted = [
        (system, name)
        for system in asked.system or SYSTEMS
        for name in SYSTEMS[system].scenarios
        if not asked.only or name in asked.only
    ]
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if asked.shots:
        asked.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(asked.jobs) as pool:
        jobs = [pool.submit(make, *each, Path(scratch), seed=asked.seed, events=asked.events) for each in wanted]
        made = [job.result() for job in jobs]
        if found:
            from playwright.sync_api import sync_playwright

            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
                for one in made:
                    look(browser, one, asked.shots)
                browser.close()
        print("\n".join(rows(made)))


if __name__ == "__main__":
    main()
