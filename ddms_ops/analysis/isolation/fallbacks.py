"""Whether a value falls back to some tenant where the session states none."""

import re

from ddms_ops.analysis.isolation.identity import DEEPEST, Identities
from ddms_ops.sql_text.conditions import (
    CALL,
    CASE,
    COALESCE,
    COMPARE,
    CONSTANT,
    EXISTS,
    HAS_ELSE,
    LIST,
    NOT,
    NULL,
    OR,
    QUERY,
    Expression,
)  # fmt: skip

# Values that are written for no tenant at all.
NOBODY = re.compile(
    r"[0-]*|[{}\[\]\s]*|-\d+|null|nil|none|no[-_ ]?(body|one|tenant)|invalid|missing|unset|unknown|undefined|"
    r"not[-_ ]?set|__.*__",
    re.IGNORECASE,
)
CONSTANT_BEFORE = "default"  # part of the name of a setting that holds a default


def falls_back(identities: Identities, tree: Expression, depth: int = 0) -> bool:
    """Whether a value that stands for the session's tenant is another tenant's where the session states none."""
    if depth > DEEPEST:
        return False
    if tree.kind == COALESCE:
        is_stated = False
        for part in tree.parts:
            if is_stated and _is_some(identities, part, depth):
                return True
            is_stated = is_stated or identities.mentions(part, depth)
    if tree.kind == CASE and _case_falls_back(identities, tree, depth):
        return True
    below = list(tree.parts)
    if tree.query is not None:
        below += [*tree.query.targets, tree.query.where]
    if tree.kind == CALL and (inlined := identities.inlined(tree)) is not None:
        return falls_back(identities, inlined, depth + 1)
    return any(falls_back(identities, part, depth) for part in below)


def states_none(identities: Identities, tree: Expression) -> bool:
    """Whether a condition holds while the session states no tenant: a null test of it, a comparison with '', a search
    for it that finds nothing.
    """
    if tree.kind == OR:
        return any(states_none(identities, part) for part in tree.parts)
    if tree.kind == NOT:
        found = tree.parts[0]
        return found.kind == QUERY and found.name == EXISTS and identities.mentions(found)
    if tree.kind == NULL:
        return tree.name == "null" and identities.mentions(tree)
    if tree.kind == COMPARE and tree.name in ("=", "any="):
        values = [part for side in tree.parts for part in (side.parts if side.kind == LIST else (side,))]
        is_empty = any(part.kind == CONSTANT and part.name == "" for part in values)
        return is_empty and identities.mentions(tree)
    return False


def _case_falls_back(identities: Identities, tree: Expression, depth: int) -> bool:
    """CASE whose result is a constant where the session states no tenant."""
    if not identities.mentions(tree, depth):
        return False
    arms = tree.parts[:-1] if tree.name == HAS_ELSE else tree.parts
    if any(states_none(identities, arm.parts[0]) and _is_some(identities, arm.parts[1], depth) for arm in arms):
        return True
    is_excluded = any(states_none(identities, arm.parts[0]) for arm in arms)
    return tree.name == HAS_ELSE and not is_excluded and _is_some(identities, tree.parts[-1], depth)


def _is_some(identities: Identities, tree: Expression, depth: int) -> bool:
    """Whether a value is some tenant's, whoever calls."""
    if depth > DEEPEST:
        return False
    if tree.kind == CONSTANT:
        return tree.name not in ("true", "false") and NOBODY.fullmatch(tree.name) is None
    if tree.kind in (COALESCE, CASE):
        results = [part.parts[1] for part in tree.parts[:-1]] if tree.kind == CASE else []
        return any(_is_some(identities, part, depth) for part in (*results, *tree.parts[-1:]))
    if tree.kind == CALL and tree.name.rpartition(".")[2] == "current_setting":
        return bool(tree.parts) and CONSTANT_BEFORE in tree.parts[0].name.lower()
    if identities.mentions(tree, depth):
        return False
    if tree.kind == QUERY and tree.query is not None:
        query = tree.query
        return bool(query.tables) or any(_is_some(identities, part, depth) for part in query.targets)
    if tree.kind == CALL:
        inlined = identities.inlined(tree)
        below = tree.parts if inlined is None else (inlined,)
        return any(_is_some(identities, part, depth + 1) for part in below)
    return False
