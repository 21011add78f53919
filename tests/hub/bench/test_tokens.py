from __future__ import annotations

from hub.bench.tokens import figures


def test_each_step_and_the_real_signer_have_a_figure() -> None:
    found = {one["metric"]: one for one in figures(3)}
    steps = ["token_ask", "token_sign", "token_finish", "token_verify", "token_allotment_p50"]
    assert list(found) == steps
    assert all(one["unit"] == "ms" and one["value"] > 0 for one in found.values())
    assert found["token_sign"]["tokens"] == 3
    assert "load_1m" in found["token_allotment_p50"]
