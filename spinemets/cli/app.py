"""The list of commands, and what becomes of a fault: one line on standard error and an exit status.

Exit status: 0 done, 1 the input is at fault, 2 the command line is at fault, 130 cancelled.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from spinemets.cli.commands.agreement import agreement
from spinemets.cli.commands.carry import carry
from spinemets.cli.commands.catalogues import models, recipes, schema
from spinemets.cli.commands.classify import classify
from spinemets.cli.commands.compare import compare
from spinemets.cli.commands.dce import dce
from spinemets.cli.commands.demo import demo
from spinemets.cli.commands.extract import extract
from spinemets.cli.commands.features import features
from spinemets.cli.commands.inspect import inspect
from spinemets.cli.commands.phantom import phantom
from spinemets.cli.commands.segment import segment
from spinemets.cli.commands.standby import standby
from spinemets.cli.commands.statistics import statistics
from spinemets.cli.commands.train import train
from spinemets.cli.commands.unpack import unpack
from spinemets.cli.commands.validate import validate
from spinemets.cli.parsing import typer
from spinemets.cli.reporting import printable
from spinemets.errors import Cancelled, InputError

DONE, INPUT_AT_FAULT, COMMAND_LINE_AT_FAULT, CANCELLED = 0, 1, 2, 130
STOPPED = "cancelled: stopped before the end; nothing was written"

app = typer.Typer(
    name="spinemets",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich doubles the time to the help text; tables and bars use it where it pays.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Segmentation and classification of spinal lesions on MRI. Research use only.",
)
for command in (
    demo,
    phantom,
    inspect,
    carry,
    segment,
    dce,
    features,
    extract,
    agreement,
    train,
    validate,
    compare,
    classify,
    statistics,
    recipes,
    models,
    schema,
):
    app.command()(command)
app.command(hidden=True)(standby)
# Of use to programs, such as the panel in Slicer, only.
app.command(hidden=True)(unpack)


def _print_version(wanted: bool) -> None:
    if wanted:
        from spinemets import __version__

        typer.echo(f"spinemets {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Segmentation and classification of spinal lesions on MRI. Research use only."""


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; no traceback reaches the user."""
    _listen_for_signals()
    _prepare_streams()
    try:
        status = app(arguments, prog_name="spinemets", standalone_mode=False)
        sys.stdout.flush()
    except InputError as error:
        return _fault(str(error), INPUT_AT_FAULT)
    except (_Interrupted, KeyboardInterrupt, Cancelled, typer.Abort):
        return _fault(STOPPED, CANCELLED)
    except BrokenPipeError:
        # The reader of our output has gone (`spinemets ... | head`): what is left has nowhere to go.
        _leave_standard_output()
        return DONE
    except SystemExit as leaving:
        # The same, once Typer has met it; shell completion leaves in this way too.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _leave_standard_output()
        return DONE
    except MemoryError:
        return _fault("memory: is too small for this; use fewer or smaller images, or coarser voxels", INPUT_AT_FAULT)
    except Exception as error:
        if hasattr(error, "format_message"):  # Typer's own faults, whichever package its parser lives in.
            return _fault(_usage_fault(error), COMMAND_LINE_AT_FAULT)
        if os.environ.get("SPINEMETS_TRACEBACK"):
            raise
        if isinstance(error, OSError):
            _leave_standard_output()
            what = error.filename or "a file, a folder or the standard output"
            remedy = "check that it exists, that its permissions allow it and that its disk has space"
            return _fault(f"{what}: {error.strerror or error}; {remedy}", INPUT_AT_FAULT)
        why = " ".join(str(error).split()) or "no message"
        return _fault(
            f"internal error: {type(error).__name__}: {why}; report this, with what SPINEMETS_TRACEBACK=1 adds to it",
            INPUT_AT_FAULT,
        )
    if status == CANCELLED:  # Newer versions of Typer turn the interrupt into a status themselves.
        return _fault(STOPPED, CANCELLED)
    return status if isinstance(status, int) else DONE


def _prepare_streams() -> None:
    """Let every name be printed, whatever bytes it is made of and whatever the terminal's encoding; and let a closed
    stream (`>&-`) be as good as /dev/null.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _leave_standard_output() -> None:
    """What is still to be written there would fail again when Python closes it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Interrupted(BaseException):
    """A signal asks to stop. Not KeyboardInterrupt: passing through `exec`, as in the making of a dataclass, that one
    lets Python end the process by the signal itself, whatever exit status was asked for.
    """


def _interrupt(_signal: int, _frame: Any) -> None:
    raise _Interrupted


def _listen_for_signals() -> None:
    """Ctrl-C, an end asked for by another program, and the terminal's closing stop the work; what a parent ignores
    (`nohup`) stays ignored.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _usage_fault(error: Any) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "spinemets"
    message = " ".join(str(error.format_message()).split()).rstrip(".")
    return f"command line: {message}; see {command} --help"


def _fault(line: str, status: int) -> int:
    with suppress(OSError):
        sys.stderr.write(f"spinemets: {printable(line)}\n")
        sys.stderr.flush()
    return status
