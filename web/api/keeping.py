"""What is kept of the history, how long, and erasing it."""

from typing import TYPE_CHECKING, Annotated, TypedDict

from hub.core.kinds import KINDS
from hub.home.keeping import MOST_DAYS, KeptKind, Receipt
from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from hub.http.shapes import Number
from web.api.found import entity_of
from web.api.models import Time
from web.house import OWNER

if TYPE_CHECKING:
    from web.facade import HomeRuntime

Days = Annotated[int, Number(0, MOST_DAYS), "0: nothing is kept"]


class KindKept(TypedDict):
    """What is kept of one kind of entity."""

    kind: str
    days: Days
    usual_days: Annotated[int, "unless somebody chooses"]
    readings: int
    bytes: Annotated[int, "on the disk"]
    oldest: Annotated[Time | None, "null: there is none"]


class HistoryKept(TypedDict):
    """What is kept of each kind, and how much the files take."""

    bytes: int
    kinds: list[KindKept]


class KeepFor(TypedDict):
    """For how long."""

    days: Days


class Erased(TypedDict):
    """A receipt: nothing of it is left in the files of the home."""

    readings: int
    unreadable: Annotated[int, "damaged parts that may have held some of it and went too"]
    at: Time


REFUSED = {409: "refused", 507: "not_stored"}


def keeping_operations(runtime: "HomeRuntime") -> Operations:
    """Return what tells and changes how long history is kept."""
    table = Operations("history")

    @table.add(
        "GET",
        "/history/kept",
        allow=OWNER,
        scope="read:history",
        summary="What is kept of each kind, and for how long",
        answers=HistoryKept,
    )
    async def get_kept(_call: Call) -> HistoryKept:
        return await _kept(runtime)

    @table.add(
        "PUT",
        "/history/kept/{kind}",
        allow=OWNER,
        scope="admin",
        summary="Keep a kind for so many days; what is older is removed",
        takes=KeepFor,
        answers=HistoryKept,
        problems={404: "unknown_kind", **REFUSED},
    )
    async def keep_for(call: Call, given: KeepFor) -> HistoryKept:
        if call.path["kind"] not in KINDS:
            raise Problem(404, "unknown_kind")
        await runtime.keeping.choose(call.path["kind"], given["days"], call.actor)
        return await _kept(runtime)

    @table.add(
        "DELETE",
        "/entities/{entity_id}/history",
        allow=OWNER,
        scope="admin",
        summary="Erase what an entity was",
        answers=Erased,
        problems={404: "unknown_entity", **REFUSED},
    )
    async def erase_entity(call: Call) -> Erased:
        entity_id = entity_of(runtime, call).entity_id
        return _erased(await runtime.keeping.erase(entity_id, call.actor))

    @table.add(
        "DELETE",
        "/history",
        allow=OWNER,
        scope="admin",
        summary="Erase the whole history",
        answers=Erased,
        problems=REFUSED,
    )
    async def erase_all(call: Call) -> Erased:
        return _erased(await runtime.keeping.erase("", call.actor))

    return table


async def _kept(runtime: "HomeRuntime") -> HistoryKept:
    kinds = {one.kind for one in runtime.registry.entities() if one.category is None}
    size, found = await runtime.keeping.kept(kinds)
    return {"bytes": size, "kinds": [_kind(one) for one in found]}


def _kind(one: KeptKind) -> KindKept:
    return {
        "kind": one.kind,
        "days": one.days,
        "usual_days": one.usual,
        "readings": one.readings,
        "bytes": one.size,
        "oldest": one.oldest,
    }


def _erased(receipt: Receipt) -> Erased:
    return {
        "readings": receipt.readings,
        "unreadable": receipt.unreadable,
        "at": receipt.at,
    }
