"""AppSync and API Gateway APIs as they are."""

from collections.abc import Iterator, Sequence
from typing import Any

from ddms_ops.sources.aws.resource_rows import absent, of_each, record_row
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.sources.json_files import Row

PAGE = 25


def graphql_records(session: AwsSession, names: Sequence[str]) -> Iterator[Row]:
    """One row a GraphQL API, found by its name.

    Raises:
        AwsFault: the list was not answered.
    """
    if not names:
        return
    pages = session.pages("appsync", "ListGraphqlApis", ask="nextToken", answer="nextToken", maxResults=PAGE)
    apis = [api for page in pages for api in page.get("graphqlApis", [])]
    for name in names:
        same = [api for api in apis if api["name"] == name]
        yield from (record_row("graphql_api", name, api) for api in same)
        if not same:
            yield absent("GraphQL API", name)


def rest_records(session: AwsSession, names: Sequence[str]) -> Iterator[Row]:
    """One row a REST API, found by its name, and one a stage; of stage variables the names only.

    Raises:
        AwsFault: the list was not answered, or the credentials have ended.
    """
    if not names:
        return
    pages = session.pages("apigateway", "GetRestApis", ask="position", answer="position")
    apis = [api for page in pages for api in page.get("items", [])]

    def rows_of(name: str) -> Iterator[Row]:
        same = [api for api in apis if api["name"] == name]
        for api in same:
            yield record_row("rest_api", name, api)
            for stage in session.call("apigateway", "GetStages", restApiId=api["id"]).get("item", []):
                yield record_row("rest_stage", f"{name}/{stage['stageName']}", _without_values(stage))
        if not same:
            yield absent("REST API", name)

    yield from of_each("REST API", names, rows_of)


def _without_values(stage: dict[str, Any]) -> dict[str, Any]:
    canary = stage.get("canarySettings", {})
    overrides = {"stageVariableOverrides": sorted(canary.get("stageVariableOverrides", {}))}
    kept = {**stage, "variables": sorted(stage.get("variables", {}))}
    return {**kept, "canarySettings": {**canary, **overrides}} if canary else kept
