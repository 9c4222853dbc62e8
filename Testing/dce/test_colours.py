"""Colours of maps: wash-out red, plateau orange to green, persistent blue, and the ends apart for all readers."""

import numpy as np
import pytest

from spinemets.dce.colours import MAPS, map_colours
from spinemets.errors import InputError


@pytest.mark.parametrize(("percent", "strongest"), [(-45, "r"), (-30, "r"), (-8, "r"), (10, "g"), (30, "b"), (60, "b")])
def test_wash_out_has_the_papers_colours(percent, strongest):
    colour = map_colours("wash_out").colours_of(np.array(percent))
    assert "rgb"[int(np.argmax(colour))] == strongest


def test_the_plateau_goes_from_orange_to_green():
    orange, green = map_colours("wash_out").colours_of(np.array([-10.0, 10.0])).astype(int)
    assert orange[0] > orange[1] > orange[2]
    assert green[1] > max(green[0], green[2])


@pytest.mark.parametrize("name", list(MAPS))
def test_tables_span_their_range(name):
    colours = map_colours(name)
    assert colours.table.shape == (256, 3) and colours.table.dtype == np.uint8
    places = [place for place, _ in colours.stops]
    assert places == sorted(places) and (places[0], places[-1]) == (colours.low, pytest.approx(colours.high))
    beyond = colours.colours_of(np.array([colours.low - 9, colours.high + 9, np.nan]))
    assert np.array_equal(beyond[:2], colours.table[[0, -1]])
    assert not beyond[2].any()
    assert np.array_equal(colours.colours_of(np.zeros((2, 3, 4))).shape, (2, 3, 4, 3))


@pytest.mark.parametrize("name", ["wash_in", "max_se", "ktrans"])
def test_more_is_brighter(name):
    """Also in grey, and so for every reader."""
    assert (np.diff(map_colours(name).table @ [0.2126, 0.7152, 0.0722]) > -0.5).all()


def test_wash_out_and_persistent_differ_without_red_against_green():
    """As a deuteranope sees them (Vienot 1999), blue against yellow remains."""
    red, blue = map_colours("wash_out").colours_of(np.array([-30.0, 30.0])) / 255.0
    seen = np.array([[0.293, 0.707, 0], [0.293, 0.707, 0], [-0.0224, 0.0224, 1]]) @ np.stack([red, blue], axis=1) ** 2.2
    assert np.abs(np.diff(np.clip(seen, 0, 1) ** (1 / 2.2), axis=1)).max() > 0.5


def test_an_unknown_map():
    with pytest.raises(InputError, match="choose one of wash_in"):
        map_colours("washout")
