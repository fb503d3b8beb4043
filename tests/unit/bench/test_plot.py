"""Drawings are well-formed and in proportion."""

import re
from xml.etree import ElementTree

import pytest

from bench.plot import bars, lines

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_values_and_ours_stands_out():
    drawing = ElementTree.fromstring(bars("A & B", {"small": 50.0, "big <1>": 200.0}, ours="small"))

    drawn = [rect for rect in drawing.iter(f"{SVG}rect") if rect.get("x")]
    assert [text.text for text in drawing.iter(f"{SVG}text")] == ["A & B", "big <1>", "200", "small", "50.0"]
    assert float(drawn[0].get("width")) == pytest.approx(4 * float(drawn[1].get("width")))
    assert drawn[0].get("fill") != drawn[1].get("fill")


def test_lines_are_drawn_on_logarithmic_axes():
    drawing = lines("Late", {"ours": [(10.0, 1.0), (100.0, 10.0), (1000.0, 100.0)]}, x="rate", y="ms")

    (path,) = re.findall(r'points="([^"]+)"', drawing)
    (x0, y0), (x1, y1), (x2, y2) = [[float(part) for part in point.split(",")] for point in path.split()]
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    assert y0 > y2
    ElementTree.fromstring(drawing)


def test_a_drawing_of_nothing_is_empty_and_not_an_error():
    ElementTree.fromstring(bars("Nothing", {}, ours="x"))
    ElementTree.fromstring(lines("Nothing", {}, x="a", y="b"))
