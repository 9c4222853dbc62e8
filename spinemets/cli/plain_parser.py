"""The command line where Typer is not installed, as in Slicer's Python: the part of Typer's interface that the commands
use, on top of argparse. The same commands with the same options; help is plainer.
"""

from __future__ import annotations

import argparse
import enum
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn


@dataclass(frozen=True)
class Parameter:
    """What an annotation says of an argument or option; `settings` are Typer's keywords."""

    is_option: bool
    names: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict, hash=False)


def Option(*names: str, **settings: Any) -> Parameter:
    """An option; without names it is called as the function's parameter."""
    return Parameter(True, names, settings)


def Argument(**settings: Any) -> Parameter:
    """A positional argument."""
    return Parameter(False, (), settings)


class BadParameter(Exception):
    """The command line is at fault."""

    def format_message(self) -> str:
        """What is wrong."""
        return str(self)


class Exit(Exception):
    """Leave with an exit status."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.exit_code = code


class Abort(Exception):
    """Leave at once, as after Ctrl-C."""


def echo(text: str) -> None:
    """Print a line."""
    print(text)  # noqa: T201 - this is the command line's output


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadParameter(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise Exit(status)


class Typer:
    """A program of several commands, each an annotated function."""

    def __init__(self, name: str = "", help: str = "", **_settings: Any) -> None:  # noqa: A002 - Typer's name
        self._name, self._help = name, help
        self._commands: dict[str, Callable[..., Any]] = {}
        self._hidden: set[str] = set()
        self._top: Callable[..., Any] | None = None

    def command(self, hidden: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Make a function a command of its own name."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            name = function.__name__.replace("_", "-")
            self._commands[name] = function
            if hidden:
                self._hidden.add(name)
            return function

        return register

    def callback(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Take the options of a function for those before the command."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self._top = function
            return function

        return register

    def __call__(self, arguments: Sequence[str], prog_name: str = "", standalone_mode: bool = False) -> int:
        """Run a command line; its exit status."""
        try:
            return self._run(list(arguments), prog_name or self._name)
        except Exit as leaving:
            return leaving.exit_code

    def _run(self, arguments: list[str], program: str) -> int:
        top = _Parser(program, description=self._help, add_help=True)
        if self._top is not None:
            _add_parameters(top, self._top)
        shown = ", ".join(sorted(set(self._commands) - self._hidden))
        top.add_argument("command", nargs="?", help=shown)
        top.add_argument("rest", nargs=argparse.REMAINDER, help="arguments of the command; see COMMAND --help")
        if not arguments:
            top.print_help()
            return 0
        given = top.parse_args(arguments)
        if self._top is not None:
            _call(self._top, given)
        if given.command is None:
            raise BadParameter("a command is missing")
        if given.command not in self._commands:
            raise BadParameter(f"no such command {given.command!r}; there are: {shown}")
        function = self._commands[given.command]
        parser = _Parser(f"{program} {given.command}", description=inspect.getdoc(function))
        _add_parameters(parser, function)
        _call(function, parser.parse_args(given.rest))
        return 0


def _hints(function: Callable[..., Any]) -> dict[str, tuple[Any, Parameter | None, Any]]:
    """Type, annotation and default of each parameter."""
    found = {}
    hints = typing.get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        hint, note = hints[name], None
        if typing.get_origin(hint) is typing.Annotated:
            hint, *notes = typing.get_args(hint)
            note = next((each for each in notes if isinstance(each, Parameter)), None)
        found[name] = (_without_none(hint), note, parameter.default)
    return found


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(each for each in typing.get_args(hint) if each is not type(None))
    return hint


def _add_parameters(parser: argparse.ArgumentParser, function: Callable[..., Any]) -> None:
    for name, (hint, note, default) in _hints(function).items():
        settings = note.settings if note else {}
        needed = default is inspect.Parameter.empty
        several = typing.get_origin(hint) is list
        kind = typing.get_args(hint)[0] if several else hint
        shared: dict[str, Any] = {"help": (settings.get("help") or "").replace("%", "%%")}
        if kind is not bool:
            shared |= {"type": _converter(kind, settings.get("min")), "metavar": settings.get("metavar")}
        if note is not None and not note.is_option:
            count = {"nargs": "+"} if several else {} if needed else {"nargs": "?", "default": default}
            parser.add_argument(name, **shared, **count)
            continue
        names = (note.names if note else ()) or (f"--{name.replace('_', '-')}",)
        if kind is bool:
            parser.add_argument(*names, dest=name, action="store_true", default=bool(default), **shared)
        else:
            action = "append" if several else "store"
            start = None if needed else default
            parser.add_argument(*names, dest=name, action=action, default=start, required=needed, **shared)


def _converter(kind: Any, least: float | None) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            values = [each.value for each in kind]
            if text not in values:
                raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(values)}")
            return kind(text)
        try:
            value = kind(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not a valid {kind.__name__}") from error
        if least is not None and value < least:
            raise argparse.ArgumentTypeError(f"{text} is not at least {least:g}")
        return value

    return convert


def _call(function: Callable[..., Any], given: argparse.Namespace) -> None:
    values = {name: getattr(given, name) for name in _hints(function)}
    for name, (_kind, note, _default) in _hints(function).items():
        callback = note.settings.get("callback") if note else None
        if callback is not None:
            callback(values[name])
    function(**values)
