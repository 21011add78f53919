"""One's own account: browsers that are signed in, password, language and look.

No token may here: what a program could change about its person would outlast it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.http.gate import token_of
from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import household_models as models
from web.house import HOUSEHOLD

if TYPE_CHECKING:
    from web.facade import HomeRuntime


def account_operations(runtime: HomeRuntime) -> Operations:
    """Return what a person does about their own account."""
    table = Operations("account")
    accounts = runtime.accounts

    @table.add(
        "GET",
        "/me/sessions",
        allow=HOUSEHOLD,
        scope=None,
        summary="The browsers one is signed in on",
        answers=models.SessionList,
    )
    async def list_sessions(call: Call) -> models.SessionList:
        rows = await accounts.sessions_of(call.session.account_id)
        return {
            "sessions": [
                {
                    "id": row.key.hex()[:16],
                    "device": row.device,
                    "created": row.created,
                    "seen": row.seen,
                    "this_one": row.key.hex()[:16] == call.session.id,
                }
                for row in rows
            ]
        }

    @table.add(
        "DELETE",
        "/me/sessions/{session_id}",
        allow=HOUSEHOLD,
        scope=None,
        summary="Sign out there",
        problems={404: "unknown_session"},
    )
    async def end_session(call: Call) -> None:
        wanted = call.path["session_id"]
        rows = await accounts.sessions_of(call.session.account_id)
        if all(row.key.hex()[:16] != wanted for row in rows):
            raise Problem(404, "unknown_session")
        await accounts.revoke_by_id(call.session.account_id, wanted)

    _own_changes(runtime, table)
    return table


def _own_changes(runtime: HomeRuntime, table: Operations) -> None:
    accounts = runtime.accounts

    @table.add(
        "PUT",
        "/me/password",
        allow=HOUSEHOLD,
        scope=None,
        summary="Change one's password; all other browsers are signed out",
        takes=models.PasswordChange,
        problems={403: "sign_in_refused", 422: "weak_password"},
    )
    async def change_password(call: Call, given: models.PasswordChange) -> None:
        await accounts.change_password(
            token_of(call.request),
            given.get("old", ""),
            given["password"],
            call.request.remote or "",
        )

    @table.add(
        "PUT",
        "/me/look",
        allow=HOUSEHOLD,
        scope=None,
        summary="Choose one's language and theme; what is left out stays",
        takes=models.Look,
    )
    async def choose_look(call: Call, given: models.Look) -> None:
        await accounts.set_look(
            call.session.account_id, lang=given.get("lang"), theme=given.get("theme")
        )
