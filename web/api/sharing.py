"""What may leave the home, and what did."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import household_models as models
from web.facade import HAZARD_CLASSES
from web.house import HOUSEHOLD, OWNER, RESIDENTS
from web.sharing.routes import TELL_ZONE

if TYPE_CHECKING:
    from web.facade import HomeRuntime
    from web.views import LedgerLine

MOST = 100


def sharing_operations(runtime: HomeRuntime) -> Operations:
    """Return choices, ledger and what left."""
    table = Operations("sharing")
    _choice_operations(runtime, table)

    @table.add(
        "GET",
        "/sharing/ledger",
        allow=RESIDENTS,
        scope="read:sharing",
        summary="The consent ledger",
        takes=models.Page,
        answers=models.Ledger,
    )
    async def get_ledger(_call: Call, given: models.Page) -> models.Ledger:
        return {
            "lines": [_line(line) for line in runtime.ledger()[: given.get("limit", MOST)]],
            "problem": runtime.ledger_problem(),
        }

    @table.add(
        "GET",
        "/sharing/sent",
        allow=HOUSEHOLD,
        scope="read:sharing",
        summary="What left the home, word for word",
        takes=models.Page,
        answers=models.Sent,
    )
    async def get_sent(call: Call, given: models.Page) -> models.Sent:
        return {
            "today": runtime.sent_today(),
            "messages": [
                {
                    "at": one.at,
                    "door": one.door,
                    "recipient": call.say(one.recipient),
                    "state": one.state,
                    "fields": [
                        {"name": call.say(name), "value": call.say(value) if value else ""}
                        for name, value in one.fields
                    ],
                    "raw": base64.b64encode(one.raw).decode(),
                }
                for one in runtime.sent()[: given.get("limit", MOST)]
            ],
        }

    _community_operations(runtime, table)
    return table


def _choice_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/sharing/choices",
        allow=RESIDENTS,
        scope="read:sharing",
        summary="What an alarm may tell, by class",
        answers=models.ChoiceList,
    )
    async def list_choices(_call: Call) -> models.ChoiceList:
        return {
            "choices": [
                {
                    "purpose": one.purpose,
                    "hazard_class": one.klass,
                    "value": one.value,
                    "since": one.since,
                }
                for one in runtime.choices()
            ]
        }

    @table.add(
        "PUT",
        "/sharing/choices/{hazard_class}",
        allow=RESIDENTS,
        scope="sharing",
        summary="Choose what an alarm of a class may tell",
        takes=models.Choose,
        problems={404: "unknown_class", 409: "refused"},
    )
    async def choose(call: Call, given: models.Choose) -> None:
        await runtime.choose(TELL_ZONE, _class(call), given["value"], call.actor)

    @table.add(
        "DELETE",
        "/sharing/choices/{hazard_class}",
        allow=RESIDENTS,
        scope="sharing",
        summary="Withdraw a consent; in force when this answers",
        problems={404: "unknown_class", 409: "refused"},
    )
    async def withdraw(call: Call) -> None:
        await runtime.withdraw(TELL_ZONE, _class(call), call.actor)


def _community_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/sharing/community",
        allow=HOUSEHOLD,
        scope="read:sharing",
        summary="The community this home is paired with",
        answers=models.Pairing,
    )
    async def get_community(_call: Call) -> models.Pairing:
        paired = runtime.pairing()
        if paired is None:
            return {"community": None}
        signed = paired.attested
        attested: models.Attestation | None = None
        if signed is not None:
            attested = {
                "at": signed.at,
                "homes": signed.homes,
                "holds": signed.holds,
                "fingerprint": signed.fingerprint,
            }
        return {
            "community": {
                "name": paired.community,
                "address": paired.address,
                "zone": paired.zone,
                "homes": paired.homes,
                "slot_s": paired.slot_s,
                "claimed": paired.claimed,
                "attested": attested,
            }
        }

    @table.add(
        "POST",
        "/sharing/community",
        allow=OWNER,
        scope="admin",
        summary="Pair by the printed code",
        takes=models.PairingCode,
        problems={409: "refused"},
    )
    async def pair(call: Call, given: models.PairingCode) -> None:
        await runtime.pair(given["code"].strip(), call.actor)

    @table.add(
        "DELETE",
        "/sharing/community",
        allow=OWNER,
        scope="admin",
        summary="Leave the community: nothing is sent any more",
        problems={409: "refused"},
    )
    async def unpair(call: Call) -> None:
        await runtime.unpair(call.actor)


def _line(line: LedgerLine) -> models.LedgerEntry:
    return {
        "seq": line.seq,
        "at": line.at,
        "purpose": line.purpose,
        "hazard_class": line.klass,
        "recipient": line.recipient,
        "state": line.state,
        "actor": line.actor,
    }


def _class(call: Call) -> str:
    klass = call.path["hazard_class"]
    if klass not in HAZARD_CLASSES:
        raise Problem(404, "unknown_class")
    return klass
