"""Series get the role that a radiologist would give them from the same header.

Parameters and descriptions are those of usual protocols of Siemens, GE, Philips and Canon, in several languages.
"""

from __future__ import annotations

import pytest

from spinemets.studies.roles import CONTRAST_ROLE, Facts, role_of
from spinemets.studies.vocabulary import words_in


def facts(description: str = "", plane: str = "sagittal", **values) -> Facts:
    sets = ("sequence", "variant", "options", "image_type", "planes")
    values = {name: frozenset(value) if name in sets else value for name, value in values.items()}
    return Facts(description=description, plane=plane, **values)


SPIN = {"sequence": ["SE"]}
GRADIENT = {"sequence": ["GR"], "variant": ["SP"]}

BY_ATTRIBUTES = [
    ("t1", facts("t1_tse_sag", **SPIN, tr=550, te=9.5)),
    ("t1", facts("", **SPIN, tr=700, te=12)),
    ("t1", facts("T1 FLAIR sag", sequence=["SE", "IR"], tr=2400, te=24, ti=860)),
    ("t1", facts("", sequence=["RM"], tr=620, te=8)),
    ("t1", facts("t1 vibe", **GRADIENT, tr=5, te=2.3)),
    ("t1", facts("", "axial", sequence=["GR"], tr=180, te=4, flip_angle=75)),
    ("t1", facts("", "axial", **GRADIENT, tr=4.2, te=1.6, flip_angle=10)),
    ("other", facts("MT off", "axial", **GRADIENT, tr=35, te=6, flip_angle=9)),
    ("other", facts("vfa 2 deg", "axial", **GRADIENT, tr=5, te=2, flip_angle=2)),
    ("t2", facts("t2_tse_sag_384", **SPIN, tr=3800, te=102)),
    ("t2", facts("T2W_TSE", **SPIN, tr=2800, te=120)),
    ("t2", facts("t2_space", **SPIN, tr=1200, te=140, is_3d=True)),
    ("t2", facts("Ax T2 FRFSE", plane="axial", **SPIN, tr=4100, te=110)),
    ("fs_t2", facts("", sequence=["SE", "IR"], tr=4200, te=62, ti=160)),
    ("fs_t2", facts("STIR_longTE", **SPIN, tr=3500, te=80, ti=220)),
    ("fs_t2", facts("t2_tirm_sag", sequence=["IR"], tr=5000, te=44)),
    ("fs_t2", facts("Sag T2 FS", **SPIN, options=["FS"], tr=3900, te=88)),
    ("fs_t2", facts("", **SPIN, options=["SFS"], tr=3900, te=88)),
    ("fs_t2", facts("T2 SPAIR", **SPIN, tr=3000, te=70)),
    (
        "fs_t2",
        facts("t2_tse_dixon_sag_W", **SPIN, image_type=["DERIVED", "PRIMARY", "DIXON", "WATER"], tr=3500, te=100),
    ),
    (
        "t2",
        facts("t2_tse_dixon_sag_in", **SPIN, image_type=["ORIGINAL", "PRIMARY", "DIXON", "IN_PHASE"], tr=3500, te=100),
    ),
    ("other", facts("t2_tse_dixon_sag_F", **SPIN, image_type=["DERIVED", "DIXON", "FAT"], tr=3500, te=100)),
    ("other", facts("t2_tse_dixon_opp", **SPIN, image_type=["ORIGINAL", "DIXON", "OPP_PHASE"], tr=3500, te=100)),
    ("ce_t1_sag", facts("t1_tse_sag", **SPIN, tr=600, te=10, contrast_agent="Gadovist")),
    ("ce_t1_sag", facts("t1_tse_fs_sag_KM", **SPIN, options=["FS"], tr=600, te=10)),
    ("ce_t1_cor", facts("COR T1 +C", "coronal", **SPIN, tr=600, te=10)),
    ("ce_t1_ax", facts("AX T1 FS POST", "axial", **SPIN, options=["FS"], tr=600, te=10)),
    ("ce_t1_ax", facts("T1W_TSE Dixon W", "axial", **SPIN, image_type=["W"], tr=600, te=10, contrast_agent="YES")),
    ("dce", facts("", "axial", **GRADIENT, tr=4.1, te=1.5, n_frames=12)),
    ("dce", facts("AX LAVA DYN +C", "axial", **GRADIENT, tr=3.9, te=1.7, flip_angle=12, n_frames=30)),
    (
        "dce",
        facts(
            "dynamic", "axial", sequence=["GR"], variant=["SS", "SP", "SK"], tr=5, te=2.1, flip_angle=30, n_frames=61
        ),
    ),
    ("other", facts("bold", "axial", sequence=["EP", "GR"], tr=2000, te=35, n_frames=100)),
    ("other", facts("t1 knee motion", **SPIN, tr=200, te=24, n_frames=19)),
    ("other", facts("pd_tse_sag", **SPIN, tr=3000, te=28)),
    ("other", facts("t2_fl2d_tra", "axial", sequence=["GR"], tr=520, te=14, flip_angle=30)),
    ("other", facts("ciss3d", sequence=["GR"], variant=["SS"], tr=6, te=2.7, flip_angle=60)),
    ("other", facts("t2 dark fluid", sequence=["SE", "IR"], tr=9000, te=110, ti=2500)),
    ("localizer", facts("localizer", **GRADIENT, tr=7, te=3, planes=["sagittal", "coronal", "axial"])),
    ("localizer", facts("Survey", **GRADIENT, tr=7, te=3)),
    ("localizer", facts("", image_type=["ORIGINAL", "PRIMARY", "LOCALIZER"], modality="CT")),
    ("diffusion", facts("ep2d_diff_b50_400_800", sequence=["EP"], tr=3500, te=70)),
    ("diffusion", facts("resolve_ADC", image_type=["DERIVED", "PRIMARY", "ADC"], tr=3500, te=70)),
    ("diffusion", facts("", sequence=["EP", "SE"], tr=3500, te=70, b_value=800)),
    ("diffusion", facts("DWIBS", tr=5000, te=66)),
    ("other", facts("t1_sub", image_type=["DERIVED", "SECONDARY", "SUBTRACTION"], tr=600, te=10)),
    ("other", facts("t1 MIP", **GRADIENT, tr=5, te=2, contrast_agent="Gd")),
    ("other", facts("phase", **GRADIENT, image_type=["ORIGINAL", "P"], tr=30, te=5)),
    ("ct", facts("Spine 1.0 B60", "axial", modality="CT")),
]

