"""`ddms-ops`: run, demo, sandbox, replay, verify, pdf, diff, doctor, list, lab.

Exit 0: all that was asked is done. 1: a report exists, but a source or a section failed or is
partial; or evidence is not what its manifest says. 2: bad input, nothing was done.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ddms_ops import __version__
from ddms_ops.errors import BadInput, DdmsOpsError

DONE, FAULTY, BAD = 0, 1, 2


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{self.prog}: {message}; see {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            signal.signal(signal.SIGHUP, signal.default_int_handler)  # a closed terminal; nohup goes on
    try:
        arguments = _parser().parse_args(argv)
        return int(arguments.command(arguments))
    except BadInput as fault:
        _complain(fault.faults)
        return BAD
    except DdmsOpsError as fault:
        _complain([str(fault)])
        return BAD
    except BrokenPipeError:
        return FAULTY
    except KeyboardInterrupt:
        _complain(["stopped; what was pulled and checked so far is kept, the rest is marked as not checked"])
        return 130


def _complain(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"ddms-ops: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ddms-ops", description="Incident reports whose every number can be traced to recorded evidence."
    )
    parser.add_argument("--version", action="version", version=f"ddms-ops {__version__}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND", parser_class=_Parser)

    run = commands.add_parser("run", help="investigate an incident and write its report")
    run.add_argument("incident", type=Path, help="incident file, e.g. parameters/incidents/dms-bad-deploy.yaml")
    run.add_argument("--notebook", action="append", metavar="N", help="run only this notebook (may be repeated)")
    run.add_argument("--source", help="live, files:<folder of exports> or case:<report folder>, instead of the file's")
    run.add_argument("--out", type=Path, default=Path("reports"), help="folder of reports (default: reports)")
    run.add_argument(
        "-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help="set one parameter"
    )
    run.set_defaults(command=_run)

    demo = commands.add_parser("demo", help="simulate an incident and investigate it")
    demo.add_argument("system", nargs="?", default="dms")
    demo.add_argument("--scenario", default="", help="see ddms-ops list (default: the system's first incident)")
    demo.add_argument("--events", type=_count, default=20_000, help="log events to simulate (default: 20000)")
    demo.add_argument("--seed", type=int, default=7)
    demo.add_argument("--out", type=Path, default=Path("reports"))
    demo.set_defaults(command=_demo)

    sandbox = commands.add_parser(
        "sandbox", help="serve a simulated incident as AWS and Postgres would, on this machine, until Ctrl-C"
    )
    sandbox.add_argument("system", nargs="?", default="dms")
    sandbox.add_argument("--scenario", default="", help="see ddms-ops list (default: the system's first incident)")
    sandbox.add_argument("--events", type=_count, default=20_000, help="log events to simulate (default: 20000)")
    sandbox.add_argument("--seed", type=int, default=7)
    sandbox.add_argument("--out", type=Path, default=Path("reports"))
    sandbox.set_defaults(command=_sandbox)

    _add_reading_commands(commands)
    return parser


def _add_reading_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """The commands that write no report of their own."""
    replay = commands.add_parser(
        "replay", help="compute a report's findings again from its evidence, without a network"
    )
    replay.add_argument("report", type=Path)
    replay.add_argument("--out", type=Path, help="keep the recomputed findings.json and evidence in this folder")
    replay.set_defaults(command=_replay)

    verify = commands.add_parser("verify", help="check a report's evidence against its manifest")
    verify.add_argument("report", type=Path)
    verify.set_defaults(command=_verify)

    doctor = commands.add_parser(
        "doctor", help="check a system's profile, the installation and a source before an incident"
    )
    doctor.add_argument("system")
    doctor.add_argument("--source", help="live, files:<folder of exports> or case:<report folder>")
    doctor.set_defaults(command=_doctor)

    pdf = commands.add_parser("pdf", help="print a report's post-mortem as PDF, by a Chromium on this machine")
    pdf.add_argument("report", type=Path)
    pdf.add_argument("--browser", default="", help="path or name of a Chromium or Chrome (default: the one there is)")
    pdf.set_defaults(command=_pdf)

    differ = commands.add_parser("diff", help="what a report finds that another does not: new, gone, changed")
    differ.add_argument("before", type=Path)
    differ.add_argument("after", type=Path)
    differ.set_defaults(command=_diff)

    known = commands.add_parser("list", help="list systems, notebooks, checks and scenarios; or reports")
    known.add_argument("what", nargs="?", choices=["reports"], help="the reports of a folder, and what recurs in them")
    known.add_argument("--out", type=Path, default=Path("reports"), help="folder of reports (default: reports)")
    known.set_defaults(command=_list)

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.set_defaults(command=_lab)


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if not 1_000 <= number <= 100_000_000:
        raise argparse.ArgumentTypeError("give 1,000 to 100,000,000")
    return number


def _run(arguments: argparse.Namespace) -> int:
    from ddms_ops.commands import run_incident

    return run_incident(
        arguments.incident,
        notebooks=arguments.notebook,
        source=arguments.source,
        out=arguments.out,
        overrides=arguments.parameters,
    )


def _demo(arguments: argparse.Namespace) -> int:
    from ddms_ops.commands import run_demo

    return run_demo(
        arguments.system, arguments.scenario, events=arguments.events, seed=arguments.seed, out=arguments.out
    )


def _sandbox(arguments: argparse.Namespace) -> int:
    from ddms_ops.commands import run_sandbox

    return run_sandbox(
        arguments.system, arguments.scenario, events=arguments.events, seed=arguments.seed, out=arguments.out
    )


def _replay(arguments: argparse.Namespace) -> int:
    from ddms_ops.replay import replay_report

    return replay_report(arguments.report, out=arguments.out)


def _verify(arguments: argparse.Namespace) -> int:
    from ddms_ops.replay import verify_report

    return verify_report(arguments.report)


def _doctor(arguments: argparse.Namespace) -> int:
    from ddms_ops.doctor import examine

    return examine(arguments.system, arguments.source)


def _pdf(arguments: argparse.Namespace) -> int:
    from ddms_ops.report.pdf import print_report

    print(print_report(arguments.report, arguments.browser))
    return DONE


def _diff(arguments: argparse.Namespace) -> int:
    from ddms_ops.inventory import print_difference

    return print_difference(arguments.before, arguments.after)


def _list(arguments: argparse.Namespace) -> int:
    from ddms_ops.inventory import list_known, list_reports

    return list_reports(arguments.out) if arguments.what else list_known()


def _lab(_arguments: argparse.Namespace) -> int:
    from ddms_ops.commands import open_lab

    return open_lab()


if __name__ == "__main__":
    sys.exit(main())
