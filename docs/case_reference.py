"""Writes docs/case.md: the calls of a case and of its views, with what each says of itself.

python docs/case_reference.py
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddms_ops import widgets
from ddms_ops.hops import views
from ddms_ops.hops.calls import Hops
from ddms_ops.hops.view import View

PAGE = Path(__file__).with_name("case.md")
PLAIN = ("known_results", "document")
HEAD = """# Following a thread: the calls of a case

In a notebook of `ddms-ops lab`, `case` is open after its first cells. Each call below answers with a view: its rows
(`view.frame`, not redacted; what is shown of it is), the coverage of the pulls it looked at (`view.coverage`), the
call that gives it again, and calls that lead on. `view.raw(n)`, `view.request(n)` and the like take the number in the
first column. A filter that names nothing is one line of error; a view over a pull that is not complete says so.

This page is made by `make docs`; [the first investigation](first-investigation.md) shows the calls at work.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## `case`\n", _table("case", Hops)]
    for kind in _kinds():
        own = _table(f"{kind.__name__.lower()}", kind)
        if own:
            parts += [f"## {kind.__name__}\n", f"{_first(kind)}\n", own]
    parts += ["## `widgets`\n", _table("widgets", widgets)]
    return "\n".join(parts)


def _kinds() -> list[type[View]]:
    found = [kind for _, kind in inspect.getmembers(views, inspect.isclass)]
    return [kind for kind in found if issubclass(kind, View) and kind is not View and kind.__module__ == views.__name__]


def _table(name: str, owner: Any) -> str:
    rows = [f"| `{name}.{call}` | {said} |" for call, said in _calls(owner)]
    return "\n".join(["| call | what |", "|---|---|", *rows, ""]) if rows else ""


def _calls(owner: Any) -> Iterator[tuple[str, str]]:
    """Public calls and properties in the order in which they are written, with their first sentence."""
    names = getattr(owner, "__all__", None) or vars(owner)
    for name in names:
        member = getattr(owner, name) if inspect.ismodule(owner) else vars(owner)[name]
        if (
            name.startswith("_")
            or name in PLAIN
            or inspect.isclass(member)
            or not (callable(member) or hasattr(member, "__get__"))
        ):
            continue
        if doc := inspect.getdoc(member):
            yield f"{name}{_given(member)}", doc.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _given(member: Any) -> str:
    """Parameters without their types: `(*, group="", tenant="")`; nothing of a property."""
    if not inspect.isfunction(member):
        return ""
    taken = [each.replace(annotation=inspect.Parameter.empty) for each in inspect.signature(member).parameters.values()]
    plain = inspect.Signature([each for each in taken if each.name not in ("self", "case")])
    case = "case" if "case" in inspect.signature(member).parameters else ""
    inner = str(plain)[1:-1]
    return f"({', '.join(part for part in (case, inner) if part)})".replace("'", '"')


def _first(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
