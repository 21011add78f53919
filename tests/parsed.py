"""Python source as a tree, for the tests that read the house's own code."""

from __future__ import annotations

import ast
import gc


def parsed(text: str) -> ast.Module:
    """The tree of a source text; raises SyntaxError.

    The collector waits meanwhile: CPython 3.11 keeps the depth of the tree that it builds in one
    place, so a finaliser that runs in the middle and builds another ends the first with
    "recursion depth mismatch" (python/cpython#106905).
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if collecting:
            gc.enable()
