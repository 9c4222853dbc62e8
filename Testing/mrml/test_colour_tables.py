"""A map's volume node says what its values are, and each value has the colour that the table of the map gives it."""

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.dce.colours import MAPS, map_colours
from spinemets.errors import InputError
from spinemets.mrml.colour_tables import colour_table, show_map
from spinemets.mrml.volumes import volume_node_from_image


@pytest.fixture
def volume(scene):
    values = np.linspace(-80, 80, 5 * 6 * 7, dtype=np.float32).reshape(5, 6, 7)
    return volume_node_from_image(sitk.GetImageFromArray(values), scene, "wash_out")


def one_step(colours) -> int:
    """Of 256: how much neighbouring colours of a table differ at most."""
    return int(np.abs(np.diff(colours.table.astype(int), axis=0)).max())


def test_colours_of_values_on_screen(scene, volume):
    show_map(volume, "wash_out")
    display = volume.GetDisplayNode()
    assert display.GetColorNode().GetAttribute("SpineMets.Map") == "wash_out"
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (-60, 60)
    assert not display.GetAutoWindowLevel()
    colours = map_colours("wash_out")
    lookup = display.GetColorNode().GetLookupTable()
    for value in (-75.0, -60.0, -20.0, 0.0, 35.0, 60.0, 90.0):
        seen = np.empty(3)
        lookup.GetColor(value, seen)
        assert np.allclose(seen * 255, colours.colours_of(np.array(value)), atol=one_step(colours)), value


def test_the_picture_that_slicer_draws(scene, volume):
    """Through the display node's own pipeline, as a slice view has it."""
    import vtk.util.numpy_support as convert

    show_map(volume, "wash_out")
    display = volume.GetDisplayNode()
    display.SetInputImageDataConnection(volume.GetImageDataConnection())
    display.GetImageDataConnection().GetProducer().Update()
    drawn = convert.vtk_to_numpy(display.GetOutputImageData().GetPointData().GetScalars())[:, :3].astype(int)
    wanted = map_colours("wash_out").colours_of(np.linspace(-80, 80, 210)).astype(int)
    assert np.abs(drawn - wanted).max() <= one_step(map_colours("wash_out"))


@pytest.mark.parametrize(
    ("name", "unit", "quantity"),
    [
        ("wash_in", "1", "WASH_IN"),
        ("wash_out", "%", "WASH_OUT"),
        ("ktrans", "/min", "126312"),
        ("ve", "1", "126314"),
        ("vp", "1", "126331"),
    ],
)
def test_units_and_quantities(scene, volume, name, unit, quantity):
    show_map(volume, name)
    assert volume.GetVoxelValueUnits().GetCodeValue() == unit
    assert volume.GetVoxelValueUnits().GetCodingSchemeDesignator() == "UCUM"
    assert volume.GetVoxelValueQuantity().GetCodeValue() == quantity
    assert volume.GetAttribute("SpineMets.Unit") == map_colours(name).unit


def test_one_table_a_map(scene):
    first = {name: colour_table(scene, name) for name in MAPS}
    assert all(colour_table(scene, name) is node for name, node in first.items())
    assert len({node.GetName() for node in first.values()}) == len(MAPS)
    assert first["wash_out"].GetName() == "SpineMets Wash-out slope (%)"
    assert first["wash_out"].GetColorName(0) == "-60 %"


def test_an_unknown_map_changes_nothing(scene, volume):
    with pytest.raises(InputError):
        show_map(volume, "washout")
    assert volume.GetAttribute("SpineMets.Map") is None


def test_codes_are_those_of_the_standard(scene, volume):
    """pydicom's copy of PS3.16; a wrong number would call plasma volume something else in every archive."""
    from pydicom.sr.codedict import codes

    for name, code in (
        ("ktrans", codes.DCM.Ktrans),
        ("kep", codes.DCM.Kep),
        ("ve", codes.DCM.Ve),
        ("vp", codes.DCM.Vp),
    ):
        show_map(volume, name)
        assert volume.GetVoxelValueQuantity().GetCodeValue() == code.value
        assert volume.GetVoxelValueQuantity().GetCodeMeaning() == code.meaning


def test_rates_from_relative_enhancement_never_pass_for_others(scene, volume):
    show_map(volume, "ktrans")
    absolute = volume.GetDisplayNode().GetColorNode()
    show_map(volume, "ktrans", relative=True)
    assert volume.GetVoxelValueQuantity().GetCodingSchemeDesignator() == "99SPINEMETS"
    assert volume.GetVoxelValueUnits().GetCodeValue() == "1"
    assert volume.GetAttribute("SpineMets.Unit") == "relative"
    assert volume.GetDisplayNode().GetColorNode() is not absolute
    assert "relative" in volume.GetDisplayNode().GetColorNode().GetName()
    show_map(volume, "ktrans")
    assert volume.GetDisplayNode().GetColorNode() is absolute
    assert volume.GetAttribute("SpineMets.Relative") is None
