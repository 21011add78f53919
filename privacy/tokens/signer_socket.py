"""The community's end of the signer's socket."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

from privacy.errors import PrivacyError
from privacy.tokens.epochs import Allotment
from privacy.tokens.ring import KeyRing
from privacy.tokens.token import TokenError

LINE_LIMIT = 64 * 1024
_ANSWER_S = 30.0


class SignerAway(PrivacyError):
    """The signer didn't answer; the same may be asked again."""


class SignerRefused(PrivacyError):
    """The signer won't; the text says why."""


def socket_path(data: Path) -> Path:
    """Where the signer of a data folder listens."""
    return data / "signer.sock"


class SignerSocket:
    """Asks the signer of one data folder."""

    def __init__(self, data: Path) -> None:
        self._path = socket_path(data)

    async def keys(self) -> KeyRing:
        """The public keys that there are now.

        Raises:
            SignerAway: no answer.
            SignerRefused: its keys are damaged.
        """
        try:
            return KeyRing.from_json((await self._ask({"do": "keys"})).get("keys"))
        except TokenError as error:
            raise SignerRefused(str(error)) from None

    async def sign(self, allotment: Allotment, number: int, requests: bytes) -> bytes:
        """The signatures for a whole allotment's requests, in order.

        Raises:
            SignerAway: no answer.
            SignerRefused: malformed, or no such key any more.
        """
        answer = await self._ask(
            {
                "do": "sign",
                "allotment": allotment,
                "number": number,
                "requests": base64.b64encode(requests).decode(),
            }
        )
        signed = base64.b64decode(str(answer.get("signed")))
        if len(signed) != allotment.response_length:
            raise SignerRefused("the signer's answer has another length")
        return signed

    async def _ask(self, request: dict[str, object]) -> dict[str, object]:
        try:
            async with asyncio.timeout(_ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(
                    str(self._path), limit=LINE_LIMIT
                )
                try:
                    writer.write(json.dumps(request).encode() + b"\n")
                    answer = json.loads(await reader.readline())
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError):
            raise SignerAway("the token signer does not answer") from None
        if "error" in answer:
            raise SignerRefused(str(answer["error"]))
        return dict(answer)
