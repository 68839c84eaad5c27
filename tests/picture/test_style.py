"""The colours of the picture."""

import re

from pilvi.picture.style import RULES, STANDALONE


def test_a_picture_of_its_own_knows_every_colour_in_both_themes() -> None:
    named = set(re.findall(r"var\((--[a-z0-9-]+)\)", RULES))
    light, dark = STANDALONE.split("@media", 1)
    for name in named:
        assert f"{name}:" in light, name
        assert f"{name}:" in dark, name
