from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_what_the_kernel_logs_is_cleaned(tmp_path: Path) -> None:
    serial = "0123456789abcdef" * 2
    (tmp_path / serial).mkdir()
    (tmp_path / serial / "run").write_text("no folder")  # two warnings that name the path
    words = [sys.executable, "-m", "hub", "safety", "--data", str(tmp_path / serial)]
    with subprocess.Popen(
        [*words, "--broker", "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == b"ready\n"
        kernel.terminate()
        _, log = kernel.communicate(timeout=20)
    assert b"no lock file" in log
    assert b"[redacted]" in log
    assert serial.encode() not in log
