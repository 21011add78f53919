"""The OpenAPI 3.1 document of a table of operations, made at the first request for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hub.http.problems import PROBLEM_TYPE, TYPE_PREFIX
from hub.http.routes import ANY_SCOPE, Anybody
from hub.http.shapes import Definitions, record_of

if TYPE_CHECKING:
    from hub.http.operations import Operation

VERSION = "1.0.0"
"""Of the interface, not of the program: a change that breaks a client makes it /api/v2."""
_VARIABLE = re.compile(r"\{(\w+)\}")
_DESCRIPTION = """\
Everything the pages of a home do, for programs. A program sends `Authorization: Bearer` with a
token that a person made on the page /tokens; it may what the token's scopes say, within that
person's role. Refusals are RFC 9457 problems whose `type` ends in a stable word, repeated as
`code`. Times are seconds since 1970, UTC.
"""
_PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "properties": {
        "type": {"type": "string", "pattern": f"^{TYPE_PREFIX}[a-z_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "The last word of `type`."},
        "detail": {"type": "string", "description": "A sentence for people."},
        "field": {"type": "string", "description": "Which field is wrong; only with `invalid`."},
        "reason": {"type": "string", "description": "What is wrong about the field."},
        "scope": {"type": "string", "description": "The scope that the token lacks."},
    },
    "required": ["type", "title", "status", "code"],
}
# What any operation may be refused with, before its handler runs.
_COMMON = {
    401: "sign_in_needed, token_refused",
    403: "not_allowed, scope_needed, not_for_tokens; without a token form_token, other_origin",
    422: "invalid",
    429: "too_many_attempts",
    503: "locked",
}
_WITH_BODY = {400: "not_json", 413: "too_large", 415: "json_needed"}


def document(
    operations: Iterable[Operation],
    *,
    title: str,
    cookie: str,
    scopes: Mapping[str, str],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the document.

    Args:
        operations: The table.
        title: The interface's name.
        cookie: The name of a browser's session cookie.
        scopes: What each scope of a token is for.
        more: Further paths, such as that of a socket.
    """
    defs: Definitions = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    tags: dict[str, None] = {}
    for row in operations:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, defs)
        tags[row.tag] = None
    paths.update(more or {})
    listed = "\n".join(f"- `{name}`: {what}" for name, what in scopes.items())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": defs,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"A token with scopes:\n{listed}",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "A browser that signed in. What changes something needs the "
                    "header X-CSRF-Token and our own Origin too.",
                },
            },
        },
    }


def problem_answers(words: Mapping[int, str]) -> dict[str, Any]:
    """Return the answers for refusals, by status."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {"description": words[status], "content": content} for status in sorted(words)
    }


def _operation(row: Operation, defs: Definitions) -> dict[str, Any]:
    words = dict(_COMMON)
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
        for name in _VARIABLE.findall(row.path)
    ]
    found: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "tags": [row.tag],
        "x-roles": "all" if isinstance(row.allow, Anybody) else sorted(row.allow),
        "security": _security(row),
    }
    if row.takes is not None and row.method in {"GET", "DELETE"}:
        record = record_of(row.takes)
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": name in record.required,
                "schema": shape.described(defs),
            }
            for name, shape in record.fields.items()
        ]
    elif row.takes is not None:
        schema = record_of(row.takes).schema(defs)
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
        words |= _WITH_BODY
    if parameters:
        found["parameters"] = parameters
    for status, own in row.problems.items():
        words[status] = f"{own}, {words[status]}" if status in words else own
    answer: dict[str, Any] = {"description": "Done." if row.answers is None else "The answer."}
    if row.answers is not None:
        schema = record_of(row.answers).schema(defs)
        answer["content"] = {"application/json": {"schema": schema}}
    found["responses"] = {str(row.status): answer, **problem_answers(words)}
    return found


def _security(row: Operation) -> list[dict[str, list[str]]]:
    session: dict[str, list[str]] = {"session": []}
    if row.scope is None:
        return [session]
    return [{"token": [] if row.scope == ANY_SCOPE else [row.scope]}, session]
