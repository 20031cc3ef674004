"""Controls driven without a browser: ipywidgets works without one."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ipywidgets import HTML, Button, Widget


def parts(box: Any) -> Iterator[Widget]:
    """A control and all that is in it, from the top."""
    yield box
    for child in getattr(box, "children", ()):
        yield from parts(child)


def field(box: Any, name: str) -> Any:
    """The field or button with that description."""
    [found] = [part for part in parts(box) if getattr(part, "description", "") == name and not isinstance(part, HTML)]
    return found


def press(box: Any) -> None:
    """Press the only button."""
    [button] = [part for part in parts(box) if isinstance(part, Button)]
    button.click()


def raw(box: Any) -> str:
    """The HTML that the control shows."""
    return "".join(part.value for part in parts(box) if isinstance(part, HTML))


def copied(box: Any) -> list[str]:
    """The lines that the control offers to copy."""
    return [html.unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", raw(box), re.S)]


@contextmanager
def at_the_desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a kernel that JupyterLab started for an open notebook."""
    with monkeypatch.context() as patch:
        patch.setenv("JPY_SESSION_NAME", "error_triage.ipynb")
        patch.delenv("DDMS_OPS_PROGRESS", raising=False)
        yield
