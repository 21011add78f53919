"""The people of the household, its keys, and programs' tokens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hub.accounts.accounts import LINK_S
from hub.accounts.model import AccountUnknown
from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from hub.http.shapes import Wrong
from web.api import household_models as models
from web.house import HOUSEHOLD, OWNER, RESIDENTS, WALLS, check_own_password

if TYPE_CHECKING:
    from hub.accounts.model import Account, TokenRow
    from hub.home.residents import Erasure
    from web.facade import HomeRuntime


def people_operations(runtime: HomeRuntime) -> Operations:
    """Return who may sign in."""
    table = Operations("people")
    accounts = runtime.accounts

    @table.add(
        "GET",
        "/me",
        allow=HOUSEHOLD,
        scope="*",
        summary="Whom this request acts for",
        answers=models.Me,
    )
    async def get_me(call: Call) -> models.Me:
        session = call.session
        scopes = None if session.scopes is None else sorted(session.scopes)
        role: models.Role = session.role  # type: ignore[assignment]  # one of HOME_ROLES
        return {"name": session.name, "role": role, "token": session.token, "scopes": scopes}

    @table.add(
        "GET",
        "/people",
        allow=OWNER,
        scope="admin",
        summary="The people of the household",
        answers=models.PersonList,
    )
    async def list_people(_call: Call) -> models.PersonList:
        people = [one for one in await accounts.all() if one.role not in WALLS]
        return {"people": [await _person_model(runtime, one) for one in people]}

    @table.add(
        "POST",
        "/people",
        allow=OWNER,
        scope="admin",
        summary="Make an account",
        takes=models.NewPerson,
        answers=models.Person,
        status=201,
        problems={409: "name_taken", 422: "bad_name, weak_password"},
    )
    async def add_person(call: Call, given: models.NewPerson) -> models.Person:
        account = await accounts.create(given["name"], given["role"], given.get("password"))
        await runtime.note(call.actor, "add person", account.id)
        return await _person_model(runtime, account)

    _one_person_operations(runtime, table)
    _way_in_operations(runtime, table)
    return table


def _one_person_operations(runtime: HomeRuntime, table: Operations) -> None:
    accounts = runtime.accounts

    @table.add(
        "PATCH",
        "/people/{person_id}",
        allow=OWNER,
        scope="admin",
        summary="Give somebody another name or role",
        takes=models.PersonChange,
        answers=models.Person,
        problems={404: "account_unknown", 409: "last_keeper, name_taken", 422: "bad_name"},
    )
    async def change_person(call: Call, given: models.PersonChange) -> models.Person:
        account = await _person(runtime, call)
        if "name" in given:
            account = await accounts.rename(account.id, given["name"])
        if "role" in given:
            account = await accounts.set_role(account.id, given["role"])
        await runtime.note(call.actor, "change person", account.id)
        return await _person_model(runtime, account)

    @table.add(
        "DELETE",
        "/people/{person_id}",
        allow=OWNER,
        scope="admin",
        summary="Remove an account for good; a new recovery sheet is due afterwards",
        answers=models.Erasure,
        problems={404: "account_unknown", 409: "yourself, last_keeper"},
    )
    async def remove_person(call: Call) -> models.Erasure:
        account = await _person(runtime, call)
        if account.id == call.session.account_id:
            raise Problem(409, "yourself")
        return receipt_model(await runtime.remove_person(account.id, call.actor))

    @table.add(
        "GET",
        "/removed",
        allow=OWNER,
        scope="admin",
        summary="The receipts of who was removed",
        answers=models.ErasureList,
    )
    async def list_removed(_call: Call) -> models.ErasureList:
        return {"removed": [receipt_model(one) for one in await runtime.erasures()]}


def receipt_model(receipt: Erasure) -> models.Erasure:
    """Return a receipt as programs get it, and as it is downloaded."""
    role: models.Role = receipt.role  # type: ignore[assignment]  # one of HOME_ROLES
    return {
        "id": receipt.id,
        "person_id": receipt.account_id,
        "role": role,
        "erased": [{"kind": kind, "rows": rows} for kind, rows in receipt.counts.items()],
        "sha256": receipt.digest,
        "audit_line": receipt.line,
        "at": receipt.at,
        "key_destroyed": receipt.shredded,
    }


def _way_in_operations(runtime: HomeRuntime, table: Operations) -> None:
    accounts = runtime.accounts

    @table.add(
        "POST",
        "/people/{person_id}/sign-out",
        allow=OWNER,
        scope="admin",
        summary="Sign somebody out of every browser; tokens stay",
        problems={404: "account_unknown"},
    )
    async def sign_out_person(call: Call) -> None:
        account = await _person(runtime, call)
        await accounts.revoke_all(account.id)
        await runtime.note(call.actor, "sign out person", account.id)

    @table.add(
        "POST",
        "/people/{person_id}/invitation",
        allow=OWNER,
        scope=None,  # a token that signs people in would be more than any token may
        summary="Make a link that signs somebody in once, on the hub's own machine",
        answers=models.Invitation,
        status=201,
        problems={404: "account_unknown"},
    )
    async def invite_person(call: Call) -> models.Invitation:
        account = await _person(runtime, call)
        token = await accounts.new_link(account.id)
        await runtime.note(call.actor, "invite person", account.id)
        return {"path": f"/link/{token}", "expires": time.time() + LINK_S}


def key_operations(runtime: HomeRuntime) -> Operations:
    """Return how the home unlocks; every change asks for the person's password again."""
    table = Operations("keys")

    @table.add(
        "GET",
        "/keys",
        allow=OWNER,
        scope="admin",
        summary="How the home unlocks",
        answers=models.KeysNow,
    )
    async def get_keys(_call: Call) -> models.KeysNow:
        mode: models.Mode = runtime.unlock_mode  # type: ignore[assignment]  # one of the three
        return {"mode": mode, "sheet_due": runtime.sheet_due}

    @table.add(
        "PUT",
        "/keys",
        allow=OWNER,
        scope="admin",
        summary="Choose another way to unlock",
        takes=models.KeysChange,
        problems={403: "sign_in_refused", 409: "refused"},
    )
    async def change_keys(call: Call, given: models.KeysChange) -> None:
        unlock: dict[str, str] = {"mode": given["mode"]}
        if given["mode"] == "passphrase":
            if "passphrase" not in given:
                raise Wrong("passphrase", "missing")
            unlock["passphrase"] = given["passphrase"]
        await _confirm(runtime, call, given["password"])
        await runtime.change_mode(unlock, call.actor)

    @table.add(
        "POST",
        "/keys/sheet",
        allow=OWNER,
        scope="admin",
        summary="Make a new recovery code; the one before is void",
        takes=models.Again,
        answers=models.Sheet,
        status=201,
        problems={403: "sign_in_refused"},
    )
    async def new_sheet(call: Call, given: models.Again) -> models.Sheet:
        await _confirm(runtime, call, given["password"])
        return {"code": await runtime.new_recovery(call.actor)}

    return table


