"""What may leave the home, and what did."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from privacy.consent import TELL_ZONE
from web.api import household_models as models
from web.api import purpose_models
from web.facade import HAZARD_CLASSES
from web.house import HOUSEHOLD, OWNER, RESIDENTS
from web.sharing.export import message_of, purpose_of

if TYPE_CHECKING:
    from privacy.consent import Consent
    from web.facade import HomeRuntime
    from web.views import LedgerLine

MOST = 100


def sharing_operations(runtime: HomeRuntime) -> Operations:
    """Return choices, ledger and what left."""
    table = Operations("sharing")
    _choice_operations(runtime, table)
    _ledger_operations(runtime, table)
    _sent_operation(runtime, table)
    _community_operations(runtime, table)
    return table


def _ledger_operations(runtime: HomeRuntime, table: Operations) -> None:
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
            "problem": runtime.consents.problem,
            "code": runtime.consents.head_code,
        }

    @table.add(
        "POST",
        "/sharing/ledger/check",
        allow=RESIDENTS,
        scope="read:sharing",
        summary="Read every line of the ledger again and check it",
        answers=purpose_models.Checked,
    )
    async def check(_call: Call) -> purpose_models.Checked:
        checked = await runtime.consents.check()
        return {"at": checked.at, "lines": checked.lines, "problem": checked.problem}

    @table.add(
        "POST",
        "/sharing/ledger/compare",
        allow=RESIDENTS,
        scope="read:sharing",
        summary="Look a kept code up in the ledger",
        takes=purpose_models.Code,
        answers=purpose_models.Place,
        problems={409: "refused"},
    )
    async def compare(_call: Call, given: purpose_models.Code) -> purpose_models.Place:
        return {"line": await runtime.consents.find(given["code"])}

    @table.add(
        "GET",
        "/sharing/purposes",
        allow=HOUSEHOLD,
        scope="read:sharing",
        summary="Everything that the hub itself can tell others, with the notices",
        answers=purpose_models.PurposeList,
    )
    async def list_purposes(_call: Call) -> purpose_models.PurposeList:
        return {
            "purposes": [
                cast(
                    "purpose_models.Purpose",
                    {**purpose_of(one.purpose), "yeses": [_yes(yes) for yes in one.yeses]},
                )
                for one in runtime.consents.all()
            ]
        }


def _sent_operation(runtime: HomeRuntime, table: Operations) -> None:
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
                cast("models.SentMessage", message_of(one, call.say))
                for one in runtime.sent()[: given.get("limit", MOST)]
            ],
        }


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
                    "by": one.by,
                    "notice": one.notice,
                    "ended": one.lapsed,
                    "outdated": one.outdated,
                }
                for one in runtime.consents.choices()
            ]
        }

    @table.add(
        "PUT",
        "/sharing/choices/{hazard_class}",
        allow=OWNER,
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

    @table.add(
        "DELETE",
        "/sharing/choices",
        allow=RESIDENTS,
        scope="sharing",
        summary="Withdraw every consent, contacts' too; in force when this answers",
        answers=purpose_models.Stopped,
        problems={409: "refused"},
    )
    async def stop(call: Call) -> purpose_models.Stopped:
        return {"withdrawn": await runtime.stop_sharing(call.actor)}


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
                "witnesses": paired.standing,
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
        "scope": line.scope,
        "recipient": line.recipient,
        "notice": line.notice,
        "state": line.state,
        "actor": line.actor,
        "basis": line.basis,
    }


def _yes(line: Consent) -> purpose_models.Yes:
    return {
        "hazard_class": line.klass,
        "since": line.time,
        "notice": line.notice,
        "ended": line.lapsed,
    }


def _class(call: Call) -> str:
    klass = call.path["hazard_class"]
    if klass not in HAZARD_CLASSES:
        raise Problem(404, "unknown_class")
    return klass
