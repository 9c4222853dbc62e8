"""`python -m spinemets` and the console command `spinemets`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

# The matrices are small: BLAS threads cost half as much time again as they save, and the order in which they add
# changes the last digits with the number of cores. Libraries read these names once, when they are loaded.
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def _one_blas_thread() -> None:
    """Let linear algebra run on one thread, unless the user has said how many it shall have."""
    if "OMP_NUM_THREADS" not in os.environ:
        for name in BLAS_THREADS:
            os.environ.setdefault(name, "1")


def _leave_at_once(_signal: int, _frame: Any) -> None:
    """Ctrl-C before any work began: nothing to clear up."""
    sys.stderr.write("spinemets: cancelled: stopped before the start; nothing was written\n")
    sys.stderr.flush()
    os._exit(130)


def main() -> None:
    """Run the command line and leave with its exit status."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave_at_once)
    _one_blas_thread()
    from spinemets.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
