"""`spinemets standby`: a process that has imported the library and waits for its command line on standard input."""

from __future__ import annotations

import _thread
import json
import os
import sys
import threading
import time
from contextlib import suppress

from spinemets.cli.parsing import typer
from spinemets.outputs import discard_drafts

# How long cancelled work has to clear up before it is interrupted again, and in all before the process ends; ample,
# since other work may take most of the machine.
GRACE_SECONDS = (2.0, 4.0, 6.0)


def standby() -> None:
    """Import the library, wait for one line {"argv": [...]} on standard input, and run it.

    Standard output begins with {"standby": process id}; the process leads a group of its own, so that a parent can end
    it with all that it started. When standard input closes, the parent is gone or has lost interest: the work is
    cancelled.
    """
    if sys.stdin is None:
        raise typer.Exit(0)
    if hasattr(os, "setsid"):
        with suppress(OSError):  # it leads a session already
            os.setsid()
    sys.stdout.write(json.dumps({"standby": os.getpid()}) + "\n")
    sys.stdout.flush()
    import_library()
    line = sys.stdin.readline()
    if not line.strip():
        raise typer.Exit(0)
    arguments = parse_request(line)
    threading.Thread(target=_cancel_when_closed, daemon=True).start()
    from spinemets.cli.app import run

    try:
        status = run(arguments)
    finally:
        discard_drafts()  # of clearing up that was interrupted itself
    raise typer.Exit(status)


def import_library() -> None:
    """Import what the commands of the panels need; most of the time to a first result goes there."""
    import spinemets.geometry.files
    import spinemets.models.heatmap
    import spinemets.report.page
    import spinemets.segmentation.lesion
    import spinemets.studies.opening  # noqa: F401


def parse_request(line: str) -> list[str]:
    """The command line of a request. Raises BadParameter for anything else."""
    try:
        arguments = json.loads(line)["argv"]
    except (ValueError, TypeError, KeyError) as error:
        raise typer.BadParameter('standard input: is no line {"argv": [...]}') from error
    if not isinstance(arguments, list) or not all(isinstance(argument, str) for argument in arguments):
        raise typer.BadParameter("standard input: argv is no list of strings")
    return arguments


def _cancel_when_closed() -> None:
    with suppress(OSError, ValueError):
        while sys.stdin.readline():
            pass
    # Several times, since an interrupt that falls into a destructor or a callback is lost.
    for seconds in GRACE_SECONDS:
        _thread.interrupt_main()
        time.sleep(seconds)
    discard_drafts()
    os._exit(130)
