"""What the README tells people to type exists, and what exists is in the README."""

import argparse
import re
from pathlib import Path

import pytest

from ddms_ops.cli import _parser, main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
ROWS = re.findall(r"`ddms-ops (\w+)([^`]*)`", "\n".join(re.findall(r"^\| (`ddms-ops [^|]*) \|", README, re.MULTILINE)))
[COMMANDS] = [each.choices for each in _parser()._actions if isinstance(each, argparse._SubParsersAction)]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`(?:\.venv/bin/)?ddms-ops (\w+)", README))))
def test_every_command_of_the_readme_exists(command: str, capsys: pytest.CaptureFixture[str]):
    """Its help can be asked for."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"ddms-ops {command}" in capsys.readouterr().out


def test_every_command_is_in_the_readme():
    """No command is kept secret."""
    assert set(COMMANDS) == {command for command, _ in ROWS}


@pytest.mark.parametrize(("command", "rest"), ROWS)
def test_every_option_of_the_readme_exists(command: str, rest: str):
    """Options and fixed words in the command table are those of their command."""
    known = {option for action in COMMANDS[command]._actions for option in action.option_strings}
    assert set(re.findall(r"(?<![\w-])--?\w[\w-]*", rest)) <= known
    fixed = {str(word) for action in COMMANDS[command]._actions for word in action.choices or ()}
    assert set(re.findall(r" ([a-z]+)(?= |$)", rest)) <= fixed


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make (\w+)", README))))
def test_every_target_of_the_readme_exists(target: str):
    """`make` knows it."""
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_every_link_leads_somewhere():
    """Files and folders that the README points to are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_two_commands_stand_first():
    """A stranger finds them in the first screen."""
    assert "make demo" in "\n".join(README.splitlines()[:14])
    assert "make test" in "\n".join(README.splitlines()[:14])


def test_nothing_names_a_registrys_host():
    """Packages are named, not where they come from."""
    for path in (ROOT / "Makefile", ROOT / ".ci/run", ROOT / "pyproject.toml", ROOT / "requirements.lock"):
        assert "http" not in re.sub(r"\bhttp(core|x)\b|aiohttp", "", path.read_text())
