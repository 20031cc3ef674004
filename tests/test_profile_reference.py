"""docs/profile.md says every key of a profile, docs/case.md every call of a case."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ddms_ops.declaration import Profile


def loaded(root: Path, name: str) -> ModuleType:
    """A script below docs/."""
    spec = importlib.util.spec_from_file_location(name, root / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    """docs/profile_reference.py."""
    return loaded(root, "profile_reference")


def test_the_calls_of_a_case_are_on_their_page(root: Path):
    """A call that is added is in the page, or this fails: run make docs."""
    calls = loaded(root, "case_reference")
    assert calls.PAGE.read_text(encoding="utf-8") == calls.page()
    assert "`case.tenant(tenant)`" in calls.page()


def test_the_page_is_what_the_models_say(script: ModuleType):
    """A key that is added is in the page, or this fails: run make docs."""
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


def test_every_key_is_there_and_every_model_says_what_it_is(script: ModuleType):
    """With its own words, not those of the class it is made from."""
    page = script.page()
    for model in script.models(Profile):
        assert all(f"| `{name}` |" in page for name in model.model_fields)
        assert model.__doc__ != model.__mro__[1].__doc__, model
