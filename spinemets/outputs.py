"""Outputs are whole or absent: everything is written beside its place and renamed into it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spinemets.errors import InputError

PERMITTED_MODE = 0o666
# Where unfinished outputs of this process stand.
_drafts: set[Path] = set()


def _check_parent(path: Path) -> None:
    """Refuse `path` when its folder cannot be made or written to."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(path, f"its folder cannot be made ({error.strerror})", "choose another folder") from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(path, "its folder cannot be written to", "choose another folder, or change its permissions")


def check_writable_file(path: Path, overwrite: bool = False) -> None:
    """Refuse at once what could not be written at the end of long work."""
    path = Path(path)
    if path.is_dir():
        raise InputError(path, "is a folder", "name a file")
    if path.exists() and not overwrite:
        raise InputError(path, "exists already", "choose another --out or add --overwrite")
    _check_parent(path)


def check_writable_folder(path: Path, overwrite: bool = False) -> None:
    """Refuse at once a folder that could not be filled at the end of long work."""
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise InputError(path, "is a file", "name a folder")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise InputError(path, "is a folder that is not empty", "choose another --out or add --overwrite")
    if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
        raise InputError(path, "cannot be written to", "choose another folder, or change its permissions")
    _check_parent(path)


def full_suffix(path: Path) -> str:
    """The suffix that tells an image's format: `.nii.gz`, not `.gz`."""
    return "".join(Path(path).suffixes[-2:]) if Path(path).suffix == ".gz" else Path(path).suffix


@contextmanager
def replacing_file(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """Give a path beside `path`, with its suffix, to write to; rename it into place when the block ends well.

    Raises
    ------
    InputError : `path` exists and `overwrite` is false, or its folder cannot be written to.
    """
    path = Path(path)
    check_writable_file(path, overwrite)
    with _draft(path, full_suffix(path)) as draft:
        draft.touch(0o600, exist_ok=False)
        yield draft
        draft.chmod(PERMITTED_MODE & ~_umask())
        draft.replace(path)


@contextmanager
def replacing_folder(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; move what is in it into `path` when the block ends well.

    With `overwrite`, files of the same names are replaced and all others stay as they are.

    Raises
    ------
    InputError : `path` is not empty and `overwrite` is false, or cannot be written to.
    """
    path = Path(path)
    check_writable_folder(path, overwrite)
    with _draft(path) as draft:
        draft.mkdir(0o700)
        yield draft
        draft.chmod(0o777 & ~_umask())
        _move_into(draft, path)


def discard_drafts() -> None:
    """Remove what is being written and not in its place yet: for a process that has to end at once."""
    while _drafts:
        _remove(_drafts.pop())


@contextmanager
def _draft(path: Path, suffix: str = "") -> Iterator[Path]:
    """A name beside `path` that nothing has. Whatever stands there when the block ends is removed, and the block may be
    interrupted anywhere: nothing stands there before it begins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}{suffix}")
    try:
        _drafts.add(draft)
        yield draft
    except OSError as error:
        raise _not_written(path, error) from error
    except InputError as error:
        raise _named_as_asked(error, draft, path) from error
    finally:
        _remove(draft)
        _drafts.discard(draft)


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink(missing_ok=True)


def _not_written(path: Path, error: OSError) -> InputError:
    """What the system said. Packages wrap it in errors of their own, whose text may be pages long."""
    cause: BaseException | None = error
    while isinstance(cause, OSError) and cause.strerror is None and cause.__cause__ is not None:
        cause = cause.__cause__
    why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error).partition("\n")[0]
    return InputError(path, f"cannot be written ({why})", "free space, or choose another folder")


def _named_as_asked(error: InputError, partial: Path, path: Path) -> InputError:
    """The same error about the output's own name, not about the name it has until it is whole."""
    return InputError(error.what.replace(str(partial), str(path)), error.why, error.remedy)


def _move_into(source: Path, target: Path) -> None:
    if not target.exists():
        source.replace(target)
        return
    for item in sorted(source.iterdir()):
        place = target / item.name
        if item.is_dir() and place.is_dir():
            _move_into(item, place)
        else:
            item.replace(place)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
