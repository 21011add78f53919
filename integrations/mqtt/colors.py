"""Colours of lights: how each way to say one is bounded, and how one becomes another.

Between hue and saturation, red-green-blue and CIE xy; IEC 61966-2-1 (sRGB) has the matrices.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence

from hub.api import ParseProblem
from integrations.mqtt.spec import Attributes, Reading

BYTE = 255
Color = tuple[float, ...]

_BYTES = (0.0, 255.0)
# colour mode -> the bounds of each of its numbers
BOUNDS: dict[str, tuple[tuple[float, float], ...]] = {
    "hs": ((0, 360), (0, 100)),
    "rgb": (_BYTES,) * 3,
    "rgbw": (_BYTES,) * 4,
    "rgbww": (_BYTES,) * 5,
    "xy": ((0, 1), (0, 1)),
}
_ATTRIBUTES = frozenset({"color_temp_kelvin", *(f"{mode}_color" for mode in BOUNDS)})
_MODES = frozenset({*BOUNDS, "onoff", "brightness", "color_temp", "white", "unknown"})
MIRED = 1_000_000

_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_FROM_XYZ = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))


def checked(mode: str, numbers: Sequence[object]) -> Color:
    """The numbers of a colour; raises ParseProblem when one is missing or out of bounds."""
    bounds = BOUNDS[mode]
    if len(numbers) != len(bounds):
        raise ParseProblem(f"a colour of {mode} needs {len(bounds)} numbers")
    found: list[float] = []
    for number, (lowest, highest) in zip(numbers, bounds, strict=True):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ParseProblem("a colour is made of numbers")
        if not lowest <= number <= highest:
            raise ParseProblem(f"a number of a {mode} colour is out of bounds")
        found.append(round(number) if bounds[0] is _BYTES else number)
    return tuple(found)


def mode_word(text: str) -> str:
    """A colour mode as Home Assistant names them; raises ParseProblem for any other."""
    if text not in _MODES:
        raise ParseProblem("there is no such colour mode")
    return text


def convert(source: str, color: Color, target: str) -> Color:
    """A colour said in another way; white channels stay dark, so that the colour is exact."""
    if source == target:
        return color
    rgb = _to_rgb(source, color)
    if target == "hs":
        hue, saturation, _ = colorsys.rgb_to_hsv(*(part / BYTE for part in rgb))
        return (round(hue * 360, 3), round(saturation * 100, 3))
    if target == "xy":
        return _to_xy(rgb)
    return (*rgb, *(0,) * (len(BOUNDS[target]) - 3))


def _to_rgb(source: str, color: Color) -> Color:
    if source == "hs":
        rgb = colorsys.hsv_to_rgb(color[0] / 360, color[1] / 100, 1)
        return tuple(round(part * BYTE) for part in rgb)
    if source == "xy":
        return _from_xy(*color)
    return color[:3]


def _to_xy(rgb: Color) -> Color:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (one / BYTE for one in rgb)
    ]
    x, y, z = (sum(map(float.__mul__, row, linear)) for row in _TO_XYZ)
    total = x + y + z
    return (round(x / total, 4), round(y / total, 4)) if total else (0.3127, 0.329)


def _from_xy(x: float, y: float) -> Color:
    """At full brightness; what no lamp can show becomes the nearest that one can."""
    y = max(y, 1e-6)
    point = (x / y, 1.0, (1 - x - y) / y)
    linear = [max(0.0, sum(map(float.__mul__, row, point))) for row in _FROM_XYZ]
    most = max(linear)
    if not most:
        return (BYTE, BYTE, BYTE)
    shown = (
        part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
        for part in (one / most for one in linear)
    )
    return tuple(round(part * BYTE) for part in shown)


def scaled(color: Color, brightness: float) -> Color:
    """The channels of a colour at a brightness of up to 255."""
    return tuple(round(part * brightness / BYTE) for part in color)


def normal(color: Color) -> tuple[Color, int]:
    """A colour at full brightness, and the brightness that it had; zero for black."""
    most = max(color)
    if not most:
        return color, 0
    return tuple(min(round(part * BYTE / most), BYTE) for part in color), round(most)


def kelvin(mireds: float) -> int:
    """Mireds as kelvin, and the other way round: each is a million by the other."""
    return math.floor(MIRED / mireds)


def with_color(before: Reading, mode: str, color: Color) -> Reading:
    """A reading with another colour: what was said in other ways before is over."""
    found: Attributes = {f"{mode}_color": list(color), "color_mode": mode}
    if mode in ("hs", "rgb", "xy"):
        for other in ("hs", "rgb", "xy"):
            found[f"{other}_color"] = list(convert(mode, color, other))
    return _without_color(before).keep(**found)


def with_temperature(before: Reading, temperature: int | None) -> Reading:
    """A reading with a colour temperature in kelvin, None when it isn't known."""
    if temperature is None:
        return before.keep(color_temp_kelvin=None)
    return _without_color(before).keep(color_temp_kelvin=temperature, color_mode="color_temp")


def _without_color(before: Reading) -> Reading:
    known = before.attributes or {}
    return Reading(before.value, {key: known[key] for key in known if key not in _ATTRIBUTES})
