"""Simulated devices that speak the real protocol over a real broker: ``linli simulator``."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Run the simulated devices until told to stop; returns the process's exit status."""
    from integrations.mqtt.simulator.run import main as run

    return run(argv)
