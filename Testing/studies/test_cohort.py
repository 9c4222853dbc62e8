"""The cohort's table as people write it: with Excel, by hand, on Windows; its faults named by row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from spinemets.errors import InputError
from spinemets.studies.cohort import Case, Cohort


@pytest.fixture
def table(tmp_path):
    """Writes a table beside some images; gives its path."""
    (tmp_path / "images" / "dicom").mkdir(parents=True)
    for name in ("t1.nii.gz", "t2.nii.gz", "mask.nrrd"):
        (tmp_path / "images" / name).touch()

    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "cohort.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_whole_table(table, tmp_path):
    cohort = Cohort.read(
        table(
            "case,lesion,t1,t2,mask_t2,mask,label,age,sex,note,id\n"
            'A,1,images/t1.nii.gz,images/dicom,images/mask.nrrd,,1,64,F,"pain, left",007\n'
            "\n"
            "B,,images/t1.nii.gz,,,images/mask.nrrd,0,58.5,,,x\n"
        )
    )
    first, second = cohort.cases
    assert (first.case, first.lesion, first.reader, first.label, first.row) == ("A", "1", "", "1", 2)
    assert first.images == {"t1": tmp_path / "images/t1.nii.gz", "t2": tmp_path / "images/dicom"}
    assert first.masks == {"t2": tmp_path / "images/mask.nrrd"}
    assert first.clinical == {"age": 64, "sex": "F", "note": "pain, left", "id": "007"}
    assert second.clinical == {"age": 58.5, "sex": None, "note": None, "id": "x"}
    assert second.row == 4
    assert first.mask_for(["t1", "t2"]) == tmp_path / "images/mask.nrrd"
    assert second.masks == {"": tmp_path / "images/mask.nrrd"}
    assert Case("C").mask_for(["t1"]) is None


def test_table_saved_by_a_german_excel(table):
    cohort = Cohort.read(table("case;t1;Größe\r\nA;images\\t1.nii.gz;1,75\r\n", "utf-8-sig"))
    assert cohort.cases[0].images["t1"].exists()
    assert cohort.cases[0].clinical == {"Größe": 1.75}
    assert cohort.cases[0].label is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "case,t1\nA,images/t1.nii.gz\nB,images/absent.nii.gz\n",
            r"row 3, column t1: images/absent.nii.gz does not exist",
        ),
        ("case,mask_t2\nA,no.nrrd\n", r"row 2, column mask_t2"),
        ("case,lesion,reader\nA,1,x\nA,1,y\nA,1,x\n", r"row 4: repeats row 2 \(case A, lesion 1, reader x\)"),
        ("case,age\nA,1\nA,2\n", r"row 3: repeats row 2"),
        ("patient,t1\nA,x\n", r"no column case \(it has patient, t1\)"),
        ("case,age,age\nA,1,2\n", r"column age twice"),
        ("case,mask_t3\nA,x\n", r"mask_t3, and t3 is no role"),
        ("case,age\nA,1,2\n", r"row 2: has 3 cells under 2 columns"),
        ("case,age\n,5\n", r"row 2, column case: is empty"),
        ("case,age\n", r"no rows"),
        ("", r"empty table"),
        ('case,age\n"A,5\n', r"no CSV table"),
    ],
)
def test_faults_name_row_and_column(table, text, said):
    with pytest.raises(InputError, match=said):
        Cohort.read(table(text))


def test_tables_that_cannot_be_read(table, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        Cohort.read(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="is a folder"):
        Cohort.read(tmp_path)
    with pytest.raises(InputError, match="UTF-8"):
        Cohort.read(table("case,Größe\nA,1\n", "latin-1"))


def test_writing_and_reading_again(table, tmp_path):
    cohort = Cohort.read(
        table(
            "case,lesion,reader,t2,mask,label,age,site\nA,1,,images/t2.nii.gz,images/mask.nrrd,1,64,Zürich\nB,2,r,,,0,,\n"
        )
    )
    (tmp_path / "elsewhere").mkdir()
    cohort.write(tmp_path / "elsewhere" / "copy.csv")
    again = Cohort.read(tmp_path / "elsewhere" / "copy.csv")
    for old, new in zip(cohort.cases, again.cases):
        assert {role: path.resolve() for role, path in new.images.items()} == old.images
        assert (new.case, new.lesion, new.reader, new.label, new.clinical) == (
            old.case,
            old.lesion,
            old.reader,
            old.label,
            old.clinical,
        )
    assert "../images/t2.nii.gz" in (tmp_path / "elsewhere" / "copy.csv").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        again.write(tmp_path / "elsewhere" / "copy.csv")


def test_times_of_a_dynamic_series_are_a_file_of_their_own(table, tmp_path):
    """Beside the series or elsewhere; not a clinical value, which `train` would take for a number."""
    (tmp_path / "images" / "seconds.txt").write_text("0 12 24")
    cohort = Cohort.read(
        table("case,dce,times_dce,age\nA,images/t1.nii.gz,images/seconds.txt,61\nB,images/t2.nii.gz,,\n")
    )
    assert [case.times for case in cohort.cases] == [tmp_path / "images/seconds.txt", None]
    assert cohort.cases[0].clinical == {"age": 61}
    cohort.write(tmp_path / "images" / "again.csv")
    again = Cohort.read(tmp_path / "images" / "again.csv")
    assert [case.times and case.times.resolve() for case in again.cases] == [tmp_path / "images/seconds.txt", None]
    with pytest.raises(InputError, match=r"row 2, column times_dce: none\.txt does not exist"):
        Cohort.read(table("case,dce,times_dce\nA,images/t1.nii.gz,none.txt\n"))
