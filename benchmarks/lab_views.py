"""First paint and weight of a 100,000-row table and a 100,000-point timeline in JupyterLab, in a headless Chromium.

    python benchmarks/lab_views.py [--peers DIR] [--rows N] [--times N]

Each view is run in a fresh page on a fresh kernel that has the frame ready; first paint is from the command that runs
the cell until rows stand in its output or its picture has colours. Then the notebook is saved and weighed. Peers are
measured the same way where DIR has them: pip install --no-deps --target DIR itables plotly narwhals.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "browser")]
from chromium import chromium  # noqa: E402
from lab_driver import LabPage  # noqa: E402
from lab_server import running_lab  # noqa: E402

MOST_S, MOST_MB = 2.0, 5.0
FRAMES = """
import numpy as np, pandas as pd
from ddms_ops import widgets
n, rng = {rows}, np.random.default_rng(1)
when = pd.date_range("2026-03-04", periods=n, freq="37ms", tz="UTC")
words = np.where(rng.random(n) < 0.01, "request timed out after 10056 ms", "request completed")
rows = pd.DataFrame({{"timestamp": when, "level": rng.choice(["INFO", "WARN", "ERROR"], n), "message": words,
    "request_id": [f"{{a:08x}}-{{b:012x}}" for a, b in rng.integers(0, 2**32, (n, 2))],
    "tenant": rng.choice([f"tenant-{{t:03d}}" for t in range(400)], n), "duration_ms": rng.gamma(2, 80, n).round(1),
    "status": rng.choice([200, 201, 404, 500], n), "log_group": "/aws/lambda/dms-api-handler-prod"}})
points = pd.concat([pd.DataFrame({{"time": pd.date_range("2026-03-04", periods=n // 4, freq="1s", tz="UTC"),
    "series": name, "value": rng.normal(size=n // 4).cumsum()}}) for name in ("pool", "cpu", "queue", "memory")])
"""
ROWS_SHOWN = "node.querySelectorAll('td').length > 10"
PICTURE_SHOWN = """[...node.querySelectorAll('canvas')].some(canvas => {
  const seen = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set(); for (let at = 0; at < seen.length; at += 404) colours.add(seen[at] + seen[at + 1] * 256);
  return colours.size > 5; })"""
LINES_SHOWN = "node.querySelectorAll('.scatterlayer path.js-line').length >= 4"
VIEWS = {  # name: what is imported before, the cell, when it is painted, the module it needs
    "table": ("", "widgets.table(rows)", ROWS_SHOWN, "ddms_ops"),
    "timeline": ("", "widgets.series(points)", PICTURE_SHOWN, "ddms_ops"),
    "itables, all rows": (
        "import itables; itables.init_notebook_mode(all_interactive=False, connected=False)",
        "itables.show(rows, maxBytes=0)", ROWS_SHOWN, "itables"),
    "plotly, all points": (
        "import plotly.express as px",
        "px.line(points, x='time', y='value', facet_row='series', render_mode='svg')", LINES_SHOWN, "plotly"),
}  # fmt: skip
PAINTED = """
const node = cells.filter(cell => cell.model.type === 'code')[1].outputArea.node, begun = performance.now();
window.jupyterapp.commands.execute('notebook:run-cell');
while (!(%s)) {
  if (performance.now() - begun > 30000) return null;
  await new Promise(next => requestAnimationFrame(next));
}
return (performance.now() - begun) / 1000;
"""
SEARCHED = """
const words = given[1], begun = performance.now();
while (!document.querySelector('.ddms-paged caption')?.innerText.includes(words)) {
  if (performance.now() - begun > 60000) return null;
  await new Promise(next => requestAnimationFrame(next));
}
return (performance.now() - begun) / 1000;
"""


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook of code cells for the kernel that JupyterLab starts."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells], metadata=kernel), path)


def measured(lab: LabPage, name: str, rows: int) -> tuple[float, float, float | None]:
    """Seconds to the first paint (endless after half a minute), MB of the saved notebook, seconds of a first search."""
    before, cell, painted, _ = VIEWS[name]
    write_notebook(lab.server.folder / "view.ipynb", FRAMES.format(rows=rows) + before, cell)
    lab.load()
    lab.page.wait_for_function("() => window.jupyterapp.shell.currentWidget")
    lab.open_notebook("view.ipynb")
    lab.run_cell(0)
    if lab.errors():
        sys.exit(f"{name}: {lab.errors()[0]}")
    lab.select(1)
    seconds = lab.js(PAINTED % painted)
    lab.wait_idle()
    search = None
    if name == "table":
        field = lab.page.locator(".ddms-paged input[type=text]").first
        field.fill("timed out")
        search = lab.js(SEARCHED, ["", "that match of"])
    size = lab.save().stat().st_size / 1e6
    lab.close_notebook()
    return seconds if seconds is not None else float("inf"), size, search


def known(peers: str) -> Iterator[str]:
    """The views whose library is there."""
    for name, (_, _, _, module) in VIEWS.items():
        if module == "ddms_ops" or (peers and (Path(peers) / module).exists()):
            yield name


def main(peers: str, rows: int, times: int) -> None:
    """Measure and print one table; ratios are to ours of the same kind."""
    failed = []
    env = {"PYTHONPATH": peers, "JUPYTER_PATH": f"{peers}/share/jupyter"} if peers else {}
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name) / "desk"
        folder.mkdir()
        with running_lab("lab", "--dir", ".", folder=folder, home=Path(name) / "home", environment=env) as server:
            lab = LabPage(browser, server)
            print(f"{rows:,} rows or points, median of {times}; first paint in s, saved notebook in MB")
            for view in known(peers):
                runs = [measured(lab, view, rows) for _ in range(times)]
                seconds, size = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
                searches = [run[2] for run in runs if run[2] is not None]
                search = f"   first search {statistics.median(searches):.2f} s" if searches else ""
                print(f"{view:<22}{seconds:8.2f} s{size:8.2f} MB{search}", flush=True)
                if VIEWS[view][3] == "ddms_ops" and (seconds > MOST_S or size > MOST_MB):
                    failed.append(view)
    if failed:
        sys.exit(f"over {MOST_S:g} s or {MOST_MB:g} MB: {', '.join(failed)}")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--peers", default="", help="folder that pip installed peers into")
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--times", type=int, default=3)
    given = asked.parse_args()
    main(given.peers, given.rows, given.times)
