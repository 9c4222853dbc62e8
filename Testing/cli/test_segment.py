"""`spinemets segment` with all its methods, on one small simulated series."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from cli.command_line import spinemets
from cli.test_bad_input import assert_refused
from spinemets.geometry.grids import FRAME_OF_REFERENCE
from spinemets.phantom.spine import SpinePhantom


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A cropped dynamic series, the reader's outline on the sagittal T2, the truth, and the spinal canal."""
    folder = tmp_path_factory.mktemp("segment")
    phantom = SpinePhantom(3, "osteolytic")
    grid = phantom.grid("dce", (96, 80, 16))
    images = {
        "dce": phantom.acquire("dce", grid),
        "outline": phantom.outline("t2"),
        "truth": phantom.lesion_mask(grid),
        "drawing": every_second_slice(phantom.lesion_mask("t2")),
    }
    for name, image in images.items():
        sitk.WriteImage(image, str(folder / f"{name}.nrrd"))
    return folder


def every_second_slice(mask):
    """What a reader draws who leaves every other sagittal slice out."""
    array = sitk.GetArrayFromImage(mask)
    drawn = np.flatnonzero(array.any(axis=(1, 2)))
    array[drawn[1:-1:2]] = 0
    left = sitk.GetImageFromArray(array)
    left.CopyInformation(mask)
    left.SetMetaData(FRAME_OF_REFERENCE, mask.GetMetaData(FRAME_OF_REFERENCE))
    return left


def run(case, out, *more):
    return spinemets("segment", "--image", case / "dce.nrrd", "--out", out, "--progress", "none", *more)


def dice(case, path):
    found, truth = (sitk.GetArrayFromImage(sitk.ReadImage(str(p))) > 0 for p in (path, case / "truth.nrrd"))
    return 2 * np.sum(found & truth) / (found.sum() + truth.sum())


def test_outline_to_lesion_with_its_sizes(case, tmp_path):
    out = tmp_path / "lesion.nrrd"
    done = run(case, out, "--outline", case / "outline.nrrd", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert dice(case, out) >= 0.85
    mask = sitk.ReadImage(str(out))
    voxels = int((sitk.GetArrayViewFromImage(mask) > 0).sum())
    assert facts["volume_ml"] == pytest.approx(voxels * np.prod(mask.GetSpacing()) / 1000)
    assert len(facts["box_lps_mm"]) == 2
    assert facts["longest_diameter_mm"] >= facts["longest_in_plane_diameter_mm"]


def test_the_published_pipeline_can_be_asked_for(case, tmp_path):
    done = run(case, tmp_path / "a.nrrd", "--outline", case / "outline.nrrd", "--pipeline", "literal", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parameters"]["cluster_rule"] == "literal"


def test_parameters_from_a_file_and_an_unknown_one_named(case, tmp_path):
    file = tmp_path / "parameters.json"
    file.write_text('{"left_right_factor": 3}')
    outline = ("--outline", case / "outline.nrrd", "--parameters", file)
    done = run(case, tmp_path / "a.nrrd", *outline, "--json")
    assert json.loads(done.stdout)["parameters"]["left_right_factor"] == 3
    file.write_text('{"left_rigth_factor": 3}')
    assert_refused(run(case, tmp_path / "b.nrrd", *outline), "left_rigth_factor", out=tmp_path / "b.nrrd")
    file.write_text("{")
    assert_refused(run(case, tmp_path / "b.nrrd", *outline), "no JSON", out=tmp_path / "b.nrrd")


def test_a_drawing_is_completed_between_its_slices(case, tmp_path):
    out = tmp_path / "lesion.nrrd"
    done = run(case, out, "--outline", case / "drawing.nrrd", "--method", "manual", "--smooth", 1)
    assert done.returncode == 0, done.stderr
    assert dice(case, out) >= 0.8


def test_strokes_make_a_lesion_and_correct_one(case, tmp_path):
    truth = sitk.ReadImage(str(case / "truth.nrrd"))
    inside = np.argwhere(sitk.GetArrayFromImage(truth) > 0)
    k = int(np.median(inside[:, 0]))
    row = inside[inside[:, 0] == k]
    j = int(np.median(row[:, 1]))
    ends = np.sort(row[row[:, 1] == j][:, 2])[[1, -2]]
    points = [truth.TransformIndexToPhysicalPoint([int(i), j, k]) for i in ends]
    strokes = tmp_path / "strokes.json"
    one = {"points": points, "radius_mm": 1.5, "inside": True}
    strokes.write_text(json.dumps({"schema": "spinemets-strokes/1", "coordinates": "LPS mm", "strokes": [one]}))
    out = tmp_path / "lesion.nrrd"
    done = run(case, out, "--method", "strokes", "--strokes", strokes)
    assert done.returncode == 0, done.stderr
    assert sitk.ReadImage(str(out))[int(ends[0]), j, k] == 1
    corrected = run(
        case, tmp_path / "b.nrrd", "--method", "strokes", "--strokes", strokes, "--outline", case / "outline.nrrd"
    )
    assert corrected.returncode == 0, corrected.stderr
    assert dice(case, tmp_path / "b.nrrd") >= 0.8
    strokes.write_text(
        json.dumps({"schema": "spinemets-strokes/1", "coordinates": "LPS mm", "strokes": [{"points": points}]})
    )
    assert_refused(run(case, tmp_path / "c.nrrd", "--method", "strokes", "--strokes", strokes), "stroke 1", "radius_mm")


def test_distance_to_the_canal_is_told(case, tmp_path):
    """The canal stands in as a block of known distance behind the lesion's box."""
    truth = sitk.ReadImage(str(case / "truth.nrrd"))
    array = np.zeros_like(sitk.GetArrayFromImage(truth))
    array[:, -3:, :] = 1
    canal = sitk.GetImageFromArray(array)
    canal.CopyInformation(truth)
    sitk.WriteImage(canal, str(tmp_path / "canal.nrrd"))
    outline = ("--outline", case / "outline.nrrd", "--canal", tmp_path / "canal.nrrd", "--json")
    out = tmp_path / "a.nrrd"
    done = run(case, out, *outline)
    assert done.returncode == 0, done.stderr
    rows = np.argwhere(sitk.GetArrayFromImage(sitk.ReadImage(str(out))) > 0)[:, 1]
    empty = array.shape[1] - 3 - (rows.max() + 1)
    told = json.loads(done.stdout)["distance_to_canal_mm"]
    assert told == pytest.approx(empty * truth.GetSpacing()[1], abs=0.3)


@pytest.mark.parametrize(
    "more", [("--method", "strokes"), (), ("--method", "manual")], ids=["no strokes", "no outline", "nothing drawn"]
)
def test_what_a_method_needs_is_a_fault_of_the_command_line(case, tmp_path, more):
    assert_refused(run(case, tmp_path / "a.nrrd", *more), "--", status=2, out=tmp_path / "a.nrrd")
