"""Stand-ins for `qt` and `ctk`: they can be imported, as Slicer's modules do, and raise as soon as they are used."""

import types


class QtUsedWithoutApplication(RuntimeError):
    """Code that must run without a window asked for Qt."""


class UnusableModule(types.ModuleType):
    def __getattr__(self, name: str):
        if name.startswith("__"):  # the import system asks for __path__ and the like
            raise AttributeError(name)
        raise QtUsedWithoutApplication(f"{self.__name__}.{name} was used where there is no Qt application")
