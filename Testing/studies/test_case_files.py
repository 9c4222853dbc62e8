"""What a program hands over must arrive: images, masks, whose study it is."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.geometry.grids import FRAME_OF_REFERENCE, SERIES_UID
from spinemets.studies.case_files import read_case_file, write_case_file


def image(values: float, uid: str) -> sitk.Image:
    made = sitk.GetImageFromArray(np.full((3, 4, 5), values, np.float32))
    made.SetSpacing((1.0, 1.5, 3.25))
    made.SetDirection((0, 0, 1, 1, 0, 0, 0, -1, 0))
    made.SetMetaData(SERIES_UID, uid)
    made.SetMetaData(FRAME_OF_REFERENCE, "1.2.840")
    return made


def test_what_was_written_is_read(tmp_path):
    mask = sitk.Cast(image(1, "1.2.9"), sitk.sitkUInt8)
    path = write_case_file(
        tmp_path,
        {"t1": image(7, "1.2.1"), "ce_t1_sag": image(8, "1.2.2")},
        mask,
        views={"dce": image(9, "1.2.3")},
        role_masks={"t1": mask},
        identity={"patient_id": "P/7 é"},
        origins={"t1": ["a.dcm"]},
        reader="R",
        clinical={"age": 61},
        hot_spot={"hot_spot": "1.5 -2 3", "injection_s": 10},
    )
    told = read_case_file(path)
    assert told.identity == {"patient_id": "P/7 é"}
    assert (told.reader, told.clinical, told.origins) == ("R", {"age": 61}, {"t1": ["a.dcm"]})
    assert told.hot_spot == {"hot_spot": "1.5 -2 3", "injection_s": 10}
    assert list(told.images) == ["t1", "ce_t1_sag"] and list(told.role_masks) == ["t1"]
    read = sitk.ReadImage(str(told.images["ce_t1_sag"]))
    assert read.GetDirection() == image(8, "").GetDirection()
    assert read.GetMetaData(SERIES_UID) == "1.2.2" and read.GetMetaData(FRAME_OF_REFERENCE) == "1.2.840"
    assert float(sitk.GetArrayViewFromImage(read).max()) == 8.0
    assert b"encoding: raw" in told.images["t1"].read_bytes()[:2000]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps({"schema_version": 2, "mask": "m", "images": {}}), '{"schema_version": 1}']
)
def test_another_file_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "case.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"case\.json: is no description of a case"):
        read_case_file(path)
