"""Reading YAML settings: where they live, and every fault of a file at once."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ddms_ops.errors import BadInput, did_you_mean

PACKAGE = Path(__file__).parent
MAX_GIVEN = 60


class Strict(BaseModel):
    """A model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _PlainLoader(yaml.SafeLoader):
    """YAML without dates (2026-03-04T10:00Z stays text) and without silent duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool | None):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def assets(name: str) -> Path:
    """Folder `notebooks` or `parameters`: beside the package in a checkout, inside it when installed."""
    beside = PACKAGE.parent / name
    return beside if beside.is_dir() else PACKAGE / "_assets" / name


def load_mapping(path: Path, error: type[BadInput]) -> dict[str, object]:
    """The mapping in a YAML file.

    Raises:
        error: not a readable file, not YAML, or not a mapping; one line with the path.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except IsADirectoryError:
        raise error(f"{path}: is a directory; give a YAML file") from None
    except PermissionError:
        raise error(f"{path}: no permission to read it") from None
    except UnicodeDecodeError:
        raise error(f"{path}: is not UTF-8 text; give a YAML file") from None
    except OSError as fault:
        raise error(f"{path}: cannot be read: {fault.strerror}") from None
    try:
        loaded = yaml.load(text, _PlainLoader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise error(f"{path}:{place}: not YAML: {getattr(fault, 'problem', None) or 'unreadable'}") from None
    except RecursionError:
        raise error(f"{path}: not YAML: nested too deeply") from None
    if not isinstance(loaded, dict):
        raise error(f"{path}: holds {type(loaded).__name__}, not `key: value` lines")
    return loaded


def faults_of(where: str, error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line a fault: `where: key: what is wrong, what was given, what would work`."""
    return [f"{where}: {_describe(fault, model)}" for fault in error.errors(include_url=False)]


def _describe(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = [part for part in fault["loc"] if part != "[key]"]
    key = ".".join(str(part) for part in place) or "file"
    given = repr(fault["input"])
    given = "a URL" if "://" in given else given  # it may hold a password
    given = given if len(given) <= MAX_GIVEN else given[:MAX_GIVEN] + "…"
    if fault["type"] == "extra_forbidden":
        known = _keys_at(model, place[:-1])
        return f"{key}: unknown key{did_you_mean(str(place[-1]), known)}; known: {', '.join(known)}"
    if fault["type"] == "missing":
        return f"{key}: is missing; add it"
    what = fault["msg"].removeprefix("Value error, ")
    return f"{key}: {what[0].lower() + what[1:]}; given {given}"


def _keys_at(model: type[BaseModel], place: Iterable[object]) -> list[str]:
    """Field names of the model that stands at `place` below `model`."""
    for part in place:
        field = model.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field is not None else None
        model = inner or model
    return sorted(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
