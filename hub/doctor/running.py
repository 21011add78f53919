"""What can be asked of running programs: health, the hazard kernel, broker, relay, listeners."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub.core.settings import command, is_loopback
from hub.doctor.finding import FAIL, NOTE, OK, Finding
from hub.safety.client import SafetyClient

ANSWER_S = 5.0
_LISTENING = "0A"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


def health(check: str, address: str, certificate: str = "") -> Iterator[Finding]:
    """Ask ``/health``; it names what fails and nothing personal."""
    try:
        checks = _ask_health(address, certificate)
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        text = _("%(address)s does not answer. Look into its log: journalctl -u 'linli@*'")
        yield Finding(check, FAIL, text, address=address)
        return
    failing = {name: said for name, said in checks.items() if said != "ok"}
    for name, said in failing.items():
        text = _("%(address)s says of its %(part)s: %(said)s.")
        yield Finding(check, FAIL, text, address=address, part=name, said=said)
    if not failing:
        text = _("%(address)s answers: %(count)s checks, all well.")
        yield Finding(check, OK, text, address=address, count=len(checks))


def _ask_health(address: str, certificate: str) -> dict[str, str]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        # The certificate that this very home serves is the one to trust; its names are for others.
        context = ssl.create_default_context(cafile=certificate or None)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=ANSWER_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/health")
        answer: dict[str, Any] = json.loads(connection.getresponse().read(65536))
    finally:
        connection.close()
    return {str(name): str(said) for name, said in answer["checks"].items()}


def kernel(data: Path) -> Iterator[Finding]:
    """The hazard kernel's own word about itself."""
    status = asyncio.run(_kernel_status(data / "run" / "safety.sock"))
    if status is None:
        text = _(
            "The safety process does not answer, so no hazard is acted upon. Start %(linli)s home."
        )
        yield Finding("safety", FAIL, text, linli=command())
        return
    yield Finding("safety", OK, _("The safety process answers."))
    if not status["broker_connected"]:
        text = _("The safety process has no broker: it hears no sensor. Is the broker running?")
        yield Finding("safety_broker", FAIL, text)
    if not status["store_ok"]:
        text = _("The safety process can't store; it still acts. Is the disk full?")
        yield Finding("safety_store", FAIL, text)
    if status["binding_problems"]:
        text = _("%(count)s bound devices can't be used. Look at the page Safety.")
        yield Finding("bindings", FAIL, text, count=len(status["binding_problems"]))
    lost = sum(bool(sensor["lost"]) for sensor in status["sensors"].values())
    if lost:
        text = _("%(count)s safety sensors are silent. Look at the page Safety.")
        yield Finding("sensors", NOTE, text, count=lost)
    elif not status["sensors"]:
        yield Finding("sensors", NOTE, _("No safety sensor is watching yet."))
    else:
        text = _("%(count)s safety sensors are watching.")
        yield Finding("sensors", OK, text, count=len(status["sensors"]))
    if not status["actuators"]:
        text = _("Nothing is bound, so nothing can act in a hazard. Look at the page Safety.")
        yield Finding("actuators", NOTE, text)


async def _kernel_status(path: Path) -> dict[str, Any] | None:
    client = SafetyClient(path)
    heard = asyncio.Event()
    client.on_status = lambda _status: heard.set()
    await client.start()
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(heard.wait(), ANSWER_S)
    finally:
        await client.stop()
    return client.status


def reachable(check: str, name: str, host: str, port: int) -> Iterator[Finding]:
    """Whether somebody accepts connections there."""
    place = f"{host}:{port}"
    try:
        socket.create_connection((host, port), ANSWER_S).close()
    except OSError:
        text = _("%(name)s can't be reached at %(place)s. Is it running?")
        yield Finding(check, FAIL, text, name=name, place=place)
    else:
        yield Finding(check, OK, _("%(name)s answers at %(place)s."), name=name, place=place)


def listeners(pid: int, address: str) -> Iterator[Finding]:
    """No process beside this one may listen beyond this machine without TLS.

    Args:
        pid: of the home's or community's process; its siblings are looked at too.
        address: of its pages; beyond this machine they have TLS or they don't start.
    """
    secure = urlsplit(address).port if address.startswith("https") else None
    family = _family(pid)
    wide = sorted({(host, port) for host, port in _listening(family) if not is_loopback(host)})
    exposed = [f"{host}:{port}" for host, port in wide if port != secure]
    if exposed:
        text = _("%(places)s can be reached from outside without TLS. Use --listen 127.0.0.1.")
        yield Finding("listening", FAIL, text, places=", ".join(exposed))
    elif wide:
        yield Finding("listening", OK, _("Reachable from outside, by TLS only."))
    else:
        yield Finding("listening", OK, _("Reachable from this machine only."))


def _family(pid: int) -> set[int]:
    """The process, its supervisor where it has one, and that one's other children."""
    parent = _parent(pid)
    if b"hub" not in _command(parent):
        return {pid}
    return {parent} | {
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdecimal() and _parent(int(path.name)) == parent
    }


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _listening(pids: set[int]) -> Iterator[tuple[str, int]]:
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    sockets.add(str(handle.readlink()))
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text("utf-8").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and f"socket:[{fields[9]}]" in sockets:
                    yield _place(fields[1])


def _place(text: str) -> tuple[str, int]:
    """The kernel's ``0100007F:1F90``: words of four bytes, each in this machine's order."""
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    words = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
    found = ipaddress.ip_address(words)
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found), int(port, 16)
