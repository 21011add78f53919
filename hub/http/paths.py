"""Where a reader may be led after signing in: a path of this site, nothing else."""

from __future__ import annotations

import re
from urllib.parse import quote

LONGEST_PATH = 1024
# Printable ASCII without backslash: browsers read "/\" like "//", and tabs and line ends
# are dropped before they parse (WHATWG URL, basic parser steps 2-3).
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*\Z")
_SEGMENT = re.compile(r"//|(?:^|/)\.{1,2}(?:/|$)", re.MULTILINE)


def local_path(wanted: str | None, otherwise: str = "/") -> str:
    """Return ``wanted`` if it is a path of this site with nothing odd in it.

    Refused are other sites in every spelling, fragments, and the signing-in pages
    themselves, which would lead in a circle.
    """
    if not wanted or len(wanted) > LONGEST_PATH or not _LOCAL.match(wanted):
        return otherwise
    path = wanted.partition("?")[0]
    if "#" in wanted or _SEGMENT.search(path) or "%2f" in path.lower() or "%5c" in path.lower():
        return otherwise
    if path in {"/sign-in", "/sign-out"} or path.startswith(("/link/", "/api/")):
        return otherwise
    return wanted


def sign_in_path(next_path: str | None) -> str:
    """Return the sign-in page's address that leads back to ``next_path``."""
    target = local_path(next_path)
    return "/sign-in" if target == "/" else f"/sign-in?next={quote(target, safe='/')}"
