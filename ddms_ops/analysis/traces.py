"""Stack traces by the application's own frames: Python, JavaScript, Java and Kotlin, Go, .NET, Ruby, PHP."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

LONGEST = 32_000  # characters looked at from each end
LONGEST_LINE = 400
MOST_LINES = 1_000
PYTHON = re.compile(r'File "([^"]+)", line \d+(?:, in (.+))?')
JAVA = re.compile(
    r"at (?:[\w.@-]*/)?([\w$.<>-]+)\.([\w$<>-]+)\((?:([\w$-]+\.\w+)(?::\d+)?|Native Method|Unknown Source)\)"
)
NET = re.compile(r"at ([\w.`+<>\[\],|$-]+)\.([\w`<>|$\[\],.-]+)\(.*?\)(?: in (.+?)(?::line \d+)?)?$")
SCRIPT = re.compile(r"at (?:async )?(?:new )?(?:(.+?) \()?([^()\s][^()]*?):\d+(?::\d+)?\)?$")
SCRIPT_PLACELESS = re.compile(r"at (?:async )?(?:new )?([\w$.<>]+) \((native|<anonymous>)\)$")
BROWSER = re.compile(r"([\w$.<>/]*)@((?:\w+:/|/).+?):\d+(?::\d+)?$")
RUBY = re.compile(r"(?:from )?(\S+\.(?:rb|erb|ru|rake)):\d+:in [`'](.+?)'")
PHP = re.compile(r"#\d+ (?:(\S.*?)\(\d+\)|\[internal function\]): ([\w\\:>-]+)")
GO_PLACE = re.compile(r"(\S+\.go):\d+(?: \+0x[0-9a-f]+)?$")
GO_CALL = re.compile(r"(?:created by )?([\w/~-]+(?:\.[\w/~-]+)*(?:\.\(\*?[\w.\[\]]+\))?(?:\.\w+)*)(?:\(|$| in )")
CAUSE = re.compile(r"(?:Caused by: |\[cause\]: |Cause: )")
HANDLED = "The above exception was the direct cause of the following exception"
TRACEBACK = "Traceback (most recent call last)"
INNER_END = "--- End of inner exception stack trace"
LIBRARY_FILES = re.compile(
    r"node_modules/|^node:|^internal/|^native$|site-packages/|dist-packages/|^/usr/(?:local/)?lib|/lib/python\d|"
    r"(?:^|/)vendor/|/gems/|/go/pkg/mod/|/go/src/(?:runtime|net|sync|testing|internal|reflect|os)/|^<|^/var/runtime/|"
    r"^/opt/python/|/rubies/|webpack/(?:bootstrap|runtime)|/rustc/"
)
LIBRARY_NAMES = re.compile(
    r"(?:java|javax|jakarta|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|akka|reactor|rx|"
    r"io\.(?:netty|grpc|micrometer|reactivex|lettuce|vertx|quarkus|micronaut)|"
    r"org\.(?:springframework|apache|hibernate|eclipse|postgresql|slf4j|jboss|junit|mockito|mongodb|redisson|glassfish|"
    r"aspectj)|com\.(?:zaxxer|mysql|amazonaws|fasterxml|google|microsoft|mongodb|rabbitmq|netflix|squareup|datadog|"
    r"newrelic|oracle)|software\.amazon|feign|okhttp3|retrofit2|ch\.qos|lambdainternal|"
    r"System|Microsoft|Npgsql|MySql|Newtonsoft|Dapper|Polly|Amazon|runtime|panic)(?:[.(]|$)"
)
NOISE = re.compile(r"\$\$Lambda.*|\$\$[A-Z]\w*CGLIB.*|`\d+|\[.*?\]|0x[0-9a-f]+")
STATE_MACHINE = re.compile(r"<(\w+)>d__\d+")  # how .NET compiles an async method
LAMBDA = re.compile(r"(?:lambda\$)?([\w]+)\$\d+")
HASH = re.compile(r"[.-](?=[a-z]*\d)[0-9a-f]{6,}(?=\.)")
RELEASE = re.compile(r"[\d._-]{2,}|(?=\w*\d)[0-9a-f]{7,}|\.+")


@dataclass(frozen=True, slots=True)
class Frame:
    """One call: the name it is shown by, and whether it is a library's."""

    name: str
    is_library: bool


def application_frames(traces: pd.Series, *, top: int = 3) -> pd.Series:
    """The application's innermost frames of each stack trace, of the root cause where causes are chained.

    Args:
        traces: text of a stack trace, or a JSON array of its lines or frames; null where there is none.
        top: how many frames at most.

    Returns:
        category named "frames", same index: "file:function > file:function", innermost first, without line numbers
        and addresses. Frames of libraries and of the runtime are left out unless all are. Null where no frame is found.
    """
    encoded = traces.astype("object").astype("category")
    shown = [_shown(str(text), top) for text in encoded.cat.categories]
    values = pd.Series(shown, dtype="str").astype("category")
    names, places = values.cat.categories, values.cat.codes.to_numpy()
    codes = encoded.cat.codes.to_numpy()
    found = pd.Categorical.from_codes([places[code] if code >= 0 else -1 for code in codes], names)
    return pd.Series(found, index=traces.index, name="frames")


def _shown(trace: str, top: int) -> str | None:
    frames = list(_frames(_root_cause(_lines(trace))))
    chosen = [frame.name for frame in frames if not frame.is_library] or [frame.name for frame in frames]
    once = [name for place, name in enumerate(chosen) if place == 0 or chosen[place - 1] != name]
    return " > ".join(once[:top]) or None


