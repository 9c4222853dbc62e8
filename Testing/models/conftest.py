"""A small model whose every number can be checked by hand, and the means to damage its package."""

from __future__ import annotations

import copy
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinemets.models.package import ModelPackage, write_package

FEATURES = ["t1_original_firstorder_Mean", "t2_original_firstorder_Mean", "t2_original_glcm_Contrast"]


def _estimate(value: float) -> dict[str, Any]:
    return {"estimate": value, "interval": [value - 0.1, min(1.0, value + 0.1)]}


def _performance(value: float) -> dict[str, Any]:
    return {"method": "by hand"} | {
        name: _estimate(value) for name in ("auc", "accuracy", "sensitivity", "specificity")
    }


MODEL: dict[str, Any] = {
    "schema_version": 1,
    "name": "by-hand",
    "title": "A model made by hand",
    "question": "osteoblastic-vs-osteolytic",
    "recipe": {
        "name": "by-hand",
        "extraction": {
            "feature_set": "107",
            "mode": "pyradiomics",
            "bin_width": 25.0,
            "bin_count": None,
            "spacing": None,
            "normalize": False,
            "normalize_scale": 1.0,
        },
        "crop_margin_mm": None,
    },
    "classes": ["osteoblastic", "osteolytic"],
    "positive_class": "osteoblastic",
    "inputs": [{"role": "t1", "description": "sagittal T1"}, {"role": "t2", "description": "sagittal T2"}],
    "features": FEATURES,
    "preprocessing": {"kind": "standardise", "mean": [100.0, 200.0, 3.0], "sd": [10.0, 20.0, 0.5]},
    "classifier": {
        "kind": "logistic",
        "intercept": 0.25,
        "coefficients": [1.0, -2.0, 0.5],
        "covariance": [[0.04, 0, 0, 0], [0, 0.09, 0.01, 0], [0, 0.01, 0.16, 0], [0, 0, 0, 0.25]],
        "covariance_method": "by hand",
    },
    "training": {
        "description": "No cases.",
        "cases": 40,
        "class_counts": {"osteoblastic": 20, "osteolytic": 20},
        "feature_ranges": {"low": [80.0, 150.0, 2.0], "high": [120.0, 250.0, 4.0]},
    },
    "performance": {"apparent": _performance(0.95), "cross_validated": _performance(0.9), "nested": _performance(0.8)},
    "calibration": {"method": "by hand", "intercept": 0.1, "slope": 0.9, "brier": 0.12},
    "threshold": {"value": 0.5, "method": "by hand"},
    "out_of_distribution": {
        "covariance": [[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]],
        "shrinkage": 0.1,
        "warn_distance": 3.0,
        "abstain_distance": 4.0,
        "range_warn": 0.05,
        "range_abstain": 1.0,
        "method": "by hand",
    },
    "software": {"spinemets": "0"},
    "seed": 1,
    "licence": "BSD-3-Clause",
    "intended_use": "Tests.",
    "simulated": True,
}


@pytest.fixture
def model() -> dict[str, Any]:
    """model.json of the model made by hand, to be changed at will."""
    return copy.deepcopy(MODEL)


@pytest.fixture
def package(tmp_path: Path, model: dict[str, Any]) -> ModelPackage:
    """The package of the model made by hand."""
    return write_package(model, {"notes.json": b"{}"}, tmp_path / "by-hand.spinemets")


@pytest.fixture
def rewritten(package: ModelPackage, tmp_path: Path) -> Callable[..., Path]:
    """Write the package again with other members, past our own checks: `rewritten({"model.json": b"..."})`.

    The manifest is made right for the members given, unless `manifest` is given; None removes a member.
    """

    def rewrite(members: dict[str, bytes | None], manifest: bytes | None = None) -> Path:
        import hashlib

        with zipfile.ZipFile(package.path) as archive:
            content: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
        content |= members
        kept = {name: data for name, data in content.items() if data is not None and name != "manifest.json"}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in kept.items()}
        listed = manifest or json.dumps({"schema_version": 1, "sha256": hashes}).encode()
        target = tmp_path / "damaged.spinemets"
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("manifest.json", listed)
            for name, data in kept.items():
                archive.writestr(name, data)
        return target

    return rewrite
