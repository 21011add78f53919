"""Hazards and questions as pages see them."""

import time
from types import SimpleNamespace
from typing import Any

from hub.safety.advice import Deed

ADVICE = {
    "gas": (
        "已关闭厨房燃气阀。",
        "不要开关电器，不要点火；开窗，到室外打 119 或燃气公司电话。",
    ),
    "supervision": ("09:12 起没有消息。看看它的电池，再按一下测试键。",),
}
DID = {
    "gas": (
        Deed("gas_valve", "confirmed", "厨房燃气阀已关闭。"),
        Deed("siren", "refused_electrical", "走廊警号保持原状：有燃气时操作它可能产生火花。"),
    )
}


def hazard(kind: str, entity_id: str, sensor: str, place: str, **more: Any) -> SimpleNamespace:
    """One hazard as a page sees it; advice is the resident's language already."""
    made = SimpleNamespace(
        id=f"{kind}1",
        hazard=kind,
        entity_id=entity_id,
        sensor=sensor,
        place=place,
        raised_at=time.time() - 42,
        active=True,
        acknowledged_by=None,
        called_by="",
        cleared_at=None,
        question=None,
        contacts=(),
        advice=lambda _words: ADVICE.get(kind, ()),
        did=lambda _words: DID.get(kind, ()),
    )
    vars(made).update(more)
    return made


def asked(choice: str | None = None, within_s: float = 10) -> SimpleNamespace:
    """A question that nobody answered yet."""
    return SimpleNamespace(
        deadline=time.time() + within_s,
        choice=choice,
        answer=None,
        told=False,
        cancelled=False,
        flat=False,
        seen_at=None,
    )