def _lines(trace: str) -> list[str]:
    """The lines of a trace, each cut short; of a huge trace both ends."""
    if trace.lstrip()[:1] == "[" and (listed := _listed(trace)):
        return listed
    if len(trace) > 2 * LONGEST:
        trace = f"{trace[:LONGEST]}\n{trace[-LONGEST:]}"
    if "\n" not in trace:
        trace = trace.replace("\\n", "\n").replace("\\t", "\t")
    lines = [line[:LONGEST_LINE].rstrip() for line in trace.split("\n")]
    return lines if len(lines) <= 2 * MOST_LINES else [*lines[:MOST_LINES], *lines[-MOST_LINES:]]


def _listed(trace: str) -> list[str]:
    """Lines of a JSON array of lines or of objects with file and function; empty where it is none."""
    if len(trace) > 4 * LONGEST:
        return []
    try:
        parts = json.loads(trace)
    except (ValueError, RecursionError):
        return []
    lines = []
    for part in parts[:MOST_LINES] if isinstance(parts, list) else ():
        if isinstance(part, str):
            lines += part[:LONGEST_LINE].split("\n")
        elif isinstance(part, dict):
            file = part.get("file") or part.get("filename") or part.get("fileName") or "?"
            function = part.get("function") or part.get("method") or part.get("methodName") or part.get("name") or "?"
            lines.append(f"at {function} ({file}:1:1)"[:LONGEST_LINE])
    return lines


def _root_cause(lines: list[str]) -> list[str]:
    """The part of the lines that tells of the first failure, innermost call first."""
    if any(TRACEBACK in line for line in lines) or any(PYTHON.search(line) for line in lines[:50]):
        starts = [place for place, line in enumerate(lines) if TRACEBACK in line] or [0]
        is_chain = any(HANDLED in line for line in lines)
        start = starts[0] if is_chain else starts[-1]
        end = next((later for later in starts if later > start), len(lines))
        return lines[start:end][::-1]
    if inner := [place for place, line in enumerate(lines) if INNER_END in line]:
        return lines[: inner[0]]
    causes = [place for place, line in enumerate(lines) if CAUSE.search(line)]
    for start in causes[::-1]:
        part = lines[start:]
        if any(line.lstrip().startswith("at ") for line in part):
            return part
    return lines


def _frames(lines: list[str]) -> Iterator[Frame]:
    before, goroutines = "", 0
    for line in lines:
        goroutines += line.startswith("goroutine ")
        if goroutines > 1:
            return
        text = line.strip()
        if place := GO_PLACE.match(text):
            yield _go_frame(before, place[1])
        elif text and (frame := _frame(text)):
            yield frame
        before = text


def _go_frame(call: str, file: str) -> Frame:
    named = GO_CALL.match(call)
    function = named[1].rsplit("/", 1)[-1].split(".", 1)[-1] if named else "?"
    is_library = bool(LIBRARY_FILES.search(file) or LIBRARY_NAMES.match(call) or call.startswith("panic("))
    return Frame(f"{_file(file)}:{function}", is_library)


@lru_cache(maxsize=50_000)
def _frame(line: str) -> Frame | None:
    """The frame that a line tells of; null where it tells of none."""
    if line.startswith("at "):
        return _at(line)
    if found := PYTHON.search(line):
        return _in_file(found[1], found[2] or "<module>")
    if found := RUBY.match(line):
        return _in_file(found[1], found[2].split(" in ")[-1])
    if found := PHP.match(line):
        return _in_file(found[1] or "<internal>", re.split(r"->|::|\\", found[2])[-1])
    if found := BROWSER.match(line):
        return _in_file(found[2], found[1] or "<anonymous>")
    return None


def _at(line: str) -> Frame | None:
    if found := JAVA.match(line):
        owner = NOISE.sub("", found[1])
        file = found[3] or owner.rsplit(".", 1)[-1].split("$", 1)[0]
        return Frame(f"{file}:{_plain(found[2])}", bool(LIBRARY_NAMES.match(owner)))
    if (found := SCRIPT.match(line)) and ":line" not in line and " in " not in (found[1] or ""):
        return _in_file(found[2], found[1] or "<anonymous>")
    if found := NET.match(line):
        owner, file = NOISE.sub("", found[1]), found[3]
        machine = STATE_MACHINE.search(found[1])
        function = machine[1] if machine else _plain(found[2])
        place = _file(file) if file else owner.split(".<")[0].rsplit(".", 1)[-1]
        return Frame(f"{place}:{function}", bool(LIBRARY_NAMES.match(owner)))
    if found := SCRIPT_PLACELESS.match(line):
        return Frame(f"{found[2]}:{found[1]}", True)
    return None


def _plain(function: str) -> str:
    """A function's name without what the compiler added."""
    return LAMBDA.sub(r"\1", NOISE.sub("", function))


def _in_file(file: str, function: str) -> Frame:
    cleaned = file.removeprefix("async ").removeprefix("file://").split("?")[0].replace("\\", "/")
    is_library = bool(LIBRARY_FILES.search(cleaned))
    named = NOISE.sub("", function.split(" [as ")[0]).strip()
    return Frame(f"{_file(cleaned)}:{named}", is_library)


def _file(file: str) -> str:
    """The last two parts of a path, a build's hash and a release's number left out."""
    parts = [HASH.sub("", part) for part in re.split(r"[/\\]+", file) if part]
    return "/".join([part for part in parts[-2:-1] if not RELEASE.fullmatch(part) and ":" not in part] + parts[-1:])
