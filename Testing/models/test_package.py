"""A bad or hostile model package must be refused with one line that says what to do, and a good one read whole."""

from __future__ import annotations

import contextlib
import json
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from spinemets.errors import InputError
from spinemets.models import archive
from spinemets.models.package import (
    SEARCH_PATH_VARIABLE,
    ModelPackage,
    find_package,
    find_packages,
    write_package,
)
from spinemets.models.schema_files import read_schema

Rewrite = Callable[..., Path]


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        ModelPackage.read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "; " in text and "\n" not in text
    return text


def test_a_package_comes_back_as_it_was_written(package: ModelPackage, model: dict[str, Any]) -> None:
    again = ModelPackage.read(package.path)
    assert again.model == model
    assert again.roles == ("t1", "t2") and again.positive_class == "osteoblastic"
    assert again.negative_class == "osteolytic" and again.simulated and again.threshold == 0.5
    assert again.card["simulated"] is True and "classifier" not in again.card
    assert set(again.members) == {"notes.json", "manifest.json"}


def test_the_same_model_gives_the_same_file(model: dict[str, Any], tmp_path: Path) -> None:
    first = write_package(model, {}, tmp_path / "a.spinemets")
    second = write_package(model, {}, tmp_path / "b.spinemets")
    assert first.sha256 == second.sha256


def test_a_file_that_is_missing_or_no_zip_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.spinemets")
    (tmp_path / "text.spinemets").write_text("hello")
    assert "not a readable zip" in refusal(tmp_path / "text.spinemets")
    assert "is not a file" in refusal(tmp_path)


