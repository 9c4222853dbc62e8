"""A window set for one patient must show the next one's series as it was meant, whatever the scanner's scale."""

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.mrml.sequences import sequence_nodes_from_image
from spinemets.mrml.volumes import volume_node_from_image
from spinemets.mrml.window_levels import KEY, WindowLevelMemory, apply, remember


def volume(scene, scale=1.0, offset=0.0):
    values = np.linspace(0, 1, 4000, dtype=np.float32).reshape(10, 20, 20) * scale + offset
    return volume_node_from_image(sitk.GetImageFromArray(values), scene, "t2")


def set_window(node, window, level):
    node.GetDisplayNode().SetAutoWindowLevel(False)
    node.GetDisplayNode().SetWindowLevel(window, level)


def window_of(node):
    return node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()


def test_the_same_greys_are_shown_of_a_scanner_with_another_scale(scene):
    settings = {}
    first, second = volume(scene), volume(scene, scale=800.0, offset=50.0)
    set_window(first, 0.5, 0.6)
    assert remember("t2", first, settings)
    assert apply("t2", second, settings)
    assert window_of(second) == pytest.approx((400.0, 50 + 480.0), rel=1e-3)


def test_ct_is_remembered_in_hounsfield_units(scene):
    settings = {}
    first, second = volume(scene, 2000.0, -1000.0), volume(scene, 500.0, -200.0)
    set_window(first, 1800.0, 400.0)
    remember("ct", first, settings)
    apply("ct", second, settings)
    assert window_of(second) == pytest.approx((1800.0, 400.0))


def test_roles_do_not_share_a_window(scene):
    settings = {}
    first = volume(scene)
    set_window(first, 0.5, 0.6)
    remember("t2", first, settings)
    assert not apply("t1", volume(scene), settings)
    assert list(settings) == [KEY.format(role="t2")]


def test_slicers_own_guess_is_not_remembered(scene):
    node, settings = volume(scene), {}
    node.GetDisplayNode().SetAutoWindowLevel(True)
    assert not remember("t2", node, settings)
    assert settings == {}


@pytest.mark.parametrize("text", ["", "wide", "1", "1 2 3", "nan 0.5", "-1 0.5", "0 0.5"])
def test_settings_that_someone_edited_are_passed_over(scene, text):
    node = volume(scene)
    set_window(node, 0.5, 0.6)
    assert not apply("t2", node, {KEY.format(role="t2"): text})
    assert window_of(node) == (0.5, 0.6)


def test_a_constant_or_empty_series_is_left_alone(scene):
    settings = {KEY.format(role="t2"): "0.5 0.5"}
    assert not apply("t2", volume(scene, scale=0.0), settings)
    assert not remember("t2", volume(scene, scale=0.0), settings)
    assert not apply("t2", scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"), settings)


def test_a_dynamic_series_has_one_window_in_all_frames(scene):
    """The brightest signal is in a late frame: the window must reach far towards it while the first frame is shown."""
    frames = [sitk.GetImageFromArray(np.full((4, 5, 6), 100.0 * (n + 1), np.float32)) for n in range(5)]
    nodes = sequence_nodes_from_image(sitk.JoinSeries(frames), [0, 10, 20, 30, 40], scene, "dce")
    display = nodes.shown.GetDisplayNode()
    display.SetAutoWindowLevel(True)
    apply("dce", nodes.shown, {})
    assert not display.GetAutoWindowLevel()
    low, high = display.GetLevel() - display.GetWindow() / 2, display.GetLevel() + display.GetWindow() / 2
    assert low <= 100 + 5 and high >= 0.8 * 500
    before = window_of(nodes.shown)
    nodes.browser.SetSelectedItemNumber(4)
    assert window_of(nodes.shown) == before


def test_what_the_user_changes_is_remembered_until_stop(scene):
    node, settings = volume(scene), {}
    memory = WindowLevelMemory({"t2": node}, settings)
    set_window(node, 0.5, 0.6)
    kept = dict(settings)
    assert kept
    node.GetDisplayNode().SetInterpolate(False)
    assert settings == kept
    memory.stop()
    set_window(node, 0.1, 0.2)
    assert settings == kept
