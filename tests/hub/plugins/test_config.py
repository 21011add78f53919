"""Config classes: declared once, checked strictly, shown as a form."""

from typing import Any, Literal

import pytest

from hub.plugins.config import Config, ConfigProblem, setting


class Gate(Config):
    """One with every type."""

    host: str = setting("Address", pattern=r"[a-z.]+")
    port: int = setting("Port", default=80, minimum=1, maximum=65535)
    wait: float = setting("Wait", default=1.5, help_text="In seconds.")
    quiet: bool = setting("Quiet", default=False)
    mode: Literal["fast", "slow"] = setting("Mode", default="slow")
    token: str = setting("Token", default="", secret=True)


def test_defaults_and_given_values() -> None:
    made = Gate.from_data({"host": "gate.local", "wait": 2, "mode": "fast", "token": "hidden"})
    assert (made.host, made.port, made.wait, made.quiet, made.mode) == (
        "gate.local",
        80,
        2.0,
        False,
        "fast",
    )
    assert "hidden" not in repr(made)


def test_every_wrong_field_is_named() -> None:
    data: dict[str, Any] = {
        "port": 70000,
        "wait": float("inf"),
        "quiet": "yes",
        "mode": "warp",
        "token": 7,
        "speed": 1,
    }
    with pytest.raises(ConfigProblem) as refused:
        Gate.from_data(data)
    assert set(refused.value.problems) == {*data, "host"}
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"), [("port", True), ("port", 1.5), ("port", 0), ("host", "A B"), ("host", None)]
)
def test_wrong_values_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigProblem):
        Gate.from_data({"host": "gate", name: value})


def test_the_form_is_plain_data_in_order() -> None:
    form = Gate.form()
    assert [field["name"] for field in form] == ["host", "port", "wait", "quiet", "mode", "token"]
    assert form[0]["required"] is True
    assert form[1]["minimum"] == 1
    assert form[4]["choices"] == ["fast", "slow"]
    assert form[5]["secret"] is True


def test_inherited_settings_come_first() -> None:
    class Better(Gate):
        extra: int = setting("Extra", default=1)

    assert [field["name"] for field in Better.form()][-1] == "extra"
    assert Better.from_data({"host": "a"}).port == 80


def test_a_type_that_no_form_can_show_is_refused_when_declared() -> None:
    with pytest.raises(TypeError, match="items"):

        class Bad(Config):
            items: list[str] = setting("Items")
