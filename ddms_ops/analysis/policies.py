"""What a policy document lets in: everybody, another account, or an administrator.

The elements are those of the IAM JSON policy reference (Effect, Principal, Action, Resource, Condition).
"""

import json
import re
from collections.abc import Iterator

WORLD, CONDITION, ACCOUNT, OWN = "world", "condition", "account", "own"
"""Everybody; everybody under a condition; another account; nobody beyond the account and AWS's services."""
ADMIN_POLICIES = re.compile(r"(?:^|/)(?:AdministratorAccess|IAMFullAccess)$")
ACCOUNT_ID = re.compile(r"(?<!\d)(\d{12})(?!\d)")
DEEPEST = 12


def parsed(text: object) -> dict[str, object]:
    """A JSON object; an empty one where the text is none."""
    if isinstance(text, dict):
        return text
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def policy_documents(value: object, depth: int = 0) -> Iterator[dict[str, object]]:
    """Policy documents anywhere in the parameters of a call, as objects or as JSON in a text."""
    if depth > DEEPEST:
        return
    if isinstance(value, str) and "Statement" in value:
        value = parsed(value)
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
            return
        for inner in value.values():
            yield from policy_documents(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from policy_documents(inner, depth + 1)


def let_in(document: dict[str, object], account: str) -> str:
    """Whom a policy on a resource, or a role's trust policy, lets in at most.

    Args:
        document: the policy.
        account: its own account, empty where it is not known.

    Returns:
        `world`, `condition`, `account` or `own`; what is denied counts for nothing.
    """
    found = {_whom(statement, account) for statement in _allowed(document)}
    return next((whom for whom in (WORLD, ACCOUNT, CONDITION) if whom in found), OWN)


def is_admin(document: dict[str, object]) -> bool:
    """Whether it allows every call, every call of IAM, or all but some that are not IAM's, on everything."""
    for statement in _on_everything(document):
        but = _lower(statement.get("NotAction"))
        if {"*", "*:*", "iam:*"} & _lower(statement.get("Action")):
            return True
        if but and not any(action == "*" or action.startswith("iam:") for action in but):
            return True
    return False


def allows_most(document: dict[str, object]) -> bool:
    """Whether it allows all calls but some, on everything."""
    return any("NotAction" in statement for statement in _on_everything(document))


def _on_everything(document: dict[str, object]) -> list[dict[str, object]]:
    allowed = _allowed(document)
    return [one for one in allowed if "*" in texts(one.get("Resource")) or "NotResource" in one]


def _lower(value: object) -> set[str]:
    return {text.lower() for text in texts(value)}


def other_account(principal: str, account: str) -> bool:
    """Whether a principal (an ARN, or an account's id) names an account that is not the own one."""
    named = ACCOUNT_ID.search(principal)
    return bool(named and account and named[1] != account)


def texts(value: object) -> list[str]:
    """A text, or the texts of a list."""
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, str)]


def values(value: object, key: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every scalar of the parameters with its key, in lower case; in a list the list's key."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from values(inner, str(name).lower(), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner, key, depth + 1)
    elif depth:
        yield key, value


def _allowed(document: dict[str, object]) -> list[dict[str, object]]:
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    return [one for one in listed if isinstance(one, dict) and one.get("Effect") == "Allow"]


def _whom(statement: dict[str, object], account: str) -> str:
    everybody = CONDITION if statement.get("Condition") else WORLD
    principal = statement.get("Principal")
    named = [principal] if isinstance(principal, str) else []
    if isinstance(principal, dict):
        named = [text for kind, inner in principal.items() if kind != "Service" for text in texts(inner)]
        if everybody == WORLD and any(":saml-provider/" not in text for text in texts(principal.get("Federated"))):
            return WORLD  # whoever has a token of that provider, whomever it was given to
    if "*" in named or "NotPrincipal" in statement:
        return everybody
    return ACCOUNT if any(other_account(name, account) for name in named) else OWN
