"""The walls of the house as functions: each takes files as text and returns what is wrong.

A rule is a function of `{path: text}`, so that its self-test can feed it a bad sample. The rules
run over the checkout in `test_house_rules.py`.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tests.parsed import parsed

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hub", "integrations", "community", "privacy", "web")
OUTER = {"community", "web", "integrations"}
FILE_LINES, FUNCTION_LINES = 400, 60
TEXT = {".py", ".js", ".mjs", ".css", ".html", ".md", ".toml", ".json", ".po", ".service", ".lock"}

Files = Mapping[str, str]


class Import(NamedTuple):
    """One import: the module meant, and whether it happens only when a function runs."""

    importer: str
    target: str
    line: int
    lazy: bool
    typing: bool


def files_of_the_house() -> dict[str, str]:
    """Every text file that is tracked, or would be if it were added."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
        names = sorted(set(listed.stdout.splitlines()))
    except (OSError, subprocess.CalledProcessError):
        tops = [*ROOMS, "tests", "docs", "requirements"]
        names = [str(p.relative_to(ROOT)) for top in tops for p in (ROOT / top).rglob("*")]
    found = {}
    for name in names:
        path = ROOT / name
        wanted = path.suffix in TEXT or name in {"run", ".ci/run", ".gitignore"}
        if wanted and path.is_file() and "node_modules" not in path.parts:
            found[name] = path.read_text(encoding="utf-8")
    return found


def python(files: Files, *tops: str) -> dict[str, str]:
    """The Python files among `files`, of these top folders only when some are named."""
    return {
        path: text
        for path, text in files.items()
        if path.endswith(".py") and (not tops or path.split("/")[0] in tops)
    }


