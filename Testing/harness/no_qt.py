"""`qt` and `ctk` as modules import them: without a window they raise as soon as they are used."""

import types


class QtUsedWithoutApplication(RuntimeError):
    """Code that must run without a window asked for Qt."""


class QtModule(types.ModuleType):
    """`qt` or `ctk`. One object for the whole process, since modules keep it: with a window it leads to Qt."""

    behind: types.ModuleType | None = None

    def __getattr__(self, name: str):
        if name.startswith("__"):  # the import system asks for __path__ and the like
            raise AttributeError(name)
        if self.behind is None:
            raise QtUsedWithoutApplication(f"{self.__name__}.{name} was used where there is no Qt application")
        return getattr(self.behind, name)
