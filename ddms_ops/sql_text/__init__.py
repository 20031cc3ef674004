"""SQL text: literals masked, one identity for each statement, its tables and predicates. All parsing of SQL is here."""

from ddms_ops.sql_text.identity import match_cut, shown, statement_id, statement_ids
from ddms_ops.sql_text.masks import masked, masked_expression
from ddms_ops.sql_text.parsed import Predicate, kind_of, predicates_of, tables_of

__all__ = [
    "Predicate",
    "kind_of",
    "masked",
    "masked_expression",
    "match_cut",
    "predicates_of",
    "shown",
    "statement_id",
    "statement_ids",
    "tables_of",
]