BY_DESCRIPTION = [
    ("t1", "T1W_TSE_SAG"),
    ("t1", "sag t1 nativ"),
    ("t1", "T1 SAG ohne KM"),
    ("t1", "T1 FS pre contrast"),
    ("t1", "SAG T1 FSE"),
    ("t2", "sT2W_TSE"),
    ("t2", "Sagittal T2"),
    ("t2", "T2 FRFSE SAG T1-T12"),
    ("fs_t2", "STIR sag"),
    ("fs_t2", "t2_tirm_sag"),
    ("fs_t2", "T2 SAG FATSAT"),
    ("fs_t2", "T2 SAG SPAIR"),
    ("fs_t2", "T2 Sag Fettgesättigt"),
    ("fs_t2", "Sag fs T2 FSE"),
    ("fs_t2", "T2 SAG SAT GRAISSE"),
    ("ce_t1_sag", "T1 sag + C"),
    ("ce_t1_sag", "T1 SAG FS +GD"),
    ("ce_t1_sag", "t1_tse_sag nach KM"),
    ("ce_t1_sag", "T1 SAG GADO"),
    ("ce_t1_sag", "SAG T1 contraste"),
    ("ce_t1_sag", "T1 FS post contrast"),
    ("other", "T2* medic"),
    ("other", "pd fs sag"),
    ("other", "Myelo HASSE"),
    ("localizer", "Übersicht"),
    ("localizer", "3-PLANE LOC"),
    ("localizer", "Scout"),
    ("diffusion", "DWI b800"),
    ("diffusion", "Apparent Diffusion Coefficient"),
]


@pytest.mark.parametrize(("role", "series"), BY_ATTRIBUTES, ids=lambda value: getattr(value, "description", value))
def test_by_attributes(role, series):
    finding = role_of(series)
    assert finding.role == role, finding
    assert 0 < finding.confidence <= 1
    assert finding.reason


@pytest.mark.parametrize(("role", "description"), BY_DESCRIPTION)
def test_by_description_alone(role, description):
    """Anonymised files often keep nothing else."""
    finding = role_of(facts(description))
    assert finding.role == role, finding
    assert finding.confidence < 0.9


def test_reason_is_a_sentence_for_a_radiologist():
    reason = role_of(facts("", sequence=["SE", "IR"], tr=4200, te=62, ti=160)).reason
    assert reason == "TR 4200 ms, TE 62 ms, TI 160 ms: inversion recovery that nulls fat (STIR), fat-suppressed T2"


def test_description_confirms_or_contradicts():
    plain = role_of(facts("", **SPIN, tr=3800, te=100))
    confirmed = role_of(facts("T2 sag", **SPIN, tr=3800, te=100))
    contradicted = role_of(facts("T1 sag", **SPIN, tr=3800, te=100))
    assert contradicted.role == plain.role == confirmed.role == "t2"
    assert contradicted.confidence < plain.confidence < confirmed.confidence
    assert "though its description says T1" in contradicted.reason


def test_fat_suppressed_t1_without_any_word_of_contrast_is_a_guess():
    finding = role_of(facts("T1 FS sag", **SPIN, options=["FS"], tr=600, te=10))
    assert finding.role == "ce_t1_sag"
    assert finding.confidence < 0.5
    assert "no contrast agent is named" in finding.reason


def test_nothing_known():
    finding = role_of(facts(""))
    assert finding.role == "other"
    assert finding.confidence <= 0.2


def test_vertebral_levels_are_no_weighting():
    assert "t1" not in words_in("SAG T2 T1-T12")
    assert "t2" not in words_in("SAG T1 C2 - T2")
    assert set(CONTRAST_ROLE) == {"sagittal", "coronal", "axial"}
