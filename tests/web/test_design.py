"""The design system's page shows what there is, and its colours can be told apart."""

import pytest

from examhall.web import design


@pytest.mark.parametrize("pair", design.contrasts(), ids=lambda pair: f"{pair.text}-on-{pair.ground}")
def test_a_colour_stands_out_from_what_it_is_on(pair: design.Contrast) -> None:
    assert min(pair.light, pair.dark) >= pair.least


def test_contrast_is_reckoned_as_wcag_has_it() -> None:
    assert design.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert design.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert design.contrast("#808080", "#808080") == 1


def test_every_colour_has_a_light_and_a_dark_side() -> None:
    light, dark = design.schemes()
    assert light.keys() == dark.keys()
    assert light["ink"] != dark["ink"]
    assert len(light) > 15


def test_every_icon_is_shown() -> None:
    assert {"globe", "check", "cross", "offline"} <= {*design.icons()}
