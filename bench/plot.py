"""Bar and line charts as SVG text, without a library. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10

from bench.measure import shown

WIDTH, BAR, GAP, LABEL, VALUE = 720, 22, 10, 200, 110
TOP, LEFT, RIGHT, FOOT, HEIGHT = 64, 70, 190, 50, 420
COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#64748b", "#be185d")
OURS = COLOURS[0]
OTHERS = "#94a3b8"
Points = Sequence[tuple[float, float]]


def bars(title: str, values: Mapping[str, float], *, ours: str) -> str:
    """One horizontal bar for each name, the longest first, ours in colour."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    most = max(values.values(), default=0.0) or 1.0
    room = WIDTH - LABEL - VALUE
    parts = []
    for place, (name, value) in enumerate(ordered):
        y = TOP + place * (BAR + GAP)
        colour = OURS if name == ours else OTHERS
        parts.append(_text(LABEL - 8, y + BAR * 0.7, name, anchor="end"))
        parts.append(f'<rect x="{LABEL}" y="{y}" width="{room * value / most:.1f}" height="{BAR}" fill="{colour}"/>')
        parts.append(_text(LABEL + room * value / most + 6, y + BAR * 0.7, shown(value)))
    return _drawing(title, TOP + len(ordered) * (BAR + GAP) + 10, parts)


def lines(title: str, series: Mapping[str, Points], *, x: str, y: str) -> str:
    """A line for each name on logarithmic axes; values must be above zero."""
    xs = [point[0] for points in series.values() for point in points]
    ys = [point[1] for points in series.values() for point in points]
    if not xs:
        return _drawing(title, HEIGHT, [])
    across = _Scale(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    up = _Scale(min(ys), max(ys), HEIGHT - FOOT, TOP)
    parts = [_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x, anchor="middle"), _text(8, TOP - 12, y)]
    parts += [part for value in across.marks() for part in _tick_below(across.at(value), value)]
    parts += [part for value in up.marks() for part in _tick_left(up.at(value), value)]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across.at(px):.1f},{up.at(py):.1f}" for px, py in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across.at(px):.1f}" cy="{up.at(py):.1f}" r="3" fill="{colour}"/>' for px, py in points]
        at = TOP + 20 * number
        parts.append(f'<rect x="{WIDTH - RIGHT + 20}" y="{at}" width="14" height="4" fill="{colour}"/>')
        parts.append(_text(WIDTH - RIGHT + 40, at + 6, name))
    return _drawing(title, HEIGHT, parts)


class _Scale:
    """Logarithmic, from whole powers of ten to whole powers of ten."""

    def __init__(self, least: float, most: float, start: float, end: float) -> None:
        self._low = floor(log10(least))
        self._high = max(self._low + 1, -floor(-log10(most)))
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def marks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]


def _tick_below(at: float, value: float) -> list[str]:
    rule = f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - FOOT}" stroke="#e2e8f0"/>'
    return [rule, _text(at, HEIGHT - FOOT + 18, f"{value:,g}", anchor="middle")]


def _tick_left(at: float, value: float) -> list[str]:
    rule = f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#e2e8f0"/>'
    return [rule, _text(LEFT - 6, at + 4, f"{value:,g}", anchor="end")]


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _drawing(title: str, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" font-family="sans-serif" font-size="13" fill="#1e293b">'
    )
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    name = f'<text x="16" y="26" font-size="16" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, f"<title>{escape(title)}</title>", ground, name, *parts, "</svg>", ""])
