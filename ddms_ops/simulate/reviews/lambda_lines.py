"""What Lambda itself writes of each invocation, as lines of a scene."""

START = "START RequestId: $uuid Version: $$LATEST"
END = "END RequestId: $uuid"


def init_start(runtime: str = "nodejs:20.v42") -> str:
    """An execution environment begins."""
    return (
        f"INIT_START Runtime Version: {runtime}\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:"
        "0b6f1c2e47d8a95e3c1b7f20d4a6e89c5b3f1d7e9a2c4068b5d3f7e1a9c2b4d6"
    )


def report(memory_mb: int, *, used: str = "1${n}4", init_ms: str = "", status: str = "") -> str:
    """How an invocation went: `used` is MB, `init_ms` what its cold start took, `status` how it ended if not well."""
    init = f"Init Duration: {init_ms} ms\t" if init_ms else ""
    ended = f"Status: {status}" if status else ""
    return (
        f"REPORT RequestId: $uuid\tDuration: $ms.00 ms\tBilled Duration: $ms ms\tMemory Size: {memory_mb} MB\t"
        f"Max Memory Used: {used} MB\t{init}{ended}"
    )


def timed_out(seconds: int) -> str:
    """An invocation is ended at its limit."""
    return f"$iso $uuid Task timed out after {seconds}.00 seconds\n"


def invoke_error(kind: str, message: str, *frames: str) -> str:
    """What the Node.js runtime logs of an error that no code caught; the texts are JSON already."""
    stack = ", ".join(f'"{line}"' for line in (f"{kind}: {message}", *frames))
    return f'$iso\t$uuid\tERROR\tInvoke Error \t{{"errorType":"{kind}","errorMessage":"{message}","stack":[{stack}]}}'
