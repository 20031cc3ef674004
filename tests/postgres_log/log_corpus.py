"""Log shapes, each a text and the events that are in it. All lines are our own; the shapes are others' troubles."""

from pathlib import Path

import pyarrow.parquet as pq

from ddms_ops.postgres_log.events import EventCounts, write_events
from ddms_ops.sources.base import DatabaseLogQuery, Pull
from ddms_ops.sources.database_log import DatabaseLogs
from ddms_ops.window import EVER, Window

T = "2026-03-04 10:00:00"
R = f"{T} UTC:10.1.2.3(50906):app@shop:[71]:"
D = f"{T}.123 UTC [71] app@shop "
JSON_HEAD = (
    '{"timestamp":"2026-03-04 10:00:00.123 UTC","user":"app","dbname":"shop","pid":71,"remote_host":"10.1.2.3",'
    '"session_id":"65e59a10.47","error_severity":'
)
CNPG = (
    '{"level":"info","ts":1772618400.1,"logger":"postgres","msg":"record","logging_pod":"pg-1","record":{"log_time":'
    '"2026-03-04 10:00:00.123 UTC","user_name":"app","database_name":"shop","process_id":"71",'
    '"session_id":"65e59a10.47",'
    '"error_severity":'
)
CSV_HEAD = (
    f'{T}.123 UTC,"app","shop",71,"10.1.2.3:5432",65e59a10.47,3,"SELECT",2026-03-04 09:00:00 UTC,4/7,0,LOG,00000,'
)

