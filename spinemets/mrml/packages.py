"""Python packages that Slicer does not bring: installed when a step that needs them is used, never at the start."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import slicer.util

from spinemets.errors import InputError

# Beside the package, both in the source tree and in an installed extension.
REQUIREMENTS = Path(__file__).parents[2] / "Resources" / "requirements.txt"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def ensure_packages(requester: str, requirements: Path = REQUIREMENTS) -> None:
    """Install what is missing of a requirements file, after asking the user. Call on the main thread.

    Raises
    ------
    InputError : the user declined, or the installation failed.
    """
    lines = [line.strip() for line in requirements.read_text(encoding="utf-8").splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-"))]
    try:
        _install(wanted, requester)
    except Exception as error:  # whatever pip, the network or the user's "no" raised
        names = ", ".join(wanted)
        raise InputError(requester, f"its Python packages are not installed ({error})", f"install {names}") from error


def _install(wanted: list[str], requester: str) -> None:
    try:
        from slicer.packaging import pip_ensure  # Slicer 5.12
    except ImportError:
        missing = [line for line in wanted if not _is_installed(line)]
        if not missing:
            return
        text = f"{requester} needs Python packages that will be installed: {', '.join(missing)}."
        if not slicer.util.confirmOkCancelDisplay(text):
            raise RuntimeError("declined by the user") from None
        slicer.util.pip_install(missing)
    else:
        pip_ensure(wanted, requester=requester)


def _is_installed(requirement: str) -> bool:
    match = _NAME.match(requirement)
    try:
        importlib.metadata.version(match.group() if match else requirement)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
