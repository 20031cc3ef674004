"""A page as PDF, printed by a headless Chromium."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from ddms_ops.errors import RunError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_S = 120
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--no-pdf-header-footer", "--disable-extensions",
)  # fmt: skip


def print_report(report_dir: Path, browser: str = "") -> Path:
    """Print a report's post_mortem.html; `browser` is a Chromium, one of the usual names where it is empty.

    Raises:
        RunError: see `write_pdf`.
    """
    found = browser or next(filter(shutil.which, NAMES), NAMES[0])
    return write_pdf(report_dir / "post_mortem.html", found)


def write_pdf(html: Path, chromium: str) -> Path:
    """Write `<page>.pdf` beside a page; no request leaves it.

    Args:
        html: the page, as `export_html` writes it.
        chromium: path or name of a Chromium or Chrome.

    Raises:
        RunError: no such browser, no such page, or no PDF came of it.
    """
    if not html.is_file():
        raise RunError(f"{html}: no such page; give a post_mortem.html")
    out = html.with_suffix(".pdf")
    with TemporaryDirectory() as scratch:
        partial = Path(scratch) / "page.pdf"
        command = [chromium, *ARGUMENTS, f"--user-data-dir={scratch}/profile", f"--print-to-pdf={partial}"]
        try:
            subprocess.run([*command, html.absolute().as_uri()], capture_output=True, timeout=TIMEOUT_S, check=False)
        except (FileNotFoundError, PermissionError):
            raise RunError(
                f"no browser {chromium!r} on this machine; install chromium, or name the one there is"
            ) from None
        except subprocess.TimeoutExpired:
            raise RunError(f"{chromium} took longer than {TIMEOUT_S} s to print {html.name}") from None
        if not partial.is_file():
            raise RunError(f"{chromium} did not print {html.name}; try to open it by hand")
        content = partial.read_bytes()
    unfinished = out.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(out)
    return out
