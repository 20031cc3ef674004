"""Tab finds the hops: in IPython's own completer, which JupyterLab asks."""

from collections.abc import Callable, Iterator

import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from ddms_ops.case import Case


@pytest.fixture(scope="module")
def completed(deploy: Case) -> Iterator[Callable[[str], set[str]]]:
    """What the completer offers at the end of a text, with `case` and some views as names."""
    shell = InteractiveShell(warn_venv=False)
    lines = deploy.group(deploy.error_groups.ids[0]).lines()
    names = {
        "case": deploy,
        "group": deploy.group(deploy.error_groups.ids[0]),
        "lines": lines,
        "request": lines.request(0),
    }
    completer = IPCompleter(shell=shell, namespace={}, global_namespace=names)

    def offered(text: str) -> set[str]:
        with provisionalcompleter():
            return {each.text for each in completer.completions(text, len(text))}

    yield offered
    shell.history_manager.end_session()


def test_calls_of_a_case_are_offered(completed: Callable[[str], set[str]]):
    """By their beginning."""
    assert {"logs", "log_events"} <= completed("case.lo")
    assert {"tenant", "tenants_seen"} <= completed("case.ten")
    assert {"request", "requests_of"} <= completed("case.req")


def test_hops_of_a_view_are_offered(completed: Callable[[str], set[str]]):
    """Those of its kind, and no internals."""
    assert {"lines", "requests", "tenants", "before"} <= completed("group.")
    assert {"request", "raw", "tenant"} <= completed("lines.")
    assert {"sql", "audit", "healthy"} <= completed("request.")
    assert "lines" in completed('case.group("a7d2").li')
    assert not {each for each in completed("group.") if each.startswith("_")}


def test_ids_are_offered_in_brackets(completed: Callable[[str], set[str]], deploy: Case):
    """Of groups and of tenants."""
    first = deploy.error_groups.ids[0]
    assert deploy.error_groups._ipython_key_completions_() == list(deploy.error_groups.ids)
    assert any(first in each for each in completed('case.error_groups["'))
    assert any("tenant-019" in each for each in completed('case.tenants_seen["tenant-01'))
