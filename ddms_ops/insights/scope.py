"""What names mean at one point of a query: columns made so far, system fields, fields found in JSON messages."""

from dataclasses import dataclass, field
from itertools import combinations

from ddms_ops.errors import did_you_mean
from ddms_ops.insights.kinds import Kind, Value
from ddms_ops.insights.tree import Call, Expression, Field, Item, refusal

SYSTEM: dict[str, Value] = {
    "@timestamp": Value('"time"', Kind.TIME),
    "@message": Value('"message"', Kind.TEXT),
    "@logStream": Value('"stream"', Kind.TEXT),
    "@log": Value('"grp"', Kind.TEXT),
    "@ingestionTime": Value('"ingested"', Kind.TIME),
    "@ptr": Value('"pointer"', Kind.TEXT),
}
_REPORT = "CASE WHEN starts_with(\"message\", 'REPORT RequestId: ') THEN TRY_CAST({} AS DOUBLE) END"
_NUMBER_AFTER = "regexp_extract(\"message\", '\\t{}: ([0-9.]+) {}', 1)"
LAMBDA: dict[str, Value] = {
    "@type": Value("nullif(regexp_extract(\"message\", '^(START|END|REPORT) RequestId: ', 1), '')", Kind.TEXT),
    "@requestId": Value(
        "nullif(regexp_extract(\"message\", '^(?:START|END|REPORT) RequestId: ([0-9a-fA-F-]+)', 1), '')", Kind.TEXT
    ),
    "@duration": Value(_REPORT.format(_NUMBER_AFTER.format("Duration", "ms")), Kind.NUMBER),
    "@billedDuration": Value(_REPORT.format(_NUMBER_AFTER.format("Billed Duration", "ms")), Kind.NUMBER),
    "@initDuration": Value(_REPORT.format(_NUMBER_AFTER.format("Init Duration", "ms")), Kind.NUMBER),
    # Insights gives memory in bytes, the line has megabytes, counted in thousands.
    "@memorySize": Value(_REPORT.format(_NUMBER_AFTER.format("Memory Size", "MB")) + " * 1000000", Kind.NUMBER),
    "@maxMemoryUsed": Value(_REPORT.format(_NUMBER_AFTER.format("Max Memory Used", "MB")) + " * 1000000", Kind.NUMBER),
}
_ALL_GROUPINGS = 4


def json_pointers(path: tuple[str, ...]) -> list[str]:
    """The places in a JSON object that a dotted name may mean, the most nested first: a.b is b in a, or the key "a.b".

    A name of more than four parts means either all nested or one key.
    """
    inner = range(1, len(path))
    counts = range(len(inner), -1, -1) if len(path) <= _ALL_GROUPINGS else (len(inner), 0)
    pointers = []
    for cuts in (cut for count in counts for cut in combinations(inner, count)):
        edges = (0, *cuts, len(path))
        keys = (".".join(path[start:end]) for start, end in zip(edges, edges[1:], strict=False))
        pointers.append("".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys))
    return pointers


@dataclass(slots=True)
class Scope:
    """Names at one point of a query."""

    columns: dict[str, Value] = field(default_factory=dict)  # by name: aliases, parsed fields, columns of stats
    outcomes: dict[Expression, Value] = field(default_factory=dict)  # unaliased columns of stats, by what they compute
    shown: dict[str, Value] = field(default_factory=dict)  # the result's columns
    has_events: bool = True  # rows are log events: messages can be searched for fields
    pointers: list[str] = field(default_factory=list)  # what is taken out of each message

    def value_of(self, named: Field) -> Value:
        """What a name stands for; the newest meaning wins, a field that was never made is sought in the message.

        After `stats` a function's bare name means its column, if there is one such column and no other of that name.

        Raises:
            QueryError: after `stats`, no column has this name.
        """
        if named.name in self.columns:
            return self.columns[named.name]
        if self.has_events:
            return SYSTEM.get(named.name) or LAMBDA.get(named.name) or self._found(named)
        calls = {made: value for made, value in self.outcomes.items() if isinstance(made, Call)}
        bare = [value for made, value in calls.items() if made.function == named.name]
        if len(bare) == 1:
            return bare[0]
        known = ", ".join(self.columns)
        hint = did_you_mean(named.name, self.columns)
        raise refusal(named.at, f"stats leaves no field {named.name!r}; there are: {known}{hint}")

    def _found(self, named: Field) -> Value:
        columns = []
        for pointer in json_pointers(named.path):
            if pointer not in self.pointers:
                self.pointers.append(pointer)
            columns.append(f'"found"[{self.pointers.index(pointer) + 1}]')
        return Value(columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})", Kind.TEXT)

    def show(self, item: Item, value: Value) -> None:
        """Adds a column to the result; an alias is also a name from here on."""
        self.shown[item.label] = value
        if item.aliased:
            self.columns[item.label] = value

    def after_stats(self, made: list[tuple[Item, Value]]) -> "Scope":
        """The scope in which only the columns of a `stats` exist."""
        return Scope(
            columns={item.label: value for item, value in made},
            outcomes={item.expression: value for item, value in made if not item.aliased},
            shown={item.label: value for item, value in made},
            has_events=False,
            pointers=self.pointers,
        )
