"""The sample study: offered in the module Sample Data, made without a network, ready to be classified."""

import shutil
import sys
import types

import pytest
import slicer

from spinemets.mrml.cases import cases_in
from spinemets.mrml.lesions import Content, lesions_of


@pytest.fixture
def offered(panel, monkeypatch, tmp_path):
    """What the module Sample Data is given; the study is kept in a folder of the test."""
    from SpineMetsClassifierLib.SampleStudy import SampleStudy, registerSampleStudy

    found = []
    module = types.ModuleType("SampleData")
    module.SampleDataLogic = types.SimpleNamespace(
        registerCustomSampleDataSource=lambda **values: found.append(types.SimpleNamespace(**values))
    )
    monkeypatch.setitem(sys.modules, "SampleData", module)
    monkeypatch.setattr(SampleStudy, "folder", tmp_path / "sample")
    monkeypatch.setattr(SampleStudy, "_only", None)
    registerSampleStudy()
    (source,) = found
    return source


def press(panel, source) -> None:
    from SpineMetsClassifierLib.SampleStudy import SampleStudy

    source.customDownloader(source)
    assert SampleStudy.the().isRunning
    panel.process_events(until=lambda: not SampleStudy.the().isRunning, timeout_s=300)
    panel.process_events()


def test_the_study_is_loaded_with_its_lesion_and_once_only(panel, offered, simulated_study, tmp_path):
    from PIL import Image

    with Image.open(offered.thumbnailFileName) as picture:
        assert picture.size == (260, 280)
    shutil.copytree(simulated_study.folder, tmp_path / "sample")
    (tmp_path / "sample" / "cohort.csv").write_text("case,level\nP1,L3\n", encoding="utf-8")
    press(panel, offered)
    press(panel, offered)
    (case,) = cases_in(slicer.mrmlScene)
    (lesion,) = lesions_of(case)
    assert lesion.name == "L3"
    assert lesion.parts(Content.LESIONS)[0].volume == case.volumes()["dce"]
    assert panel.widget.ui.lesionComboBox.currentText == "L3"
    assert panel.ui("applyButton").enabled, panel.ui("applyButton").toolTip


@pytest.mark.slow
def test_the_study_is_simulated_where_nobody_has(panel, offered):
    press(panel, offered)
    (case,) = cases_in(slicer.mrmlScene)
    assert {"t1", "t2", "fs_t2", "ce_t1_sag", "ce_t1_cor", "ce_t1_ax", "dce"} == set(case.volumes())
    assert len(lesions_of(case)) == 1


def test_a_fault_is_told(panel, offered, tmp_path):
    (tmp_path / "sample" / "dicom").mkdir(parents=True)
    (tmp_path / "sample" / "cohort.csv").write_text("case,level\nP1,L3\n", encoding="utf-8")
    press(panel, offered)
    assert "could not be loaded" in panel.dialogs[-1].text
    assert cases_in(slicer.mrmlScene) == []


def test_an_application_without_sample_data_is_none_the_worse(panel, monkeypatch):
    from SpineMetsClassifierLib.SampleStudy import registerSampleStudy

    monkeypatch.setitem(sys.modules, "SampleData", None)
    registerSampleStudy()
