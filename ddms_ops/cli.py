"""`ddms-ops`: run, demo, sandbox, init, lab, drill, report, replay, verify, pdf, diff, doctor, list.

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
        is_run = any(name in (argv or sys.argv) for name in ("run", "demo"))
        kept = "; what was pulled and checked so far is kept, the rest is marked as not checked" if is_run else ""
        _complain([f"stopped{kept}"])
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
    run.add_argument("incident", nargs="?", type=Path, help="incident file, e.g. dms-bad-deploy.yaml; or all by -p")
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

    _add_lab_commands(commands)
    _add_reading_commands(commands)
    return parser


def _add_lab_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """The commands for a person in JupyterLab."""
    init = commands.add_parser("init", help="copy the notebooks and parameters into a folder, to edit them")
    init.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: where you stand")
    init.set_defaults(command=_init)

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab, or those of an incident")
    lab.add_argument("incident", nargs="?", type=Path, help="incident file; its notebooks go to DIR/cases")
    lab.add_argument("--notebook", action="append", metavar="N", help="open only this notebook (may be repeated)")
    lab.add_argument(
        "-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help="set one parameter"
    )
    _add_lab_options(lab)
    lab.set_defaults(command=_lab)

    drill = commands.add_parser("drill", help="practise: a simulated incident that you are not told, and its answer")
    drill.add_argument("system", nargs="?", help="see ddms-ops list (default: dms); or a drill's folder")
    drill.add_argument("--answer", action="store_true", help="what was planted, beside your answer and the tool's")
    drill.add_argument("--seed", type=_seed, help="which drill, to repeat one (default: any)")
    drill.add_argument("--events", type=_count, default=20_000, help="log events to simulate (default: 20000)")
    drill.add_argument("--files", action="store_true", help="read from files, where a sandbox could play AWS")
    serving = "do not open JupyterLab; say how to go on (what a sandbox plays is served until Ctrl-C)"
    drill.add_argument("--no-lab", action="store_true", help=serving)
    _add_lab_options(drill)
    drill.set_defaults(command=_drill)


def _add_lab_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", "--out", dest="folder", type=Path, metavar="DIR",
        help="folder to work in (default: where you stand, or a new ddms-ops-lab there)",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser; its address is printed")
    parser.add_argument("--port", type=_port, help="default: 8888, or the next that is free; 0 for any")


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

    report = commands.add_parser("report", help="write a report's post-mortem and summary again, with what was pinned")
    report.add_argument("report", type=Path)
    report.set_defaults(command=_report)

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


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def _seed(text: str) -> int:
    number = _number(text)
    if number < 0:
        raise argparse.ArgumentTypeError("give 0 or greater")
    return number


def _port(text: str) -> int:
    number = _number(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("give 0 to 65535")
    return number


def _count(text: str) -> int:
    number = _number(text.replace("_", "").replace(",", ""))
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
    from ddms_ops.drill.demo import run_demo

    return run_demo(
        arguments.system, arguments.scenario, events=arguments.events, seed=arguments.seed, out=arguments.out
    )


def _sandbox(arguments: argparse.Namespace) -> int:
    from ddms_ops.drill.demo import run_sandbox

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


def _report(arguments: argparse.Namespace) -> int:
    from ddms_ops.report.renew import renew_report

    return renew_report(arguments.report)


def _init(arguments: argparse.Namespace) -> int:
    from ddms_ops.lab.folder import init_folder

    return init_folder(arguments.folder)


def _lab(arguments: argparse.Namespace) -> int:
    from ddms_ops.lab.opening import LabOptions, open_lab

    options = LabOptions(arguments.folder, not arguments.no_browser, arguments.port)
    return open_lab(arguments.incident, arguments.parameters, arguments.notebook, options)


def _drill(arguments: argparse.Namespace) -> int:
    from ddms_ops.drill.answering import answer_drill
    from ddms_ops.drill.starting import DrillOptions, start_drill
    from ddms_ops.lab.opening import LabOptions

    lab = LabOptions(arguments.folder, not arguments.no_browser, arguments.port)
    if arguments.answer and arguments.seed is not None:
        raise BadInput("drill --answer: takes a drill's folder, no --seed; without one it answers the last drill")
    if arguments.answer:
        return answer_drill(arguments.system, lab)
    options = DrillOptions(arguments.seed, arguments.events, arguments.files, arguments.no_lab)
    return start_drill(arguments.system or "dms", options, lab)


if __name__ == "__main__":
    sys.exit(main())
