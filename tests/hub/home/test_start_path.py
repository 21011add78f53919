"""What a home imports before it answers: what is slow or large stays off that path."""

import subprocess
import sys

import pytest

_LOOK = """
import sys
import hub.__main__, hub.safety.kernel, web.serve, web.app
from hub.plugins.loader import BUILT_IN, load_class
from hub.plugins.manifest import find_manifests
for manifest in find_manifests(BUILT_IN)[0]:
    load_class(manifest)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
_SUPERVISE = """
import sys
from hub.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sorted(name for name, module in sys.modules.items() if module is not None))
"""
SLOW = {"sqlmodel", "sqlalchemy", "alembic", "pydantic", "zeroconf", "amqtt", "babel"}
OPENSSL = {"ssl", "_ssl", "_hashlib"}


def loaded(code: str, *words: str) -> set[str]:
    """The modules in a new process when that code has run."""
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


def test_nothing_slow_is_imported_at_start() -> None:
    found = loaded(_LOOK)
    assert {"aiohttp", "paho", "jinja2", "web"} <= found
    assert not found & SLOW


@pytest.mark.parametrize("face", ["home", "community"])
def test_a_supervisor_does_without_openssl_and_a_command_has_it(face: str) -> None:
    assert not loaded(_SUPERVISE, face, "--help") & OPENSSL
    assert "ssl" in loaded(_SUPERVISE, face, "init", "--help")