def test_a_truncated_or_altered_file_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    data = package.path.read_bytes()
    cut = tmp_path / "cut.spinemets"
    cut.write_bytes(data[: len(data) // 2])
    refusal(cut)
    for place in range(0, len(data), 37):
        altered = bytearray(data)
        altered[place] ^= 0x55
        cut.write_bytes(bytes(altered))
        with contextlib.suppress(InputError):  # what is not refused was only a time stamp or the like
            assert ModelPackage.read(cut).model == package.model


@pytest.mark.parametrize("member", ["model.json", "manifest.json", "notes.json"])
def test_a_missing_member_is_named(rewritten: Rewrite, package: ModelPackage, member: str, tmp_path: Path) -> None:
    target = tmp_path / "short.spinemets"
    with zipfile.ZipFile(package.path) as source, zipfile.ZipFile(target, "w") as short:
        for name in source.namelist():
            if name != member:
                short.writestr(name, source.read(name))
    assert member in refusal(target)


def test_a_wrong_hash_is_refused(rewritten: Rewrite, package: ModelPackage) -> None:
    with zipfile.ZipFile(package.path) as source:
        manifest = source.read("manifest.json")
    changed = json.dumps(package.model | {"seed": 2}).encode()
    assert "SHA-256" in refusal(rewritten({"model.json": changed}, manifest=manifest))


def test_a_member_outside_the_manifest_is_refused(rewritten: Rewrite, package: ModelPackage) -> None:
    with zipfile.ZipFile(package.path) as source:
        manifest = source.read("manifest.json")
    assert "not in its manifest" in refusal(rewritten({"run.sh": b"#!"}, manifest=manifest))


@pytest.mark.parametrize(
    "name", ["../evil.json", "a/../../evil.json", "/etc/evil", "C:\\evil", "..\\evil", "a//b", "./a"]
)
def test_a_path_that_leaves_the_archive_is_refused(rewritten: Rewrite, name: str) -> None:
    assert "path" in refusal(rewritten({name: b"{}"}))


def test_a_link_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    target = tmp_path / "link.spinemets"
    target.write_bytes(package.path.read_bytes())
    with zipfile.ZipFile(target, "a") as changed:
        entry = zipfile.ZipInfo("weights.safetensors")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        changed.writestr(entry, "/etc/passwd")
    assert "link" in refusal(target)


def test_a_member_that_is_there_twice_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    target = tmp_path / "twice.spinemets"
    target.write_bytes(package.path.read_bytes())
    with zipfile.ZipFile(target, "a") as changed, pytest.warns(UserWarning):
        changed.writestr("model.json", b"{}")
    assert "twice" in refusal(target)


def test_a_bomb_is_refused_before_it_unpacks(package: ModelPackage, tmp_path: Path) -> None:
    target = tmp_path / "bomb.spinemets"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("model.json", b" " * (archive.MAX_JSON_BYTES + 1))
    assert target.stat().st_size < 100_000
    assert "unpacks to more than" in refusal(target)


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    target = tmp_path / "liar.spinemets"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("model.json", b" " * (archive.MAX_JSON_BYTES + 1))
    data = target.read_bytes()
    true_size = struct.pack("<L", archive.MAX_JSON_BYTES + 1)
    assert data.count(true_size) >= 2
    target.write_bytes(data.replace(true_size, struct.pack("<L", 100)))
    refusal(target)


def test_pickle_has_no_place(package: ModelPackage) -> None:
    sources = list(Path(archive.__file__).parent.glob("*.py"))
    assert sources and not any("pickle" in path.read_text().replace("never pickle", "") for path in sources)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 2}, "schema_version is 2; this program knows 1"),
        ({"schema_version": True}, "schema_version"),
        ({"simulated": None}, "simulated is not true or false"),
        ({"positive_class": "benign"}, "positive_class"),
        ({"features": ["t1_original_firstorder_Mean"] * 3}, "features has an entry twice"),
        ({"features": ["a_x", "t1_x", "t2_x"]}, "does not begin with the role"),
        ({"threshold": {"value": 1.0, "method": ""}}, "threshold.value"),
        ({"preprocessing": {"kind": "standardise", "mean": [1.0, 2.0], "sd": [1.0, 1.0, 1.0]}}, "preprocessing.mean"),
        (
            {"preprocessing": {"kind": "standardise", "mean": [1.0, 2.0, 3], "sd": [1.0, 0.0, 1.0]}},
            "preprocessing.sd[1]",
        ),
    ],
)
def test_a_wrong_model_is_refused_and_the_place_named(
    rewritten: Rewrite, model: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    assert words in refusal(rewritten({"model.json": json.dumps(model | change).encode()}))


@pytest.mark.parametrize("key", sorted(read_schema("model")["required"]))
def test_every_required_key_is_required(rewritten: Rewrite, model: dict[str, Any], key: str) -> None:
    del model[key]
    assert f"{key} is missing" in refusal(rewritten({"model.json": json.dumps(model).encode()}))


def test_an_unknown_key_is_ignored(rewritten: Rewrite, model: dict[str, Any]) -> None:
    assert ModelPackage.read(rewritten({"model.json": json.dumps(model | {"new": 1}).encode()})).model["new"] == 1


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_are_not_finite_are_refused(rewritten: Rewrite, model: dict[str, Any], number: str) -> None:
    text = json.dumps(model).replace('"intercept": 0.25', f'"intercept": {number}')
    assert "finite" in refusal(rewritten({"model.json": text.encode()}))


def test_json_that_is_broken_deep_or_double_is_refused(rewritten: Rewrite, model: dict[str, Any]) -> None:
    assert "not valid JSON" in refusal(rewritten({"model.json": b"{"}))
    assert "not valid JSON" in refusal(rewritten({"model.json": b"[" * 200_000}))
    assert "not valid JSON" in refusal(rewritten({"model.json": b"\xff\xfe\x00"}))
    assert "twice" in refusal(rewritten({"model.json": b'{"seed": 1, "seed": 2}'}))
    assert "is not an object" in refusal(rewritten({"model.json": b"[]"}))


def test_covariances_must_be_covariances(rewritten: Rewrite, model: dict[str, Any]) -> None:
    model["classifier"]["covariance"][0][1] = 1.0
    assert "not symmetric" in refusal(rewritten({"model.json": json.dumps(model).encode()}))
    model["classifier"]["covariance"][0][1] = 0.0
    model["out_of_distribution"]["covariance"][0][1] = model["out_of_distribution"]["covariance"][1][0] = 2.0
    assert "eigenvalue" in refusal(rewritten({"model.json": json.dumps(model).encode()}))
    model["classifier"]["covariance"].pop()
    assert "4 by 4" in refusal(rewritten({"model.json": json.dumps(model).encode()}))


def test_a_model_that_would_be_refused_is_not_written(model: dict[str, Any], tmp_path: Path) -> None:
    model["classifier"]["intercept"] = float("nan")
    with pytest.raises(InputError, match="not valid"):
        write_package(model, {}, tmp_path / "bad.spinemets")
    with pytest.raises(InputError, match="path"):
        write_package(
            model | {"classifier": model["classifier"] | {"intercept": 0}}, {"../x": b""}, tmp_path / "bad.spinemets"
        )
    assert not list(tmp_path.iterdir())


def test_models_are_found_by_name_and_path(
    package: ModelPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SEARCH_PATH_VARIABLE, str(tmp_path))
    assert package.path in find_packages()
    assert find_package("by-hand") == package.path
    assert find_package(str(package.path)) == package.path
    with pytest.raises(InputError, match="by-hand"):
        find_package("no-such-model")


def test_our_checks_agree_with_jsonschema(model: dict[str, Any]) -> None:
    """Each key damaged in turn: what jsonschema refuses we refuse, and the reverse."""
    from spinemets.models.structure import StructureError, check_structure

    schema = read_schema("model")
    jsonschema.Draft202012Validator.check_schema(schema)
    reference = jsonschema.Draft202012Validator(schema)
    assert reference.is_valid(model)
    check_structure(model, schema)

    def damaged(document: Any) -> Any:
        """The document with each value replaced in turn, and each key or entry removed in turn."""
        if isinstance(document, dict):
            for key in document:
                yield {other: document[other] for other in document if other != key}
                for inner in damaged(document[key]):
                    yield document | {key: inner}
            yield document | {"unknown": 1}
        elif isinstance(document, list):
            yield document[:-1]
            for index, value in enumerate(document[:2]):
                for inner in damaged(value):
                    yield [*document[:index], inner, *document[index + 1 :]]
        yield from (None, True, -1, 0.5, 1.5, 7, "", "text", [], ["x", "x"], {})

    seen = {True: 0, False: 0}
    for document in damaged(model):
        expected = reference.is_valid(document)
        try:
            check_structure(document, schema)
            found = True
        except StructureError:
            found = False
        assert found == expected, document
        seen[expected] += 1
    assert min(seen.values()) > 50


def test_reading_and_predicting_need_numpy_alone(package: ModelPackage) -> None:
    """Slicer has neither scikit-learn nor jsonschema; a model must work there."""
    program = f"""
import sys
from spinemets.models.package import ModelPackage
from spinemets.models.prediction import predict
package = ModelPackage.read({str(package.path)!r})
predict(package, dict(zip(package.features, [105.0, 190.0, 3.25])))
loaded = sorted({{"sklearn", "torch", "jsonschema", "pandas", "scipy"}} & set(sys.modules))
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(archive.__file__).parents[2])
