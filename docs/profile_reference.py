"""Writes docs/profile.md: every section and key of a system's profile, from the models that read it.

python docs/profile_reference.py
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ddms_ops.declaration import FIELDS, LEVELS, Profile

PAGE = Path(__file__).with_name("profile.md")
HEAD = """# A system's profile, key by key

One YAML file, `parameters/systems/<system>.yaml`; `{env}` in a text stands for the incident's environment, `{account}`
for an account's name. Unknown keys are refused, each fault with file and key.
[dms.yaml](../parameters/systems/dms.yaml) has every section, [generic.yaml](../parameters/systems/generic.yaml) the
least. This page is made by `make docs`.
"""


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those of its fields, each once, in the order in which they are met."""
    seen: list[type[BaseModel]] = [model]
    for each in seen:
        for field in each.model_fields.values():
            seen += [inner for inner in _inside(field.annotation) if inner not in seen]
    yield from seen


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _inside(part)


def _type_words(annotation: Any) -> str:
    if annotation is type(None):
        return "none"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    name = getattr(annotation, "__name__", "")
    parts = [_type_words(part) for part in get_args(annotation) if part is not Ellipsis]
    match name:
        case "dict":
            return f"mapping of {parts[0]} to {parts[1]}"
        case "tuple" | "list":
            return f"list of {parts[0]}" if len(set(parts)) == 1 else f"list: {', '.join(parts)}"
        case "Literal":
            return " or ".join(f"`{part}`" for part in get_args(annotation))
        case "str" | "int" | "float" | "bool" | "Decimal":
            return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(
                name, "amount"
            )
    return " or ".join(dict.fromkeys(parts)) or name


def _default_words(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    default = field.get_default(call_default_factory=True)
    if default is None or isinstance(default, BaseModel) or default in ("", (), {}, []):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def page() -> str:
    """The page's text."""
    lines = [HEAD]
    for model in models(Profile):
        lines += [f"## {model.__name__}", "", inspect.cleandoc(model.__doc__ or ""), ""]
        lines += ["| key | value | without it |", "| --- | --- | --- |"]
        for name, field in model.model_fields.items():
            words = _type_words(field.annotation).replace("|", "\\|")
            lines.append(f"| `{name}` | {words} | {_default_words(field)} |")
        lines.append("")
    lines += [f"Names of ours under `logs.fields`: {', '.join(FIELDS)}. Levels: {', '.join(LEVELS)}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
