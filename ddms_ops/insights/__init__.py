"""The CloudWatch Logs Insights query language, run over recorded log events.

A query is parsed to a tree (`parser`, `grammar.lark`, `tree`), the tree becomes one DuckDB statement (`compiler`,
`expressions`, `functions`, `aggregates`, `kinds`), and the statement runs over a table of events (`run`). No text of
a query becomes a part of the SQL: literals and the places of fields in JSON are bound, identifiers are made up here.
"""

from ddms_ops.insights.compiler import compile_query
from ddms_ops.insights.parser import parse
from ddms_ops.insights.run import is_cut, run_query
from ddms_ops.insights.tree import Query, with_values

__all__ = ["Query", "compile_query", "is_cut", "parse", "run_query", "with_values"]