SHAPES: dict[str, tuple[str, list[tuple[str, dict[str, object]]]]] = {
    "rds prefix": (
        f"{R}LOG:  duration: 13.817 ms  statement: SELECT id FROM abc WHERE x = 5\n",
        [
            (
                "statement",
                {"duration_ms": 13.817, "user": "app", "pid": 71, "database": "shop", "host": "10.1.2.3(50906)"},
            )
        ],
    ),
    "cloudwatch's time before it, further lines with a tab": (
        f"2026-03-04T10:00:00.000Z {R}LOG:  duration: 5.0 ms  statement: SELECT a\n\tFROM b\n\tWHERE c = 'x'\n",
        [("statement", {"statement": "SELECT a FROM b WHERE c = $1"})],
    ),
    "cloudwatch's time before every line": (
        f"2026-03-04T10:00:00.000Z {R}LOG:  duration: 5.0 ms  statement: SELECT a\n2026-03-04T10:00:00.000Z \tFROM b\n",
        [("statement", {"statement": "SELECT a FROM b"})],
    ),
    "duration without text": (
        f"{R}LOG:  duration: 1.370 ms\n",
        [("duration", {"duration_ms": 1.37, "statement": None})],
    ),
    "further lines with spaces and the text on the second": (
        f"{R}LOG:  duration: 39401.431 ms  statement:\n            UPDATE a.b SET d = '2017-12-11'\n"
        f"            WHERE e IS NULL;\n{R}LOG:  duration: 1 ms  statement: END\n",
        [
            ("statement", {"statement": "UPDATE a.b SET d = $1 WHERE e IS NULL", "duration_ms": 39401.431}),
            ("statement", {"transaction": "commit"}),
        ],
    ),
    "a host name": (
        f"{T} UTC:ec2-52-2-1-3.compute.amazonaws.com(48501):app@shop:[7]:LOG:  duration: 1 ms  statement: select 1\n",
        [("statement", {"host": "ec2-52-2-1-3.compute.amazonaws.com(48501)", "pid": 7})],
    ),
    "ipv6": (
        f"{T} UTC:2001:db8::1(5432):app@shop:[7]:LOG:  disconnection: session time: 0:00:01.000 user=app\n",
        [("disconnection", {"host": "2001:db8::1(5432)"})],
    ),
    "no user: a background process": (
        f"{T} UTC::@:[12]:LOG:  checkpoint starting: time\n",
        [("checkpoint", {"user": None, "database": None, "pid": 12})],
    ),
    "debian": (
        f"{D}ERROR:  relation \"x\" does not exist at character 15\n{D}STATEMENT:  select 'a' from x\n",
        [("error", {"statement": "select $1 from x", "level": "ERROR"})],
    ),
    "debian's background process": (
        f'{T}.123 UTC [9] LOG:  automatic vacuum of table "shop.public.t": index scans: 0\n\tpages: 0 removed\n',
        [("autovacuum", {"pid": 9, "user": None})],
    ),
    "postgres's default": (f'{T}.123 UTC [9] LOG:  listening on IPv4 address "0.0.0.0", port 5432\n', [("server", {})]),
    "pgbadger's prefix": (
        f"{T} UTC [71]: [3-1] user=app,db=shop,app=psql - a,client=10.0.0.1 "
        "LOG:  duration: 2.5 ms  statement: select 1\n",
        [("statement", {"application": "psql - a", "host": "10.0.0.1", "user": "app"})],
    ),
    "azure": (
        f"{T} UTC-65e59a10.47-LOG:  connection received: host=10.0.0.1 port=5\n",
        [("connection", {"session": "65e59a10.47", "pid": 71})],
    ),
    "cloud sql": (
        f'{T}.774 UTC [71]: [167-1] db=shop,user=app LOG:  temporary file: path "base/t", size 18455569\n',
        [("temp_file", {"bytes": 18455569})],
    ),
    "angle brackets": (
        f"< {T}.132 UTC >LOG:  duration: 0.942 ms  statement: SELECT 1\n",
        [("statement", {"pid": None})],
    ),
    "epoch": ("1772618400.250 [71] LOG:  checkpoint complete: wrote 38 buffers (0.1%)\n", [("checkpoint", {})]),
    "time last": (
        f"user=app,db=shop,time={T} UTC LOG:  duration: 1 ms  statement: select 1\n",
        [("statement", {"user": "app"})],
    ),
    "rds with all": (
        f"{T}.1 UTC:[local]:app@shop:[71]:3:00000:{T} UTC:4/7:0:65e59a10.47:psql:"
        "LOG:  duration: 1 ms  statement: select 1\n",
        [("statement", {"sqlstate": "00000", "session": "65e59a10.47", "application": "psql", "host": "[local]"})],
    ),
    "verbose: the sqlstate before the message": (
        f'{R}ERROR:  42P01: relation "x" does not exist\n{R}LOCATION:  parserOpenTable, parse_relation.c:1180\n',
        [("error", {"message": 'relation "x" does not exist', "sqlstate": "42P01"})],
    ),
    "a time in a statement": (
        f"{R}LOG:  duration: 1 ms  statement: insert into t values ('\n\t"
        f"{R}LOG:  duration: 9 ms  statement: forged\n\t')\n",
        [("statement", {"duration_ms": 1.0})],
    ),
    "interleaved pids": (
        f"{T} UTC::a@b:[1]:ERROR:  deadlock detected\n{T} UTC::a@b:[2]:LOG:  duration: 3 ms  statement: select 2\n"
        f"{T} UTC::a@b:[1]:DETAIL:  Process 1 waits for ShareLock on transaction 5; blocked by process 2.\n"
        f"\tProcess 1: update t set x = 'secret'\n{T} UTC::a@b:[1]:STATEMENT:  update t set x = 'secret'\n",
        [("deadlock", {"pid": 1, "statement": "update t set x = $1"}), ("statement", {"pid": 2, "duration_ms": 3.0})],
    ),
    "the text before its duration": (
        f"{R}LOG:  statement: select 'a'\n{R}LOG:  duration: 7.5 ms\n{R}LOG:  duration: 8 ms\n",
        [
            ("log_statement", {"duration_ms": None}),
            ("statement", {"duration_ms": 7.5, "statement": "select $1"}),
            ("duration", {"statement": None}),
        ],
    ),
    "parse, bind, execute with the text once": (
        f"{R}LOG:  duration: 0.1 ms\n{R}LOG:  duration: 0.2 ms\n{R}LOG:  execute <unnamed>: select $1\n"
        f"{R}DETAIL:  parameters: $1 = '4111111111111111'\n{R}LOG:  duration: 0.3 ms\n",
        [
            ("duration", {}),
            ("duration", {}),
            ("log_statement", {"detail": None}),
            ("execute", {"duration_ms": 0.3, "statement": "select $1"}),
        ],
    ),
    "parse, bind, execute, fetch": (
        f"{R}LOG:  duration: 0.1 ms  parse S_1: select $1\n{R}LOG:  duration: 0.2 ms  bind S_1/C_2: select $1\n"
        f"{R}LOG:  duration: 0.3 ms  execute S_1/C_2: select $1\n"
        f"{R}LOG:  duration: 4 ms  execute fetch from S_1/C_2: select $1\n",
        [
            ("parse", {}),
            ("bind", {}),
            ("execute", {"duration_ms": 0.3}),
            ("fetch", {"duration_ms": 4.0, "statement": "select $1"}),
        ],
    ),
    "a fetch with its duration behind it": (
        f"{R}LOG:  execute fetch from S_1/C_2: select 5\n{R}LOG:  duration: 4 ms\n",
        [("log_statement", {}), ("fetch", {"duration_ms": 4.0, "statement": "select $1"})],
    ),
    "auto_explain text": (
        f"{R}LOG:  duration: 250.1 ms  plan:\n\tQuery Text: select count(*) from o\n\t  where t = '77'\n"
        "\tAggregate  (cost=1.0..2.0 rows=1 width=8)\n\t  ->  Seq Scan on o  (cost=0..1 rows=1)\n"
        f"{R}LOG:  duration: 250.2 ms  statement: select count(*) from o\n\t  where t = '77'\n",
        [
            (
                "plan",
                {
                    "statement": "select count(*) from o where t = $1",
                    "plan": "Aggregate  (cost=1.0..2.0 rows=1 width=8)\n  ->  Seq Scan on o  (cost=0..1 rows=1)",
                },
            ),
            ("statement", {"statement": "select count(*) from o where t = $1"}),
        ],
    ),
    "auto_explain json": (
        f'{R}LOG:  duration: 250.1 ms  plan:\n\t{{\n\t  "Query Text": "select \\"a\\" from o where t = \'77\'",\n'
        '\t  "Plan": {\n\t    "Node Type": "Seq Scan"\n\t  }\n\t}\n',
        [("plan", {"statement": 'select "a" from o where t = $1'})],
    ),
    "lock wait": (
        f"{R}LOG:  process 71 still waiting for ShareLock on transaction 745 after 1000.123 ms\n"
        f"{R}DETAIL:  Processes holding the lock: 66, 67. Wait queue: 71, 72.\n"
        f'{R}CONTEXT:  while updating tuple (0,1) in relation "t"\n{R}STATEMENT:  update t set a = 5\n'
        f"{R}LOG:  process 71 acquired ShareLock on transaction 745 after 1500.5 ms\n",
        [
            (
                "lock_wait",
                {
                    "lock": "ShareLock on transaction 745",
                    "wait_ms": 1000.123,
                    "holders": [66, 67],
                    "waiters": [71, 72],
                    "statement": "update t set a = $1",
                    "context": 'while updating tuple (0,1) in relation "t"',
                },
            ),
            ("lock_acquired", {"wait_ms": 1500.5}),
        ],
    ),
    "a deadlock that was avoided": (
        f"{R}LOG:  process 71 avoided deadlock for ShareLock on transaction 745 by rearranging queue order after "
        f"1000.5 ms\n{R}DETAIL:  Process holding the lock: 66. Wait queue: 71.\n",
        [("lock_wait", {"lock": "ShareLock on transaction 745", "wait_ms": 1000.5, "holders": []})],
    ),
    "set local and set_config": (
        f"{R}LOG:  statement: BEGIN\n{R}LOG:  statement: SET LOCAL app.tenant_id = 't-7'\n"
        f"{R}LOG:  statement: select set_config('app.user_id', 'u 1', true)\n"
        f"{R}LOG:  execute <unnamed>: select set_config($1, $2, $3)\n"
        f"{R}DETAIL:  parameters: $1 = 'app.tenant_id', $2 = 't''8', $3 = 'f'\n"
        f"{R}LOG:  statement: SET app.x TO 5\n{R}LOG:  statement: RESET app.x;\n{R}LOG:  statement: DISCARD ALL\n"
        f"{R}LOG:  statement: START TRANSACTION\n{R}LOG:  statement: ABORT\n"
        f"{R}LOG:  statement: PREPARE TRANSACTION 'a'\n",
        [
            ("log_statement", {"transaction": "begin"}),
            ("log_statement", {"set_name": "app.tenant_id", "set_value": "t-7", "set_is_local": True}),
            ("log_statement", {"set_name": "app.user_id", "set_value": "u 1", "set_is_local": True}),
            ("log_statement", {"set_name": "app.tenant_id", "set_value": "t'8", "set_is_local": False}),
            ("log_statement", {"set_name": "app.x", "set_value": "5", "set_is_local": False}),
            ("log_statement", {"set_name": "app.x", "set_value": ""}),
            ("log_statement", {"set_name": "all", "set_value": ""}),
            ("log_statement", {"transaction": "begin"}),
            ("log_statement", {"transaction": "rollback"}),
            ("log_statement", {"transaction": "prepared"}),
        ],
    ),
    "a comment": (
        f"{R}LOG:  duration: 1 ms  statement: /* request_id='r-1' */ select '/* no */' -- end\n",
        [("statement", {"comment": "/* request_id='r-1' */ -- end", "statement": "select $1"})],
    ),
    "jsonlog": (
        f'{JSON_HEAD}"LOG","state_code":"00000","message":"duration: 1.5 ms  statement: select \'a\'\\n from t",'
        '"application_name":"psql","query_id":12}\n'
        f'{JSON_HEAD}"ERROR","state_code":"42P01","message":"no \\"x\\"","detail":"d","statement":"select 5"}}\n',
        [
            ("statement", {"duration_ms": 1.5, "statement": "select $1 from t", "query_id": 12, "application": "psql"}),
            ("error", {"sqlstate": "42P01", "detail": "d", "statement": "select $1", "pid": 71}),
        ],
    ),
    "jsonlog in a record, among other programs' lines": (
        f'{CNPG}"LOG","message":"connection received: host=[local]"}}}}\n'
        '{"level":"info","ts":1669575244.9,"logger":"wal-archive","msg":"Backup not configured"}\n',
        [("connection", {"pid": 71, "session": "65e59a10.47", "user": "app"}), ("garbage", {"level": None})],
    ),
    "csvlog": (
        f'{CSV_HEAD}"duration: 2.5 ms  statement: select ""a"",\n\'x\' from t",,,,,,,,,"psql","client backend",,77\n'
        + CSV_HEAD.replace("LOG,00000", "ERROR,23505")
        + '"duplicate key","Key (a)=(b) exists.",,,,,"insert into t values (\'b\')",,,"psql"\n'
        + f'{T}.123 UTC,,,3916,,5b1019e0.f4c,1,,{T} UTC,,0,LOG,00000,"checkpoint starting: time",,,,,,,,,""\n',
        [
            (
                "statement",
                {"duration_ms": 2.5, "statement": 'select "a", $1 from t', "application": "psql", "query_id": 77},
            ),
            ("error", {"sqlstate": "23505", "statement": "insert into t values ($1)", "detail": "Key (a)=(b) exists."}),
            ("checkpoint", {"pid": 3916, "user": None}),
        ],
    ),
    "csvlog, an entry cut off": (
        f'{CSV_HEAD}"duration: 2.5 ms  statement: select \'abc{CSV_HEAD}"x"\n'
        f'{CSV_HEAD}"connection received: host=a",,,\n',
        [("statement", {}), ("connection", {})],
    ),
    "garbage between": (
        f"{R}LOG:  duration: 1 ms  statement: select 1\n\t+ 2\nsh: line 1: foo: not found\n"
        f"{R}LOG:  checkpoint starting: time\n",
        [("statement", {"statement": "select $1 + $1"}), ("garbage", {}), ("checkpoint", {})],
    ),
    "two prefixes: log_line_prefix was changed": (
        f"{R}LOG:  duration: 1 ms  statement: select 1\n" * 2 + f"{D}LOG:  duration: 2 ms  statement: select 1\n" * 2,
        [("statement", {"duration_ms": 1.0})] * 2 + [("statement", {"duration_ms": 2.0})] * 2,
    ),
    "crlf": (
        f"{R}LOG:  duration: 1 ms  statement: select a\r\n\tfrom t\r\n{R}LOG:  checkpoint starting: time\r\n",
        [("statement", {"statement": "select a from t"}), ("checkpoint", {"message": "checkpoint starting: time"})],
    ),
    "a byte order mark": (f"\ufeff{R}LOG:  duration: 1 ms  statement: select 1\n", [("statement", {})]),
    "one space after the level": (
        f"{R}LOG: duration: 1.5 ms  statement: select 1\n",
        [("statement", {"duration_ms": 1.5})],
    ),
}


def pulled(
    folder: Path, files: dict[str, bytes], *, window: Window = EVER, prefix: str = "", piece: int = 32 << 20
) -> Pull:
    """The pull of log files."""
    (folder / "database").mkdir(parents=True, exist_ok=True)
    (folder / "scratch").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "database" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "database" / name).write_bytes(content)
    logs = DatabaseLogs(folder, folder / "scratch", piece=piece)
    return logs.fetch(DatabaseLogQuery(window, prefix), pull="incident:database_log")


def events_of(pull: Pull, folder: Path, *, batch: int = 1 << 18) -> tuple[list[dict[str, object]], EventCounts]:
    """The events of a pull."""
    counts = write_events([(pull.records, "incident")], folder / "events.parquet", batch=batch)
    return pq.read_table(folder / "events.parquet").to_pylist(), counts