def token_operations(runtime: HomeRuntime) -> Operations:
    """Return programs' tokens."""
    table = Operations("tokens")

    @table.add(
        "GET",
        "/tokens",
        allow=RESIDENTS,
        scope="admin",
        summary="One's own tokens; an owner sees everybody's",
        answers=models.TokenList,
    )
    async def list_tokens(call: Call) -> models.TokenList:
        mine = _whose(call)
        rows = await (runtime.tokens.all() if mine is None else runtime.tokens.of(mine))
        return {"tokens": [_token_model(row) for row in rows]}

    @table.add(
        "POST",
        "/tokens",
        allow=RESIDENTS,
        scope=None,  # a token begets no token
        summary="Make a token; its text is shown this once",
        takes=models.NewToken,
        answers=models.TokenMade,
        status=201,
        problems={409: "name_taken, too_many_tokens", 422: "bad_name"},
    )
    async def make_token(call: Call, given: models.NewToken) -> models.TokenMade:
        text, row = await runtime.tokens.make(
            call.session.account_id, given["name"], given["scopes"], given.get("days")
        )
        await runtime.note(call.actor, "make token", row.name)
        return {"text": text, "token": _token_model(row)}

    @table.add(
        "DELETE",
        "/tokens/{token_id}",
        allow=RESIDENTS,
        scope="admin",
        summary="Revoke a token, one's own or, as an owner, anybody's",
        problems={404: "unknown_token"},
    )
    async def revoke_token(call: Call) -> None:
        if not await runtime.tokens.revoke(call.path["token_id"], _whose(call)):
            raise Problem(404, "unknown_token")
        await runtime.note(call.actor, "revoke token", call.path["token_id"])

    return table


def _whose(call: Call) -> str | None:
    """Return whose tokens the caller may see and revoke; None for everybody's."""
    return None if call.session.role == "owner" else call.session.account_id


async def _confirm(runtime: HomeRuntime, call: Call, password: str) -> None:
    await check_own_password(runtime, call.session, password, call.request.remote or "")


async def _person(runtime: HomeRuntime, call: Call) -> Account:
    account = await runtime.accounts.get(call.path["person_id"])
    if account is None or account.role in WALLS:
        raise AccountUnknown("no such account")
    return account


async def _person_model(runtime: HomeRuntime, account: Account) -> models.Person:
    role: models.Role = account.role  # type: ignore[assignment]  # one of HOME_ROLES
    return {
        "id": account.id,
        "name": account.name,
        "role": role,
        "created": account.created,
        "sessions": len(await runtime.accounts.sessions_of(account.id)),
    }


def _token_model(row: TokenRow) -> models.Token:
    return {
        "id": row.id,
        "name": row.name,
        "person_id": row.account_id,
        "scopes": list(row.scopes),
        "created": row.created,
        "expires": row.expires,
        "seen": row.seen,
    }
