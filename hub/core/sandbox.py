"""The part of Jinja that value templates may use: no loops, bounded work, no Python.

`check` refuses by an allow-list of syntax nodes; what is left is run in Jinja's immutable
sandbox with operators, filters and methods that refuse to grow a result beyond `MAX_RESULT`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from hub.core import sandbox_filters
from hub.core.problems import TemplateProblem
from hub.core.sandbox_filters import FUNCTIONS, MAX_RESULT, bounded

MAX_NODES = 600
_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.Assign,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
    nodes.Dict,
    nodes.Pair,
    nodes.List,
    nodes.Tuple,
    nodes.Call,
    nodes.Keyword,
)
_METHODS = frozenset(
    {"get", "lower", "upper", "strip", "split", "replace", "startswith", "endswith", "title"}
)
_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with every operator that can grow a value held to a bound."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self) -> None:
        super().__init__(autoescape=False, finalize=_shown)
        self.filters = dict(sandbox_filters.FILTERS)
        self.tests = {name: self.tests[name] for name in sandbox_filters.TESTS}
        self.tests.update(sandbox_filters.OWN_TESTS)
        self.globals = dict(FUNCTIONS)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator; only `+` is for anything but numbers."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers and operator != "+":
            raise TypeError(f"{operator} is for numbers")
        if not numbers and len(left) + len(right) > MAX_RESULT:
            raise ValueError("the result is too long")
        return bounded(super().call_binop(context, operator, left, right))

    def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method or a function of the allow-list."""
        if getattr(called, "__name__", "") == "replace":
            sandbox_filters.check_replace(called.__self__, *args)
        return bounded(super().call(context, called, *args, **kwargs))


def _shown(value: Any) -> Any:
    """What `{{ value }}` prints; a value too long to print is refused."""
    return bounded(value)


class _Concat(NodeTransformer):
    """Turn `a ~ b` into a filter: Jinja has no hook to bound the operator itself."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 -- Jinja's naming
        """Replace one concatenation."""
        parts = [self.visit(one) for one in node.nodes]
        items = nodes.List(parts, lineno=node.lineno)
        return nodes.Filter(items, "join", [], [], None, None, lineno=node.lineno)


_environment = _Environment()
_everything = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.loopcontrols"])


def check(source: str) -> nodes.Template:
    """Parse and check a template; returns the tree to compile.

    Raises:
        TemplateProblem: not Jinja, or uses what is not allowed.
    """
    try:
        tree = _environment.parse(source)
        found = list(islice(_walk(tree), MAX_NODES + 1))
    except _FAULTS as error:
        raise TemplateProblem(f"not a template: {error}") from error
    if len(found) > MAX_NODES:
        raise TemplateProblem("the template is too long")
    for node in found:
        _check_node(node)
    checked: nodes.Template = _Concat().visit(tree)
    return checked


def parse_only(source: str) -> None:
    """Raise TemplateProblem when the text isn't Jinja; what it does is not looked at."""
    try:
        _everything.parse(source)
    except _FAULTS as error:
        raise TemplateProblem(f"not a template: {error}") from error


def build(source: str) -> jinja2.Template:
    """Compile a template that `check` accepts; raises TemplateProblem."""
    tree = check(source)
    try:
        code = _environment.compile(tree)
        return jinja2.Template.from_code(_environment, code, _environment.make_globals(None))
    except _FAULTS as error:
        raise TemplateProblem(f"not a template: {error}") from error


def run(template: jinja2.Template, names: Mapping[str, Any]) -> str:
    """Render with the given names; raises TemplateProblem."""
    try:
        return template.render(names)
    except _FAULTS as error:
        raise TemplateProblem(f"can't render: {error}") from error


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(one.iter_child_nodes())


def _check_node(node: nodes.Node) -> None:
    if type(node) not in _NODES:
        raise TemplateProblem(f"{type(node).__name__.lower()} is not allowed in a template")
    if isinstance(node, nodes.Name) and node.name.startswith("__"):
        raise TemplateProblem(f"the name {node.name} is not allowed")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("__"):
        raise TemplateProblem(f"the attribute {node.attr} is not allowed")
    if isinstance(node, nodes.Call):
        _check_call(node)
    elif isinstance(node, nodes.Assign):
        _check_assign(node)
    elif isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
        raise TemplateProblem("unpacked arguments are not allowed")
    elif isinstance(node, nodes.Filter) and node.name not in sandbox_filters.FILTERS:
        raise TemplateProblem(f"the filter {node.name} is not allowed")
    elif isinstance(node, nodes.Test) and node.name not in _environment.tests:
        raise TemplateProblem(f"the test {node.name} is not allowed")


def _check_call(node: nodes.Call) -> None:
    if node.dyn_args or node.dyn_kwargs:
        raise TemplateProblem("unpacked arguments are not allowed")
    target = node.node
    if isinstance(target, nodes.Getattr) and target.attr in _METHODS:
        return
    if isinstance(target, nodes.Name) and target.name in FUNCTIONS:
        return
    raise TemplateProblem("that call is not allowed in a template")


def _check_assign(node: nodes.Assign) -> None:
    """A variable holds a constant collection or a plain value.

    Collections of variables could be nested over and over: exponential when printed.
    """
    if not isinstance(node.target, nodes.Name) or node.target.name in FUNCTIONS:
        raise TemplateProblem("only a plain name can be set")
    for child in _walk(node.node):
        if isinstance(child, nodes.List | nodes.Tuple | nodes.Dict) and any(
            isinstance(inner, nodes.Name) for inner in _walk(child)
        ):
            raise TemplateProblem("a variable can't hold a collection of variables")
