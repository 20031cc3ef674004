"""The ipywidgets parts of controls; imported only where a person looks."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from ipywidgets import HTML, Button, Combobox, Dropdown, HBox, Layout, Text, VBox

from ddms_ops.hops.view import View
from ddms_ops.widgets.choices import chosen
from ddms_ops.widgets.control import Caught, forms, words

WIDE = Layout(width="min(100%, 60em)")
NARROW = Layout(width="min(100%, 24em)")
NAMED = {"description_width": "9em"}
NAMED_CHOICES = 5
KEEP = "To keep this view, copy into a cell:"
SEARCH = "To search all of its rows:"
DENSE = "line-height:1.4"  # a widget's own is as high as a field
PRE = "white-space:pre-wrap;user-select:all;color:inherit;margin:0 0 4px;line-height:1.4"


class Stage:
    """Where a control shows what was chosen, and the call that gives it again."""

    def __init__(self) -> None:
        self.status = HTML()
        self.result = HTML()
        self.box = VBox([self.status, self.result])

    def show(self, call: str, work: Callable[[], object]) -> None:
        """Show what `work` gives, below the call for it; meanwhile say that it is looked for."""
        self.result.value = ""
        self.say(f"Looking: {call}")
        with Caught(self.say):
            view = work()
            self.result.value = f'<div style="{DENSE}">{forms(view)["text/html"]}</div>'
            is_cut = isinstance(view, View) and len(view) > view.first
            self.status.value = line(KEEP, call) + (line(SEARCH, f"widgets.table({call})") if is_cut else "")

    def say(self, text: str) -> None:
        """One line in the place of the call."""
        self.status.value = note(text)


def note(text: str) -> str:
    """One line of words, redacted and escaped."""
    return f'<p role="status" style="margin:4px 0;{DENSE}">{escape(words(" ".join(text.split())))}</p>'


def line(label: str, *lines: str) -> str:
    """Lines to copy, each as it is written in a cell or a shell, below a label."""
    codes = "".join(f'<pre style="{PRE}">{escape(words(text))}</pre>' for text in lines)
    return f'<div role="status" style="{DENSE}">{escape(label)}{codes}</div>'


def picker(name: str, choices: Mapping[str, str], call: Callable[[str], str], view: Callable[[str], object]) -> VBox:
    """A field that suggests what there is; what is chosen, or typed, is shown below and the field is empty again.

    A part of one label is enough where all there is is offered; of several it names the first.

    Args:
        name: what is chosen, in one or two words.
        choices: keys by label.
        call: Python that gives the view of a key.
        view: that view.
    """
    stage = Stage()
    hint = f"type to search {len(choices):,}, or give an id"
    field = Combobox(
        description=name, options=list(choices), placeholder=hint, continuous_update=False, layout=WIDE, style=NAMED
    )

    def look(change: Mapping[str, Any]) -> None:
        found = chosen(choices, str(change["new"]))
        if len(found) > 1:
            stage.result.value = ""
            stage.say(f"{len(found)} hold that, write more of one: {'; '.join(list(found)[:NAMED_CHOICES])}")
        elif found:
            [key] = found.values()
            field.value = ""
            stage.show(call(key), lambda: view(key))

    field.observe(look, "value")
    return VBox([field, stage.box])


def filters(
    fields: Mapping[str, Mapping[str, str] | str],
    call: Callable[[Mapping[str, str]], str],
    view: Callable[[Mapping[str, str]], object],
) -> VBox:
    """Fields to narrow down by, and a button that shows what is left.

    Args:
        fields: name of each, with its choices (keys by label), or, of free text, what to write.
        call: Python that gives the view of the values, which are empty where nothing was chosen.
        view: that view.
    """
    stage, button = Stage(), Button(description="Show", tooltip="Show what was chosen below")
    boxes = {name: _field(name, choices) for name, choices in fields.items()}

    def look(_: object) -> None:
        values = {name: str(box.value or "").strip() for name, box in boxes.items()}
        stage.show(call(values), lambda: view(values))

    button.on_click(look)
    layout = Layout(flex_flow="row wrap")
    return VBox([HBox(list(boxes.values()), layout=layout), button, stage.box])


def _field(name: str, choices: Mapping[str, str] | str) -> Text | Dropdown:
    shown = name.replace("_", " ")
    if isinstance(choices, str):
        return Text(description=shown, placeholder=choices, continuous_update=False, layout=NARROW, style=NAMED)
    no_choice = [] if "" in choices.values() else [("any", "")]
    return Dropdown(description=shown, options=[*no_choice, *choices.items()], layout=NARROW, style=NAMED)
