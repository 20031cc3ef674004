"""Stack traces by the application's frames."""

import json

import pandas as pd
import pytest

from ddms_ops.analysis.traces import application_frames

PYTHON = """Traceback (most recent call last):
  File "/var/task/handlers/order.py", line {line}, in handler
    charge(order)
  File "/var/task/billing/charge.py", line 3, in charge
    requests.get(url)
  File "/var/lang/lib/python3.11/site-packages/requests/api.py", line 73, in get
    raise Timeout
requests.exceptions.Timeout: 30"""
NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at getUser (/var/task/src/users.js:{line}:5)
    at Object.<anonymous> (/var/task/node_modules/x/y.js:1:1)
    at async Promise.all (index 0)
    at async handler (webpack://app/./src/main.4f3a2b1c.ts:1:2)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
JAVA = """java.lang.RuntimeException: cannot place order
\tat com.acme.web.OrderController.place(OrderController.java:{line})
\tat org.springframework.web.Dispatcher.invoke(Dispatcher.java:1)
Caused by: java.sql.SQLException: gone
\tat org.postgresql.Driver.connect(Driver.java:5)
\tat com.acme.db.OrderRepository.lambda$save$3(OrderRepository.kt:{line})
\tat java.base/java.lang.Thread.run(Thread.java:829)
\t... 23 more"""
GO = """panic: runtime error: invalid memory address or nil pointer dereference

goroutine 18 [running]:
panic({{0x1, 0x2}})
\t/usr/local/go/src/runtime/panic.go:884 +0x212
main.(*Server).handle(0xc0000b2000, {{0x1, 0x2}})
\t/app/server.go:{line} +0x1d
net/http.HandlerFunc.ServeHTTP(0x1)
\t/usr/local/go/src/net/http/server.go:2122 +0x2f
github.com/acme/shop/internal/orders.Place(...)
\t/build/internal/orders/place.go:9

goroutine 19 [running]:
main.other()
\t/app/other.go:1"""
NET = """System.InvalidOperationException: outer
 ---> System.TimeoutException: inner
   at Npgsql.NpgsqlConnector.Open(Boolean async)
   at Acme.Orders.Repo.Save(Order order) in /src/Orders/Repo.cs:line {line}
   at Acme.Orders.Service.<PlaceAsync>d__5.MoveNext() in C:\\src\\Service.cs:line 10
   --- End of inner exception stack trace ---
   at Acme.Web.Controller.Post() in /src/Web/Controller.cs:line 3"""
RUBY = """/app/models/order.rb:{line}:in `charge': declined (PaymentError)
\tfrom /usr/local/bundle/gems/activerecord-7.0/lib/base.rb:1:in `save'
\tfrom /app/controllers/orders_controller.rb:5:in `block in create'"""
PHP = """PHP Fatal error: Uncaught Exception: gone in /app/src/Foo.php:12
Stack trace:
#0 /app/src/Bar.php({line}): App\\Foo->run('a', 1)
#1 /app/vendor/symfony/http/Kernel.php(10): App\\Bar->handle()
#2 {{main}}"""
SHOWN = {
    PYTHON: "billing/charge.py:charge > handlers/order.py:handler",
    NODE: "src/users.js:getUser > src/main.ts:handler",
    JAVA: "OrderRepository.kt:save",
    GO: "app/server.go:(*Server).handle > orders/place.go:Place",
    NET: "Orders/Repo.cs:Save > src/Service.cs:PlaceAsync",
    RUBY: "models/order.rb:charge > controllers/orders_controller.rb:create",
    PHP: "src/Bar.php:run",
}


def frames(*traces: str | None) -> list[str | None]:
    """Frames of some traces, null as None."""
    found = application_frames(pd.Series(traces, dtype="str")).astype("object")
    return found.where(found.notna(), None).tolist()


@pytest.mark.parametrize("trace", SHOWN, ids=["python", "node", "java", "go", "net", "ruby", "php"])
def test_the_applications_frames_are_shown_innermost_first(trace):
    """Libraries are left out, and line numbers part nothing."""
    assert frames(trace.format(line=12), trace.format(line=4711)) == [SHOWN[trace]] * 2


@pytest.mark.parametrize("trace", SHOWN, ids=["python", "node", "java", "go", "net", "ruby", "php"])
def test_escaped_lines_are_lines(trace):
    """A trace that came as one line with \\n in it is read the same."""
    assert frames(trace.format(line=12).replace("\n", "\\n").replace("\t", "\\t")) == [SHOWN[trace]]


def test_the_first_of_chained_python_exceptions_counts():
    """The direct cause is where it failed."""
    outer = PYTHON.format(line=1).replace("charge", "wrapped")
    chain = "\n\nThe above exception was the direct cause of the following exception:\n\n"
    assert frames(PYTHON.format(line=1) + chain + outer) == [SHOWN[PYTHON]]


def test_where_all_is_library_its_top_frames_count():
    """Then they are all that is known."""
    assert frames("Error: x\n    at Socket.<anonymous> (node:net:1:2)\n    at emit (node:events:5:1)") == [
        "node:net:Socket.<anonymous> > node:events:emit"
    ]


def test_arrays_are_read():
    """A JSON array of lines, or of objects, is a trace."""
    lines = ["Error: x", "    at f (/var/task/a.js:1:2)", "    at /var/runtime/b.mjs:1:1"]
    assert frames(json.dumps(lines), '[{"filename": "app/x.py", "function": "g"}]') == ["task/a.js:f", "app/x.py:g"]


def test_recursion_is_one_frame():
    """A function that calls itself is shown once."""
    assert frames("E: x\n" + "    at walk (/app/tree.js:1:2)\n" * 50 + "    at main (/app/main.js:1:2)") == [
        "app/tree.js:walk > app/main.js:main"
    ]


def test_no_trace_is_null():
    """Null, empty and text without frames have none."""
    assert frames(None, "", "two lines\nwithout a frame", "[1, 2]", "[") == [None] * 5


def test_the_index_stays():
    """The result is a category column that stands beside its traces."""
    found = application_frames(pd.Series([NODE.format(line=1), None], index=[7, 3], dtype="str"), top=1)
    assert (found.index.tolist(), found.name) == ([7, 3], "frames")
    assert found.cat.categories.tolist() == ["src/users.js:getUser"]


HOSTILE = {
    "long_line": "at " + "a" * 10**6,
    "brackets": "at " + "(" * 10**5,
    "many_frames": "\n".join(f"at f{place} (/a/b{place}.js:1:2)" for place in range(50_000)),
    "binary": "\x00\xff\n" * 300_000,
    "nested_array": "[" * 10**5,
    "quotes": 'File "' * 10**5,
    "dots": "\n".join(["at " + "a." * 190 + "("] * 2_000),
    "mixed": "\n".join(["at " + "a:1 (" * 70] * 2_000),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_ends(text):
    """Neither long lines nor thousands of frames take for ever, and the answer stays short."""
    [found] = frames(text)
    assert len(found or "") < 2_000
