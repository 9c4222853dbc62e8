"""The model package `NAME.spinemets`: what a model is, read with every check that can be made before it is applied."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.dce.wanted import DYNAMIC_ROLE, Kinetics, measured_variables
from spinemets.errors import InputError
from spinemets.models.archive import MODEL_MEMBER, read_archive, write_archive
from spinemets.models.formulas import check_classifier
from spinemets.models.schema_files import read_schema
from spinemets.models.structure import StructureError, check_structure, parse_json

SUFFIX = ".spinemets"
SCHEMA_VERSION = 1
SHIPPED_FOLDER = Path(__file__).parent / "packages"
SEARCH_PATH_VARIABLE = "SPINEMETS_MODELS"
CARD_KEYS = ("name", "title", "question", "classes", "positive_class", "inputs", "features", "training")
CARD_DETAILS = ("performance", "calibration", "threshold", "licence", "intended_use", "simulated", "seed", "software")
SYMMETRY_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ModelPackage:
    """A checked model package.

    `model` is the content of model.json (see the schema `model`); `members` are the other members by name; `sha256` is
    the hash of the package file. Arrays below are in the order of `features`.
    """

    model: Mapping[str, Any]
    members: Mapping[str, bytes] = field(repr=False)
    sha256: str
    path: Path | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ModelPackage:
        """Read and check the package at `path`.

        Raises
        ------
        InputError : not a zip, damaged, hostile (links, paths that leave the archive, members that unpack to more than
            they may), a missing member, a wrong hash, an unknown schema version, a key that is missing or of the wrong
            type, a number that is not finite, or lists whose lengths do not fit.
        """
        path = Path(path)
        members, digest = read_archive(path)
        try:
            model = parse_json(members[MODEL_MEMBER])
            check_model(model)
        except StructureError as error:
            raise InputError(path, f"{MODEL_MEMBER}: {error}", _remedy(error)) from error
        others = {name: content for name, content in members.items() if name != MODEL_MEMBER}
        return cls(model, others, digest, path)

    @property
    def name(self) -> str:
        """The model's name, as in its file's name."""
        return str(self.model["name"])

    @property
    def question(self) -> str:
        """The clinical question, such as `osteoblastic-vs-osteolytic`."""
        return str(self.model["question"])

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of the images that the model needs."""
        return tuple(str(entry["role"]) for entry in self.model["inputs"])

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(self.model["features"])

    @property
    def positive_class(self) -> str:
        """The class whose probability is given."""
        return str(self.model["positive_class"])

    @property
    def negative_class(self) -> str:
        """The other class."""
        return str(next(name for name in self.model["classes"] if name != self.model["positive_class"]))

    @property
    def threshold(self) -> float:
        """The positive class from this probability on."""
        return float(self.model["threshold"]["value"])

    @property
    def simulated(self) -> bool:
        """Whether the model was trained on simulated cases, so that it says nothing about a patient."""
        return bool(self.model["simulated"])

    @property
    def extraction(self) -> dict[str, Any]:
        """Keyword arguments for `spinemets.features.extraction.extract_features`."""
        return dict(self.model["recipe"]["extraction"] or {})

    @property
    def kinetics(self) -> Kinetics | None:
        """What the model measures of the dynamic series; None: nothing."""
        return Kinetics.of_recipe(self.model["recipe"])

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Clinical variables that the model needs, by name: description, unit, and the number of each word."""
        return {str(entry["name"]): dict(entry) for entry in self.model.get("variables", ())}

    def how_to_give(self, feature: str) -> str:
        """What a user does about a feature that is missing."""
        if feature in self.variables:
            return f"give {feature} ({self.variables[feature]['description']}), such as in the cohort table"
        return f"compute the features of {', '.join(self.roles)} with the model's own extraction parameters"

    @property
    def crop_margin_mm(self) -> float | None:
        """Margin round the lesion to which images are cropped before the features; None: not cropped."""
        margin = self.model["recipe"]["crop_margin_mm"]
        return None if margin is None else float(margin)

    @property
    def card(self) -> dict[str, Any]:
        """What a user should know before using the model: everything but the coefficients."""
        described = {key: self.model[key] for key in CARD_KEYS + CARD_DETAILS}
        return described | {"sha256": self.sha256, "path": str(self.path or "")}

    def vector(self, *keys: str) -> NDArray[np.float64]:
        """The numbers under `keys` of model.json as an array."""
        value: Any = self.model
        for key in keys:
            value = value[key]
        return np.asarray(value, dtype=np.float64)


def check_model(model: Any) -> None:
    """Check the content of a model.json: its schema, then what a schema cannot say.

    Raises
    ------
    StructureError : naming the place.
    """
    version = model.get("schema_version") if isinstance(model, dict) else None
    if version is not None and (isinstance(version, bool) or version != SCHEMA_VERSION):
        raise StructureError(f"schema_version is {version!r}; this program knows {SCHEMA_VERSION}")
    check_structure(model, read_schema("model"))
    count = len(model["features"])
    for place, length in _lengths(model):
        if length != count:
            raise StructureError(f"{place} has {length} entries where there are {count} features")
    if model["positive_class"] not in model["classes"]:
        raise StructureError("positive_class is not one of classes")
    check_classifier(model)
    if "covariance" in model["classifier"]:
        size = count + 1 if model["classifier"]["kind"] == "logistic" else 2
        _check_matrix(model["classifier"]["covariance"], size, "classifier.covariance")
    _check_matrix(model["out_of_distribution"]["covariance"], count, "out_of_distribution.covariance", definite=True)
    if np.any(np.asarray(_ranges(model)["low"]) > np.asarray(_ranges(model)["high"])):
        raise StructureError("training.feature_ranges has a low above its high")
    _check_quantiles(model["training"].get("feature_quantiles"), count)
    roles = [entry["role"] for entry in model["inputs"]]
    if len(set(roles)) < len(roles):
        raise StructureError("inputs names a role twice")
    variables = [entry["name"] for entry in model.get("variables", ())]
    if DYNAMIC_ROLE in roles:
        variables += measured_variables(model["recipe"])
    for name in model["features"]:
        if name not in variables:
            split_feature(name, roles)


def split_feature(name: str, roles: Iterable[str]) -> tuple[str, str]:
    """`t2_original_firstorder_Mean` -> (`t2`, `original_firstorder_Mean`).

    The longest role that fits wins, since `t2` begins no other role but `ce_t1_sag` and `ce_t1` might.

    Raises
    ------
    StructureError : no role fits.
    """
    for role in sorted(roles, key=len, reverse=True):
        if name.startswith(f"{role}_") and len(name) > len(role) + 1:
            return role, name[len(role) + 1 :]
    raise StructureError(f"feature {name!r} does not begin with the role of one of the inputs")


def write_package(
    model: Mapping[str, Any], members: Mapping[str, bytes], path: str | os.PathLike[str], overwrite: bool = False
) -> ModelPackage:
    """Check `model`, write it with `members` and their hashes to `path`, and return the package as read back.

    Raises
    ------
    InputError : the model would be refused on reading, or `path` cannot be written.
    """
    path = Path(path)
    try:
        content = json.dumps(model, indent=1, allow_nan=False).encode()
        check_model(parse_json(content))
    except (StructureError, ValueError, TypeError) as error:
        raise InputError(path, f"the model is not valid: {error}", "correct the model before writing it") from error
    write_archive({MODEL_MEMBER: content, **members}, path, overwrite)
    return ModelPackage.read(path)


def search_path() -> list[Path]:
    """Folders with model packages: those in the variable SPINEMETS_MODELS, then the shipped ones."""
    folders = [Path(entry) for entry in os.environ.get(SEARCH_PATH_VARIABLE, "").split(os.pathsep) if entry]
    return [*folders, SHIPPED_FOLDER]


def find_packages(folders: Iterable[str | os.PathLike[str]] | None = None) -> list[Path]:
    """Package files in `folders` (default: `search_path()`), sorted in each; of two with one name the first counts."""
    found: dict[str, Path] = {}
    for folder in search_path() if folders is None else map(Path, folders):
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []:
            found.setdefault(path.name, path)
    return list(found.values())


def find_package(name_or_path: str | os.PathLike[str]) -> Path:
    """The package file of a model that a user named by path or, without folder and suffix, by name.

    Raises
    ------
    InputError : there is none; the message lists those that there are.
    """
    path = Path(name_or_path)
    if path.exists() or path.suffix == SUFFIX or path.parent != Path():
        return path
    known = {found.stem: found for found in find_packages()}
    if path.name not in known:
        names = ", ".join(sorted(known)) or "none in the search path"
        raise InputError(name_or_path, "is neither a file nor the name of a model", f"known models: {names}")
    return known[path.name]


def _remedy(error: StructureError) -> str:
    if "schema_version" in str(error):
        return "update SpineMets, or use a package made for this version"
    return "get a correct package from whoever made this one"


def _ranges(model: Mapping[str, Any]) -> dict[str, list[float]]:
    ranges: dict[str, list[float]] = model["training"]["feature_ranges"]
    return ranges


def _lengths(model: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [
        ("preprocessing.mean", len(model["preprocessing"]["mean"])),
        ("preprocessing.sd", len(model["preprocessing"]["sd"])),
        ("training.feature_ranges.low", len(_ranges(model)["low"])),
        ("training.feature_ranges.high", len(_ranges(model)["high"])),
    ]


def _check_quantiles(quantiles: Mapping[str, Any] | None, count: int) -> None:
    """A rising list of values a feature, one a share."""
    if quantiles is None:
        return
    shares, values = quantiles["shares"], quantiles["values"]
    if len(values) != count or any(len(row) != len(shares) for row in values):
        raise StructureError(f"training.feature_quantiles.values is not {count} lists of {len(shares)}")
    if any(later < earlier for row in (shares, *values) for earlier, later in pairwise(row)):
        raise StructureError("training.feature_quantiles has a list that falls")


def _check_matrix(rows: list[list[float]], size: int, place: str, definite: bool = False) -> None:
    """A covariance is square, symmetric, and has no negative (`definite`: only positive) eigenvalue."""
    if len(rows) != size or any(len(row) != size for row in rows):
        raise StructureError(f"{place} is not a matrix of {size} by {size}")
    matrix = np.asarray(rows, dtype=np.float64)
    scale = max(float(np.abs(matrix).max()), np.finfo(float).tiny)
    if np.abs(matrix - matrix.T).max() > SYMMETRY_TOLERANCE * scale:
        raise StructureError(f"{place} is not symmetric")
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -SYMMETRY_TOLERANCE * scale or (definite and smallest <= 0):
        raise StructureError(f"{place} is not a covariance: it has the eigenvalue {smallest:.3g}")
