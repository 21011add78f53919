"""Drawing pages and live fragments in the reader's language.

One Jinja environment per language, made when first needed: a translation is then a plain call,
and compiled templates hold no reader. Every context gets `lang`, `theme`, `session`, `csrf`,
`path`, `nav`, `said`, `face`; globals are `static(name)`, `icon_url(name)` and the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from hub.core.language import translator
from hub.http.static import StaticFiles
from web.design import formats
from web.design.answers import SAID_COOKIE, said
from web.design.levels import LEVELS, level
from web.design.spark import spark

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
MOUNTS = {"design": HERE / "static", "vendor": HERE.parent / "static" / "vendor"}
DOMAINS = ("web",)


class NavItem:
    """One entry of the navigation.

    Args:
        path: Where it leads; the entry is current on this path and below it.
        icon: A word of the sprite (`web/assets.py`).
        text: The msgid shown.
        roles: Who sees it; None for everybody who is signed in.
    """

    __slots__ = ("icon", "path", "roles", "text")

    def __init__(
        self, path: str, icon: str, text: str, roles: frozenset[str] | None = None
    ) -> None:
        self.path = path
        self.icon = icon
        self.text = text
        self.roles = roles

    def current(self, path: str) -> bool:
        """Tell whether the reader is on this entry's page or below it."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


