"""The work behind `ddms-ops demo` and `ddms-ops sandbox`: an incident that is named."""

import shutil
import sys
from pathlib import Path

from ddms_ops.commands import run_incident
from ddms_ops.errors import BadInput, RunError
from ddms_ops.simulate import SYSTEMS, SimulatedCase, write_case


def run_demo(system: str, scenario: str, *, events: int, seed: int, out: Path) -> int:
    """Simulate an incident below `out`, then investigate it."""
    simulated = _simulated(system, scenario, events=events, seed=seed, out=out)
    return run_incident(simulated.incident, notebooks=None, source=None, out=out, overrides=())


def run_sandbox(system: str, scenario: str, *, events: int, seed: int, out: Path) -> int:
    """Simulate an incident below `out`, then serve it over HTTP and Postgres until Ctrl-C.

    Raises:
        RunError: the packages of the sandbox are not installed.
    """
    try:
        from ddms_ops.sandbox.commands import serve
    except ModuleNotFoundError as missing:
        raise RunError(f"the sandbox needs more packages ({missing.name}); pip install 'ddms-ops[sandbox]'") from None
    simulated = _simulated(system, scenario, events=events, seed=seed, out=out)
    return serve(simulated.export, simulated.incident)


def _simulated(system: str, scenario: str, *, events: int, seed: int, out: Path) -> SimulatedCase:
    """A simulated incident in `<out>/simulated`, in the place of an earlier one."""
    scenario = scenario or _first_incident(system)
    target = out / "simulated" / f"{system}-{scenario}".replace("_", "-")
    if target.exists() and system in SYSTEMS and scenario in SYSTEMS[system].scenarios:
        shutil.rmtree(target)
    try:
        simulated = write_case(system, scenario, target, seed=seed, events=events)
    except OSError as fault:
        raise BadInput(f"--out {out}: cannot write there: {fault.strerror}") from None
    print(f"simulated {events:,} log events of {system}, scenario {scenario}: {simulated.export}", file=sys.stderr)
    return simulated


def _first_incident(system: str) -> str:
    """What is simulated of a system unless told: the bad deploy, else the first scenario that plants something."""
    planted = [name for name, each in SYSTEMS[system].scenarios.items() if each.onset_ms] if system in SYSTEMS else []
    return "bad_deploy" if "bad_deploy" in planted or not planted else planted[0]