def module_name(path: str) -> str:
    """`hub/core/bus.py` is `hub.core.bus`; a package's `__init__.py` is the package."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# ---- imports -----------------------------------------------------------------------------------


class _Imports(ast.NodeVisitor):
    def __init__(self, path: str, known: set[str]) -> None:
        self.name = module_name(path)
        self.package = self.name if path.endswith("__init__.py") else self.name.rpartition(".")[0]
        self.known = known
        self.found: list[Import] = []
        self._functions = 0
        self._typing = 0

    def _add(self, target: str, line: int) -> None:
        lazy, typing = self._functions > 0, self._typing > 0
        self.found.append(Import(self.name, target, line, lazy, typing))

    def _function(self, node: ast.AST) -> None:
        self._functions += 1
        self.generic_visit(node)
        self._functions -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function  # noqa: N815  ast's names

    def visit_If(self, node: ast.If) -> None:
        typing = "TYPE_CHECKING" in ast.unparse(node.test)
        self._typing += typing
        for child in node.body:
            self.visit(child)
        self._typing -= typing
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parents = self.package.split(".")
            kept = parents[: len(parents) - node.level + 1]
            base = ".".join([*kept, base] if base else kept)
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            self._add(inner if inner in self.known else base, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func).rpartition(".")[2]
        first = node.args[0] if node.args else None
        if called in {"import_module", "__import__"} and isinstance(first, ast.Constant):
            self._add(str(first.value).partition(":")[0], node.lineno)
        self.generic_visit(node)


def imports(files: Files) -> list[Import]:
    """Every import of the Python files, relative ones resolved, also those inside functions."""
    sources = python(files)
    known = {module_name(path) for path in sources}
    found = []
    for path, text in sources.items():
        reader = _Imports(path, known)
        reader.visit(parsed(text))
        found += reader.found
    return found


def within(module: str, *rooms: str) -> bool:
    """Is the module one of these rooms or inside one?"""
    return any(module == room or module.startswith(room + ".") for room in rooms)


def _refused_by_room(importer: str, target: str, lazy: bool) -> str | None:
    """The arrows between rooms; None is allowed."""
    room, aim = (name.partition(".")[0] for name in (importer, target))
    opener = within(importer, "hub.__main__", "hub.demo")
    allowed = {"hub": {"hub", "privacy"}, "web": {"web", "hub", "privacy"}, "privacy": {"privacy"}}
    if aim == "tests":
        return "a room never imports tests"
    if room == "integrations":
        own = within(target, ".".join(importer.split(".")[:2]))
        return None if own or target == "hub.api" else "an integration knows hub.api only"
    if room == "community":
        fine = aim in {"community", "hub", "privacy"} or within(target, "web.design")
        return None if fine else "community knows hub, privacy and web.design only"
    if opener and aim in OUTER:
        return None if lazy else "hub opens the outer rooms lazily, inside a function"
    return None if aim in allowed[room] else f"{room} may not know {aim}"


def _refused_inside(importer: str, target: str, lazy: bool) -> str | None:
    """The arrows inside hub, web and community; None is allowed."""
    if within(target, "hub.demo") and not within(importer, "hub.demo"):
        return None if importer == "hub.__main__" and lazy else "nothing imports hub.demo"
    if within(target, "hub.__main__"):
        return "nothing imports the command"
    if within(importer, "hub.core") and not within(target, "hub.core", "privacy"):
        return "hub.core stands on no other room of hub"
    if within(importer, "hub.safety") and not within(target, "hub.safety", "hub.core", "privacy"):
        return "the hazard kernel waits for no other room"
    if within(importer, "hub.plugins") and within(target, "hub.safety"):
        return "integrations and the hazard kernel don't know each other"
    of_web = within(target, "web") and not within(target, "web.design")
    if within(importer, "web.design") and of_web:
        return "web.design serves both faces and knows no part"
    own = ".".join(importer.split(".")[:2])
    capability = within(importer, "community") and (ROOT / own.replace(".", "/")).is_dir()
    if capability and own != "community" and within(target, "community"):
        fine = within(target, "community.core", own)
        return None if fine else "capabilities share community.core and talk by events"
    return None


def wrong_arrows(files: Files) -> list[str]:
    """Imports from a room to one it may not know."""
    found = []
    for one in imports(python(files, *ROOMS)):
        if one.target.split(".")[0] not in {*ROOMS, "tests"}:
            continue
        why = _refused_by_room(one.importer, one.target, one.lazy) or _refused_inside(
            one.importer, one.target, one.lazy
        )
        if why:
            found.append(f"{one.importer}:{one.line} imports {one.target}: {why}")
    return sorted(set(found))


def _circle_from(start: str, graph: Mapping[str, set[str]]) -> list[str] | None:
    """The shortest way from `start` back to it."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for following in sorted(graph.get(way[-1], ())):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """Every circle of the graph once, as `a -> b -> a`."""
    found: dict[frozenset[str], str] = {}
    for start in sorted(graph):
        way = _circle_from(start, graph)
        if way:
            found.setdefault(frozenset(way), " -> ".join(way))
    return sorted(found.values())


def module_graph(files: Files) -> dict[str, set[str]]:
    """Who imports whom at import time; a module's own packages are above it, not beside it."""
    known = {module_name(path) for path in python(files, *ROOMS)}
    graph: dict[str, set[str]] = {}
    for one in imports(python(files, *ROOMS)):
        own_package = within(one.importer, one.target)
        if one.target in known and not (one.lazy or one.typing or own_package):
            graph.setdefault(one.importer, set()).add(one.target)
    return graph


def room_graph(files: Files, top: str) -> dict[str, set[str]]:
    """Which folder of `top` imports which other one, functions and typing left out."""
    graph: dict[str, set[str]] = {}
    folders = {path.split("/")[1] for path in python(files, top) if path.count("/") > 1}
    for importer, targets in module_graph(files).items():
        for target in targets:
            a, b = (name.split(".")[:2] for name in (importer, target))
            if a[0] == b[0] == top and a != b and {a[-1], b[-1]} <= folders:
                graph.setdefault(a[1], set()).add(b[1])
    return graph


# ---- size, comments, words ---------------------------------------------------------------------


