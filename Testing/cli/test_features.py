"""`spinemets features` with settings of one's own, several lesions, and beside pyradiomics."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from cli.command_line import block, noise, spinemets, write_image


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_settings_and_each_lesion(tmp_path: Path):
    image = write_image(noise(), tmp_path / "image.nrrd")
    two = block()
    two[9:11, 2:6, 2:7] = 5
    mask = write_image(two, tmp_path / "mask.nrrd")
    settings = tmp_path / "mine.yaml"
    settings.write_text("imageType: {Original: {}, Gradient: {}}\nfeatureClass: {firstorder: [Mean]}\n")
    out = tmp_path / "features.csv"
    done = spinemets("features", image, mask, "--settings", settings, "--each-label", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "2 features of each of 2 lesions" in done.stdout
    found = rows(out)
    assert [row["label"] for row in found] == ["1", "5"]
    assert list(found[0])[1:] == ["original_firstorder_Mean", "gradient_firstorder_Mean"]
    for row, label in zip(found, (1, 5), strict=True):
        inside = noise()[two == label].astype(np.float64)
        assert float(row["original_firstorder_Mean"]) == np.float64(inside.mean())


def test_a_fault_in_the_settings_names_its_line(tmp_path: Path):
    image = write_image(noise(), tmp_path / "image.nrrd")
    mask = write_image(block(), tmp_path / "mask.nrrd")
    settings = tmp_path / "mine.yaml"
    settings.write_text("setting:\n  binWidth: 25\n  binWidht: 20\n")
    out = tmp_path / "features.csv"
    done = spinemets("features", image, mask, "--settings", settings, "--out", out)
    assert done.returncode == 1
    assert "setting.binWidht in line 3 is not a setting" in done.stderr
    assert not out.exists()


def test_a_set_and_the_peer(tmp_path: Path):
    """Where pyradiomics is not installed, the check says so; where it is, nothing differs."""
    image = write_image(noise(), tmp_path / "image.nrrd")
    mask = write_image(block(), tmp_path / "mask.nrrd")
    out = tmp_path / "features.csv"
    peer = spinemets("features", image, mask, "--engine", "pyradiomics", "--out", tmp_path / "peer.csv")
    done = spinemets("features", image, mask, "--set", "851", "--compare-engines", "--out", out)
    assert peer.returncode == done.returncode
    if done.returncode == 0:
        assert "851 features of both engines, 0 differ" in done.stdout
    else:
        assert "pyradiomics: is not installed" in done.stderr
        assert not out.exists()


def test_a_map(tmp_path: Path):
    """The mean in a window of 3 x 3 x 1 voxels, of the mask's voxels only."""
    voxels, inside = noise(), block()
    image, mask = write_image(voxels, tmp_path / "image.nrrd"), write_image(inside, tmp_path / "mask.nrrd")
    spacing = sitk.ReadImage(str(image)).GetSpacing()
    window = 2.5 * max(spacing[:2])
    assert window < 2 * spacing[2]
    out = tmp_path / "map.nii.gz"
    done = spinemets("features", image, mask, "--map", "original_firstorder_Mean", "--window", window, "--out", out)
    assert done.returncode == 0, done.stderr
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    inside = inside != 0
    assert (found[~inside] == 0).all()
    z, y, x = np.argwhere(inside)[0]
    near = (z, slice(y - 1, y + 2), slice(x - 1, x + 2))
    assert found[z, y, x] == pytest.approx(voxels[near][inside[near]].mean(), rel=1e-6)


def test_a_map_that_cannot_be(tmp_path: Path):
    image = write_image(noise(), tmp_path / "image.nrrd")
    mask = write_image(block(), tmp_path / "mask.nrrd")
    out = tmp_path / "map.nii.gz"
    for options, said, status in (
        (("--map", "original_glcm_Contrasts", "--out", out), "of glcm there are", 1),
        (("--map", "original_glcm_Contrast", "--window", 0.1, "--out", out), "of one voxel only", 1),
        (("--map", "original_glcm_Contrast", "--out", tmp_path / "map.csv"), "no ending of an image format", 1),
        (("--window", 5, "--out", tmp_path / "table.csv"), "--window is of a --map", 2),
        (("--map", "original_glcm_Contrast", "--each-label", "--out", out), "--map excludes", 2),
    ):
        done = spinemets("features", image, mask, *options)
        assert done.returncode == status
        assert said in done.stderr
        assert len(list(tmp_path.iterdir())) == 2
