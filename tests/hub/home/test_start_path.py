"""What a home imports before it answers: the ORM and other slow things stay off that path."""

import subprocess
import sys

_LOOK = """
import sys
import hub.__main__, hub.safety.kernel, web.serve, web.app
from hub.plugins.loader import BUILT_IN, load_class
from hub.plugins.manifest import find_manifests
for manifest in find_manifests(BUILT_IN)[0]:
    load_class(manifest)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
SLOW = {"sqlmodel", "sqlalchemy", "alembic", "pydantic", "zeroconf", "amqtt", "babel"}


def test_nothing_slow_is_imported_at_start() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert {"aiohttp", "paho", "jinja2", "web"} <= loaded
    assert not loaded & SLOW