def too_long(files: Files) -> list[str]:
    """Files over 400 lines; Python functions over 60, decorators not counted."""
    found = []
    for path, text in files.items():
        lines = text.count("\n")
        if path.endswith((".py", ".js", ".css", ".html")) and lines > FILE_LINES:
            found.append(f"{path}: {lines} lines, {FILE_LINES} are the ceiling")
        if path.endswith(".py"):
            for node in ast.walk(parsed(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > FUNCTION_LINES:
                        found.append(f"{path}:{node.lineno} {node.name} has {length} lines")
    return found


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a Python file with their line numbers."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


DIRECTIVE = re.compile(
    r"(ruff:\s*)?noqa(:\s*[A-Z]+\d+(\s*,\s*[A-Z]+\d+)*)?|type:\s*ignore(\[[\w\-, ]+\])?"
    r"|pragma:\s*no \w+|mypy:\s*[\w\-]+|pylint:\s*\S+"
)
BARE = re.compile(r"noqa(?!:)|type:\s*ignore(?!\[)")


def silent_ignores(files: Files) -> list[str]:
    """Comments that switch a check off without saying which one and why."""
    found = []
    for path, text in python(files).items():
        for line, comment in comments(text):
            if not DIRECTIVE.match(comment.lstrip("# ")):
                continue
            reason = re.sub(r"[^\w ]", " ", DIRECTIVE.sub(" ", comment)).split()
            if BARE.search(comment):
                found.append(f"{path}:{line} names no rule: {comment}")
            elif len(reason) < 2:
                found.append(f"{path}:{line} gives no reason: {comment}")
    return found


UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
STUB = re.compile(r"raise NotImplemented" + r"Error")
DEAD_SCRIPT = re.compile(r"^\s*//.*[;{}]\s*$|^\s*/\*[^*\n]*(;|\{[^*\n]*\})\s*\*/\s*$", re.MULTILINE)


def unfinished(files: Files) -> list[str]:
    """Notes to come back, stubs, and lines of script or style that were commented out."""
    found = []
    for path, text in files.items():
        if path.endswith((".lock", "package-lock.json")):
            continue
        rules = [UNFINISHED]
        rules += [STUB] if path.endswith(".py") else []
        rules += [DEAD_SCRIPT] if path.endswith((".js", ".css")) else []
        for rule in rules:
            for hit in rule.finditer(text):
                line = text.count("\n", 0, hit.start()) + 1
                found.append(f"{path}:{line} {hit.group().strip()}")
    return found


def without_docstring(files: Files) -> list[str]:
    """Public modules, classes and functions of the rooms that say nothing about themselves."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = []
    for path, text in python(files, *ROOMS).items():
        tree = parsed(text)
        if text.strip() and ast.get_docstring(tree) is None:
            found.append(f"{path}: the module")
        holders: list[ast.Module | ast.ClassDef] = [tree]
        holders += [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        for holder in holders:
            if isinstance(holder, ast.ClassDef) and holder.name.startswith("_"):
                continue
            for node in holder.body:
                public = isinstance(node, kinds) and not node.name.startswith("_")
                if public and isinstance(node, kinds) and ast.get_docstring(node) is None:
                    overload = [ast.unparse(d) for d in getattr(node, "decorator_list", [])]
                    if not any(word.endswith(("overload", ".setter")) for word in overload):
                        found.append(f"{path}:{node.lineno} {node.name}")
    return found


HOSTS = re.compile(
    r"registry\.[\w.]+\.(org|com|cn)|npm" + r"js\.|py" + r"pi\.org|python" + r"hosted\.org"
    r"|npm" + r"mirror|mirrors?\.[\w.]+\.(com|cn|edu)"
)
PLACES = re.compile(r"/ro" + r"ot/|/wo" + r"rk/|\.py" + r"env|/opt/w" + r"heels|[A-Z]:\\Users")


def foreign_places(files: Files) -> list[str]:
    """Registry host names and paths of somebody's machine."""
    found = []
    for path, text in files.items():
        for rule in (HOSTS, PLACES):
            for hit in rule.finditer(text):
                line = text.count("\n", 0, hit.start()) + 1
                found.append(f"{path}:{line} {hit.group()}")
    return found
