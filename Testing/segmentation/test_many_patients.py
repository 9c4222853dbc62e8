"""Segmentation of simulated patients that no rule was tuned on."""

from __future__ import annotations

import pytest

from spinemets.phantom.spine import SpinePhantom
from spinemets.segmentation.lesion import segment_lesion
from spinemets.segmentation.overlap import dice


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(41, 45))
@pytest.mark.parametrize("kind", ["osteolytic", "osteoblastic", "soft_tissue_mass"])
def test_lesion_of_an_unseen_patient(kind: str, seed: int):
    phantom = SpinePhantom(seed, kind)
    lesion = segment_lesion(phantom.outline("t2"), phantom.acquire("dce"))
    assert dice(lesion.mask, phantom.lesion_mask("dce")) >= 0.85


@pytest.mark.slow
def test_outline_that_is_turned_against_the_image_does_not_cut_a_mass_off():
    """Its slices end at another column in each row of the axial image; a gap beside them cut this one in two."""
    phantom = SpinePhantom(823, "soft_tissue_mass")
    lesion = segment_lesion(phantom.outline("t2"), phantom.acquire("dce"))
    assert dice(lesion.mask, phantom.lesion_mask("dce")) >= 0.9
