"""The look of both faces: shell, parts, languages, forms, live pages.

A face makes one `Design` and hands its `render` to `hub.http`; what a capability needs beside it
is exported here.
"""

from web.design.answers import done, refused
from web.design.levels import LEVELS, Level, level
from web.design.page import Design, NavItem, environment, words

__all__ = [
    "LEVELS",
    "Design",
    "Level",
    "NavItem",
    "done",
    "environment",
    "level",
    "refused",
    "words",
]
