"""Lambda functions as they are: configuration, versions, aliases; never the value of an environment variable."""

from collections.abc import Iterator, Sequence
from typing import Any

from ddms_ops.sources.aws.resource_rows import of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import Row


def function_records(session: AwsSession, names: Sequence[str]) -> Iterator[Row]:
    """Rows of functions, their published versions and aliases.

    Raises:
        AwsFault: the credentials have ended.
    """

    def rows_of(name: str) -> Iterator[Row]:
        configuration = session.call("lambda", "GetFunctionConfiguration", FunctionName=name)
        yield record_row("function", name, _without_values(configuration))
        for version in _listed(session, "ListVersionsByFunction", "Versions", name):
            yield record_row("function_version", f"{name}:{version['Version']}", _without_values(version))
        for alias in _listed(session, "ListAliases", "Aliases", name):
            yield record_row("function_alias", f"{name}:{alias['Name']}", alias)

    yield from of_each("function", names, rows_of)


def _listed(session: AwsSession, operation: str, key: str, name: str) -> Iterator[dict[str, Any]]:
    for page in session.pages("lambda", operation, ask="Marker", answer="NextMarker", FunctionName=name):
        yield from page.get(key, [])


def _without_values(configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the names of its environment variables only."""
    names = sorted(configuration.get("Environment", {}).get("Variables", {}))
    return {**configuration, "Environment": {"names": names}}
