"""Copy what pages use out of node_modules into web/static/vendor and build the icon sprite.

`./run` calls this as a script after `npm ci`; it needs the standard library only. Icons are
Material Design Icons (`@mdi/svg`, Apache-2.0), named here by what they mean on our pages. Only
those listed become part of the sprite.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
MODULES = WEB / "node_modules"
VENDOR = WEB / "static" / "vendor"

# our file name -> the package's file
FILES = {
    "idiomorph.js": "idiomorph/dist/idiomorph.min.js",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "idiomorph.LICENSE.txt": "idiomorph/LICENSE",
    "uplot.LICENSE.txt": "uplot/LICENSE",
    "mdi.LICENSE.txt": "@mdi/svg/LICENSE",
}

# our word -> Material Design Icons' name
ICONS = {
    "account": "account-outline",
    "air": "air-filter",
    "alarm": "alarm-light-outline",
    "arc": "flash-triangle-outline",
    "area": "floor-plan",
    "arrow-back": "arrow-left",
    "arrow-down": "arrow-down",
    "arrow-next": "chevron-right",
    "arrow-up": "arrow-up",
    "awning": "awning-outline",
    "battery": "battery-outline",
    "bell": "bell-outline",
    "binary_sensor": "radar",
    "blind": "blinds",
    "building": "office-building-outline",
    "button": "gesture-tap-button",
    "camera-off": "camera-off-outline",
    "carbon_monoxide": "molecule-co",
    "chart": "chart-line",
    "check": "check",
    "check-circle": "check-circle-outline",
    "climate": "thermostat",
    "clock": "clock-outline",
    "close": "close",
    "connectivity": "wifi",
    "cover": "window-shutter",
    "curtain": "curtains",
    "dark": "weather-night",
    "data": "shield-lock-outline",
    "date": "calendar-outline",
    "device": "devices",
    "dispatch": "account-arrow-right-outline",
    "distance": "map-marker-distance",
    "door": "door",
    "drag": "drag",
    "drill": "flag-outline",
    "duty": "monitor-dashboard",
    "edit": "pencil-outline",
    "energy": "flash-outline",
    "event": "bell-ring-outline",
    "fan": "fan",
    "fire": "fire",
    "freezing": "snowflake-alert",
    "frequency": "sine-wave",
    "garage": "garage-variant",
    "gas": "gas-cylinder",
    "gate": "boom-gate-outline",
    "group": "lightbulb-group-outline",
    "help": "help-circle-outline",
    "history": "history",
    "home": "home-outline",
    "humidifier": "air-humidifier",
    "humidity": "water-percent",
    "illuminance": "brightness-6",
    "info": "information-outline",
    "key": "key-outline",
    "language": "translate",
    "lawn_mower": "robot-mower-outline",
    "leak": "water-alert-outline",
    "left_on": "timer-alert-outline",
    "light": "lightbulb-outline",
    "light-mode": "white-balance-sunny",
    "link-off": "lan-disconnect",
    "lock": "lock-outline",
    "lock-open": "lock-open-variant-outline",
    "menu": "menu",
    "minus": "minus",
    "money": "cash",
    "motion": "motion-sensor",
    "overheat": "thermometer-alert",
    "overload": "flash-alert-outline",
    "pairing": "link-variant",
    "pending": "progress-clock",
    "people": "account-group-outline",
    "ph": "ph",
    "phone": "phone-outline",
    "plan": "map-outline",
    "play": "play",
    "plug": "power-socket-au",
    "plus": "plus",
    "pressure": "gauge",
    "print": "printer-outline",
    "problem": "alert-outline",
    "rain": "weather-pouring",
    "refresh": "refresh",
    "remote": "remote",
    "review": "clipboard-check-outline",
    "roster": "format-list-bulleted",
    "running_water": "pipe-leak",
    "safety": "shield-home-outline",
    "scene": "palette-outline",
    "search": "magnify",
    "send": "send-outline",
    "sensor": "gauge",
    "settings": "cog-outline",
    "sheet": "file-document-outline",
    "shield": "shield-outline",
    "shield-check": "shield-check-outline",
    "sign-out": "logout",
    "siren": "bullhorn-outline",
    "smoke": "smoke-detector-outline",
    "sos": "lifebuoy",
    "sound": "volume-high",
    "sound-off": "volume-off",
    "speed": "speedometer",
    "star": "star-outline",
    "star-on": "star",
    "stop": "stop",
    "supervision": "access-point-off",
    "switch": "toggle-switch-outline",
    "tag": "nfc-variant",
    "temperature": "thermometer",
    "text": "format-text",
    "theme-auto": "theme-light-dark",
    "trash": "trash-can-outline",
    "unlock": "lock-open-outline",
    "update": "update",
    "vacuum": "robot-vacuum",
    "valve": "valve",
    "valve-closed": "valve-closed",
    "valve-open": "valve-open",
    "vibration": "vibrate",
    "water": "water-outline",
    "water_heater": "water-boiler",
    "weight": "weight",
    "whereabouts": "map-marker-outline",
    "wind": "weather-windy",
    "window": "window-closed-variant",
    "zone": "map-marker-radius-outline",
}

PATH = re.compile(r'<path d="([^"]+)"')


def sprite(modules: Path, icons: dict[str, str]) -> str:
    """Return one SVG document with a `<symbol id=our-word>` for every icon (24 by 24 units).

    Raises:
        FileNotFoundError: If the package has no icon of that name.
        ValueError: If an icon is not the single path that the package promises.
    """
    symbols = []
    for word, name in sorted(icons.items()):
        source = (modules / "@mdi" / "svg" / "svg" / f"{name}.svg").read_text("utf-8")
        found = PATH.findall(source)
        if len(found) != 1:
            raise ValueError(f"icon {name} has {len(found)} paths")
        symbols.append(f'<symbol id="{word}" viewBox="0 0 24 24"><path d="{found[0]}"/></symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def build(modules: Path = MODULES, vendor: Path = VENDOR) -> list[Path]:
    """Fill the vendor folder anew and return its files.

    Raises:
        FileNotFoundError: If `npm ci` has not run in web/.
    """
    drawn = sprite(modules, ICONS)
    partial = vendor.with_name("vendor.new")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for target, source in FILES.items():
        shutil.copyfile(modules / source, partial / target)
    (partial / "sprite.svg").write_text(drawn, "utf-8")
    shutil.rmtree(vendor, ignore_errors=True)
    partial.rename(vendor)
    return sorted(vendor.iterdir())


if __name__ == "__main__":
    sys.stderr.write(f"  {len(build())} front-end files, {len(ICONS)} icons\n")
