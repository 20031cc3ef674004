"""The questions that are put to an audit trail, as one SQL for every engine that may hold it.

`relations` says what each of the profile's tables is called and has; the engine's side writes them as SELECTs in its
own words. `statements` has the questions over these, in one text that sqlglot renders for each engine.
"""

from ddms_ops.engine import literal
from ddms_ops.trail_sql.relations import Field, Kind, Relation, relations
from ddms_ops.trail_sql.statements import PARTS, Part, statement, used

__all__ = ["PARTS", "Field", "Kind", "Part", "Relation", "literal", "relations", "statement", "used"]
