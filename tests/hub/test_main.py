"""The ``linli`` command itself."""

import subprocess
import sys

SHOWN = """
import resource, sys
import hub.__main__ as command
command.COMMANDS["shown"] = ("builtins:print", "")
resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))
command.main(["shown"])
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_no_process_leaves_its_memory_on_the_disk() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOWN], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines()[-1] == "(0, 0)"
