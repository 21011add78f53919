"""The ``linli`` command: a table of sub-commands, each importing its app only when called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

Main = Callable[[Sequence[str]], int]

# sub-command -> (module:function, one line of help); an empty help keeps it off the list:
# those are processes that the supervisors start, not people.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("hub.demo.main:main", "everything on this machine, with simulated devices"),
    "home": ("hub.home.supervise:main", "a household's hub"),
    "community": ("community.supervise:main", "the property's portal and duty screen"),
    "relay": ("privacy.relay:main", "forwards sealed cells; run by anyone but the property"),
    "witness": (
        "privacy.transparency.process:main",
        "signs a community's log; not for the property",
    ),
    "backup": ("hub.backup.cli:backup", "save a home into one encrypted file"),
    "restore": ("hub.backup.cli:restore", "bring a home back from that file and its sheet"),
    "doctor": ("hub.doctor.cli:main", "look whether a running home or community is well"),
    "privacy": ("privacy.cli:main", "check the privacy boundary; play the attack on it"),
    "replay": ("hub.replay.cli:main", "play a capture of messages to an integration"),
    "bench": ("hub.bench.cli:main", "measure this machine, one JSON line a figure"),
    "broker": ("hub.plugins.broker:main", ""),
    "safety": ("hub.safety.kernel:main", ""),
    "home-app": ("web.serve:main", ""),
    "community-app": ("community.app:main", ""),
    "template-worker": ("hub.core.template_child:main", ""),
    "signer": ("privacy.tokens.process:main", ""),
    "neighbours": ("hub.demo.neighbours:main", ""),
    "simulator": ("integrations.mqtt.simulator:main", ""),
}

# They start and watch processes of this machine; what speaks TLS are those processes.
SUPERVISORS = {"home", "community"}


def load(target: str) -> Main:
    """Import ``module:function`` and return the function."""
    module, _, function = target.partition(":")
    found: Main = getattr(importlib.import_module(module), function)
    return found


def usage() -> str:
    """The help text: every sub-command that people start."""
    from hub.core.settings import command

    rows = [f"  {name:<11} {text}" for name, (_, text) in COMMANDS.items() if text]
    return "\n".join([f"usage: {command()} COMMAND [options]", "", *rows, ""])


def _no_core_dumps() -> None:
    """A crash must not write the keys in memory to the disk; children inherit the limit."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _without_tls(words: Sequence[str]) -> None:
    """A supervisor, unless asked for a command of its own, does without OpenSSL: 5 MiB less.

    asyncio takes a missing ``ssl`` for a Python that was built without it.
    """
    if words[0] in SUPERVISORS and all(word.startswith("-") for word in words[1:2]):
        sys.modules["ssl"] = None  # type: ignore[assignment]  # how an import is forbidden


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns the process's exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(usage())
        return 0
    _no_core_dumps()
    _without_tls(words)
    if words[0] not in COMMANDS:
        sys.stderr.write(f"linli: no command {words[0]!r}\n\n{usage()}")
        return 2
    try:
        return load(COMMANDS[words[0]][0])(words[1:]) or 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
