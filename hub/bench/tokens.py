"""What one-time tokens cost: a home's half, the signer's, the gateway's check, and all together."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hub.bench.conditions import BenchProblem, conditions, figure, percentile
from hub.core.processes import linli
from privacy.tokens.epochs import Allotment
from privacy.tokens.purse import Wanted, finished, requests
from privacy.tokens.signer_socket import SignerSocket

ROUNDS = 5
"""Whole allotments that are fetched from the signer's process."""


def figures(samples: int) -> Iterator[dict[str, Any]]:
    """The median of each step in milliseconds of one core, then allotments by the real process.

    Args:
        samples: tokens that are made.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        beside = conditions(folder, tokens=samples)
        for metric, times in _steps(samples).items():
            yield figure(metric, percentile(times, 0.5), "ms", beside)
        took = _allotments(folder)
        yield figure("token_allotment_p50", percentile(took, 0.5), "ms", conditions(folder))


def _steps(samples: int) -> dict[str, list[float]]:
    from privacy.tokens.signer import SigningKey, sign_request
    from privacy.tokens.token import PendingToken, TokenClass, ask, verify_token

    key = SigningKey.generate()
    public, digest = key.public, TokenClass.LIFE.digest
    times: dict[str, list[float]] = {}

    def step(metric: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        made = work()
        times.setdefault(metric, []).append((time.process_time() - began) * 1000)
        return made

    for _ in range(samples):
        nonce, seed = os.urandom(32), os.urandom(32)
        pending: PendingToken = step("token_ask", lambda: ask(public, nonce, digest, seed))  # noqa: B023 - called at once
        signed = step("token_sign", lambda: sign_request(key, public, pending.request))  # noqa: B023 - called at once
        token = step("token_finish", lambda: pending.finish(signed))  # noqa: B023 - called at once
        step("token_verify", lambda: verify_token(public, digest, token))  # noqa: B023 - called at once
    return times


def _allotments(folder: Path) -> list[float]:
    """How long the real signer takes for 96 tokens, its grid of 100 ms included.

    Raises:
        BenchProblem: it doesn't start.
    """
    words = linli("signer", "--data", str(folder))
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own command
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise BenchProblem("the signer doesn't start")
            return asyncio.run(_fetched(SignerSocket(folder)))
        finally:
            process.terminate()


async def _fetched(signer: SignerSocket) -> list[float]:
    ring = await signer.keys()
    wanted = Wanted(Allotment.EPOCH, Allotment.EPOCH.number_at(time.time()), 0.0)
    times = []
    for _ in range(ROUNDS):
        asked = requests(ring, wanted, os.urandom(32))
        data = b"".join(one.pending.request for one in asked)
        began = time.perf_counter()
        signed = await signer.sign(wanted.allotment, wanted.number, data)
        times.append((time.perf_counter() - began) * 1000)
        finished(asked, signed)
    return times
