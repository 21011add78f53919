"""Gettext catalogues: one domain per room, loaded when first used.

The English text is the message id; a language without a catalogue gets it unchanged.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

LANGUAGES = ("zh_CN", "en")
_ROOMS = Path(__file__).resolve().parent.parent.parent


@cache
def translator(domain: str, lang: str) -> gettext.NullTranslations:
    """The messages of a room (``hub``, ``web``, ``community``) in one language.

    In a checkout whose catalogue is newer than its compiled form, or not compiled at all, the
    source is compiled in memory.
    """
    if lang == "en" or lang not in LANGUAGES:
        return gettext.NullTranslations()
    source = _ROOMS / domain / "locale" / lang / "LC_MESSAGES" / f"{domain}.po"
    compiled = source.with_suffix(".mo")
    if compiled.exists() and not (
        source.exists() and source.stat().st_mtime > compiled.stat().st_mtime
    ):
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    if source.exists():
        return _from_source(source)
    return gettext.NullTranslations()


def _from_source(source: Path) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalogue = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
