"""YAML files of settings and recipes: what they hold, and on which line each key stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spinemets.errors import InputError


def read_yaml(path: Path, remedy: str) -> tuple[Any, Any]:
    """What a file holds, and its tree of nodes, which know their lines; the tree is None for an empty file.

    Parameters
    ----------
    remedy : what to do about a file that cannot be read.

    Raises
    ------
    InputError : it cannot be read, is not YAML, or has a key twice, of which only the last would count.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read ({error})", remedy) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise InputError(path, f"is not YAML{place}", "correct it; lists and keys need their indentation") from error
    _check_keys(node, path)
    return content, node


def _check_keys(node: Any, path: Path) -> None:
    """Refuse a key that stands twice in one mapping."""
    if node is None or node.id == "scalar":
        return
    if node.id == "sequence":
        for each in node.value:
            _check_keys(each, path)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in lines:
            raise InputError(f"{path}, line {line}", f"{name} stands in line {lines[name]} already", "keep one of them")
        lines[name] = line
        _check_keys(value, path)
