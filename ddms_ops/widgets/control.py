"""A panel with a control above it, where a person can use one.

JupyterLab 4.6 prefers a widget to the HTML of the same output, and once the kernel is gone shows only "Error displaying
widget: model not found" in its place. So the control is an output of its own, and the style of every table hides one
that has no model behind it and says what to do (`checks.tables`); where outputs are not trusted, its text says so.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any

from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.tables import visible
from ddms_ops.errors import BadInput, DdmsOpsError
from ddms_ops.progress import SESSION, VARIABLE

STOPPED = "Stopped; what was pulled so far is kept and marked as not complete."
AGAIN = "Run this cell for its controls."


def is_interactive() -> bool:
    """Whether a person looks at this kernel in JupyterLab and controls can be shown; a run by ddms-ops never is."""
    return VARIABLE not in os.environ and SESSION in os.environ and find_spec("ipywidgets") is not None


class Caught:
    """Ends what a control does with one line about what went wrong, an interrupt too.

    Args:
        say: is given that line; it holds no traceback and, of a fault that nobody foresaw, its kind only.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def __enter__(self) -> "Caught":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> bool:
        if isinstance(fault, KeyboardInterrupt):
            self._say(STOPPED)
        elif isinstance(fault, BadInput):
            self._say("; ".join(fault.faults))
        elif isinstance(fault, DdmsOpsError | CannotTell):
            self._say(str(fault))
        elif isinstance(fault, Exception) and kind is not None:
            self._say(f"This could not be shown ({kind.__name__}); the same call in a cell tells more.")
        else:
            return False
        return True


@dataclass(frozen=True, repr=False, eq=False)
class Control:
    """A panel, and what stands above it for a person.

    Args:
        twin: the panel; all that a headless run, a saved notebook or an export shows.
        build: makes the ipywidgets object, called only where `is_interactive`; None where there is nothing to choose.
        extra: further forms of the panel by MIME type, for a person only.
    """

    twin: object
    build: Callable[[], Any] | None = None
    extra: Callable[[], dict[str, Any]] | None = None

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        """The panel's forms; for a person the control is shown above them first."""
        data = forms(self.twin)
        if is_interactive():
            with Caught(_say):
                if self.build is not None:
                    _show(self.build())
                data |= self.extra() if self.extra else {}
        return data

    def __repr__(self) -> str:
        return repr(self.twin)


def forms(panel: object) -> dict[str, Any]:
    """What a panel shows, by MIME type: text, and HTML or a picture where it has them."""
    found = {"text/plain": repr(panel)}
    for kind, method in (("text/html", "_repr_html_"), ("image/png", "_repr_png_")):
        shown = getattr(panel, method, None)
        if shown is not None:
            found[kind] = shown()
    return found


def words(text: str, *, limit: int = 20_000) -> str:
    """A line of text as a person may see it: redacted, control characters written out."""
    return visible(text, limit=limit, keep="\n")


def _show(control: Any) -> None:
    """Publish a control; who cannot show it shows the text beside it."""
    _publish(control._repr_mimebundle_() | {"text/plain": AGAIN})


def _say(text: str) -> None:
    """One line in the place of a control."""
    _publish({"text/plain": f"No controls here: {words(text)}"})


def _publish(data: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True)
