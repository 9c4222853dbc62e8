"""The model packages that can be asked: found, installed, removed, and whether they fit what is there."""

from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from spinemets.errors import InputError
from spinemets.models.package import SUFFIX, ModelPackage, find_packages, search_path
from spinemets.outputs import replacing_file


@dataclass(frozen=True)
class KnownModel:
    """A package file; `package` is None when it cannot be used, and `fault` says why."""

    path: Path
    package: ModelPackage | None
    fault: str = ""
    isOwn: bool = False

    @property
    def name(self) -> str:
        return self.package.name if self.package is not None else self.path.stem


class ModelLibrary:
    """Packages in the user's folder, then those in the search path.

    Parameters
    ----------
    folder : where packages that the user installs are kept.
    """

    def __init__(self, folder) -> None:
        self.folder = Path(folder)
        self._read = {}

    def models(self) -> list[KnownModel]:
        """All packages; of two with one file name the user's own counts."""
        return [self.model(path) for path in find_packages([self.folder, *search_path()])]

    def model(self, path) -> KnownModel:
        """One package, read when it is new or was changed."""
        path = Path(path)
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
        except OSError:
            stamp = None
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            self._read[path] = (stamp, self._readModel(path))
        return self._read[path][1]

    def install(self, path) -> KnownModel:
        """Check a package and copy it into the user's folder; one of the same name there is replaced.

        Raises
        ------
        InputError : the package cannot be used, or the folder cannot be written to.
        """
        package = ModelPackage.read(path)
        target = self.folder / f"{package.name}{SUFFIX}"
        if Path(path).resolve() != target.resolve():
            content = Path(path).read_bytes()
            with replacing_file(target, overwrite=True) as partial:
                partial.write_bytes(content)
        return self.model(target)

    def remove(self, model: KnownModel) -> None:
        """Delete a package that the user installed.

        Raises
        ------
        InputError : it came with the extension, or cannot be deleted.
        """
        if not model.isOwn:
            raise InputError(model.name, "was not installed here", "only installed models can be removed")
        try:
            model.path.unlink()
        except OSError as error:
            raise InputError(model.path, f"cannot be deleted ({error.strerror})", "check its permissions") from error

    def _readModel(self, path: Path) -> KnownModel:
        isOwn = path.parent == self.folder
        try:
            return KnownModel(path, ModelPackage.read(path), isOwn=isOwn)
        except InputError as error:
            return KnownModel(path, None, str(error), isOwn)


def whyNot(model: KnownModel, roles, question: str = "") -> str:
    """Why a model cannot be asked about a case with series of these roles; empty when it can."""
    if model.package is None:
        return model.fault
    if question and model.package.question != question:
        return _("It answers another question: {question}.").format(question=model.package.question)
    missing = [role for role in model.package.roles if role not in roles]
    if missing:
        from spinemets.report.wording import role_in_words

        return _("The case has no series of this role: {roles}. Load it, or correct the roles.").format(
            roles=", ".join(role_in_words(role) for role in missing)
        )
    return ""