class Words:
    """The messages of several rooms in one language, the first room that knows one wins."""

    __slots__ = ("_chain", "lang")

    def __init__(self, domains: Sequence[str], lang: str) -> None:
        self.lang = lang
        self._chain = [translator(domain, lang) for domain in domains]

    def gettext(self, message: str) -> str:
        """Translate, or return the English message itself."""
        for room in self._chain:
            text = room.gettext(message)
            if text != message:
                return str(text)
        return message

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Translate a message that depends on a count."""
        english = one if count == 1 else many
        for room in self._chain:
            text = room.ngettext(one, many, count)
            if text != english:
                return str(text)
        return english

    def pgettext(self, context: str, message: str) -> str:
        """Translate a short message that a context tells apart."""
        for room in self._chain:
            text = room.pgettext(context, message)
            if text != message:
                return str(text)
        return message

    def __call__(self, message: str, **values: object) -> str:
        """Translate and put the values in place of `%(name)s`."""
        text = self.gettext(message)
        return text % values if values else text


def environment(
    extra_template_dirs: Iterable[Path] = (),
    domains: Sequence[str] = (),
    lang: str = "zh_CN",
    static: Callable[[str], str] = str,
) -> Environment:
    """Make the Jinja environment of one language.

    Args:
        extra_template_dirs: Template folders of the face's capabilities, before ours.
        domains: Gettext domains of the face, before ours.
        lang: `zh_CN` or `en`.
        static: Turns `mount/file` into an address.
    """
    made = Environment(
        loader=FileSystemLoader([*extra_template_dirs, TEMPLATES]),
        autoescape=select_autoescape(("html", "svg"), default=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    in_words = Words(_with_ours(domains), lang)
    _install_words(made, in_words)
    made.globals.update(
        static=static,
        sprite=partial(static, "vendor/sprite.svg"),
        level_of=level,
        levels=LEVELS,
        spark=spark,
        lang=lang,
    )
    made.filters.update(
        clock=formats.clock,
        date=partial(formats.date, lang=lang),
        when=partial(formats.when, lang=lang),
        elapsed=formats.elapsed,
        figure=formats.figure,
        browser=formats.browser,
        iso=formats.iso,
        epoch=formats.epoch,
    )
    return made


class _Kept(dict[str, object]):
    """Values for `%`; a place without a value stays as it is."""

    def __missing__(self, name: str) -> str:
        return f"%({name})s"


def _install_words(made: Environment, in_words: Words) -> None:
    """Give templates `_`, `gettext`, `ngettext` and `pgettext` with values by keyword.

    Jinja's own "newstyle" callables call every translation safe mark-up, a zone's name from
    outside included where a template says `_(name)`. Ours return plain text, so that all of it
    is escaped where it is shown.
    """

    def gettext(message: str, /, **values: object) -> str:
        text = in_words.gettext(message)
        return text % values if values else text

    def ngettext(one: str, many: str, num: int, /, **values: object) -> str:
        return in_words.ngettext(one, many, num) % _Kept({"num": num, **values})

    def pgettext(context: str, message: str, /, **values: object) -> str:
        text = in_words.pgettext(context, message)
        return text % values if values else text

    install: Callable[..., None] = vars(made)["install_gettext_callables"]  # put there by i18n
    install(gettext, ngettext, newstyle=False, pgettext=pgettext)


def _with_ours(domains: Sequence[str]) -> tuple[str, ...]:
    return (*domains, *(domain for domain in DOMAINS if domain not in domains))


class Design:
    """The look of one face.

    Args:
        face: `home` or `community`; it becomes a class of the page.
        template_dirs: Template folders of the face's capabilities.
        domains: Gettext domains of the face's rooms, e.g. `("community", "hub")`.
        nav: The navigation, in order.
        static: Further static folders by mount name; `design` and `vendor` are always there.
        extra: Called for every page, returns further context, e.g. what the header shows.
        names: Further globals of the face's templates, e.g. its tables of words.
    """

    def __init__(
        self,
        face: str,
        *,
        template_dirs: Iterable[Path] = (),
        domains: Sequence[str] = (),
        nav: Sequence[NavItem] = (),
        static: Mapping[str, Path] | None = None,
        extra: Callable[[web.Request], Mapping[str, Any]] | None = None,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self.face = face
        self.nav = tuple(nav)
        self.mounts: dict[str, Path] = {**MOUNTS, **(static or {})}
        self._dirs = tuple(template_dirs)
        self._domains = _with_ours(domains)
        self._extra = extra
        self._names = dict(names or {})
        self._files: StaticFiles | None = None
        self._environments: dict[str, Environment] = {}
        self._words: dict[str, Words] = {}

    def static(self, name: str) -> str:
        """Return the address of the static file `mount/path`; hand `mounts` to `create_app`."""
        if self._files is None:
            self._files = StaticFiles(self.mounts)
        return self._files.url(name)

    def language(self, lang: str) -> Words:
        """Return the face's messages in one language."""
        if lang not in self._words:
            self._words[lang] = Words(self._domains, lang)
        return self._words[lang]

    def environment(self, lang: str) -> Environment:
        """Return the language's Jinja environment, made when first asked for."""
        if lang not in self._environments:
            made = environment(self._dirs, self._domains, lang, self.static)
            made.globals.update(self._names)
            self._environments[lang] = made
        return self._environments[lang]

    def fragment(self, lang: str, template: str, /, **context: Any) -> str:
        """Draw the inside of a live part. `context` needs `csrf` where the part has forms."""
        context.setdefault("csrf", "")
        return self.environment(lang).get_template(template).render(context)

    def render(
        self, request: web.Request, template: str, /, status: int = 200, **context: Any
    ) -> web.Response:
        """Draw a page; this is what `hub.http` calls `pages`."""
        session = request.get("session")
        given = {
            "session": session,
            "role": session.role if session else None,
            "csrf": session.csrf if session else "",
            "theme": request.get("theme", "auto"),
            "face": self.face,
            "path": request.path,
            "path_qs": request.path_qs,
            "nav": self._nav_for(session.role if session else None),
            "said": said(request),
            "status": status,
        }
        if self._extra is not None:
            given.update(self._extra(request))
        given.update(context)
        lang = request.get("lang", "zh_CN")
        text = self.environment(lang).get_template(template).render(given)
        response = web.Response(status=status, text=text, content_type="text/html", charset="utf-8")
        response.headers["Content-Language"] = "zh-CN" if lang == "zh_CN" else "en"
        if given["said"]:
            response.del_cookie(SAID_COOKIE, httponly=True, samesite="Strict")
        return response

    def _nav_for(self, role: str | None) -> list[NavItem]:
        if role is None:
            return []
        return [item for item in self.nav if item.roles is None or role in item.roles]


DESIGN: web.AppKey[Design] = web.AppKey("design")


def words(request: web.Request) -> Words:
    """Return the reader's language for texts made in handlers; needs `app[DESIGN]`."""
    return request.app[DESIGN].language(request["lang"])
