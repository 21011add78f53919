"""The broker through the narrow object: declared topics and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.mqtt import matches
from hub.plugins.connections.mqtt import Mqtt, NotDeclared, covers
from hub.testing import FakeConnection

LEVELS = st.sampled_from(["a", "b", "+", "#", "$x", ""])


@pytest.mark.parametrize(
    ("declared", "wanted", "covered"),
    [
        ("#", "a/b", True),
        ("#", "+/b", True),
        ("#", "#", True),
        ("#", "$SYS/broker", False),
        ("+/status", "a/status", True),
        ("+/status", "$SYS/status", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "b", False),
        ("a/+", "a/b", True),
        ("a/+", "a/+", True),
        ("a/+", "a/#", False),
        ("a/+", "a/b/c", False),
        ("a/b", "a/+", False),
        ("a/b", "a/b", True),
        ("$SYS/#", "$SYS/x", True),
    ],
)
def test_what_a_declared_filter_covers(declared: str, wanted: str, covered: bool) -> None:
    assert covers(declared, wanted) is covered


def _filter(levels: list[str]) -> str:
    ends = levels.index("#") + 1 if "#" in levels else len(levels)
    return "/".join(levels[:ends])


@given(
    st.lists(LEVELS, min_size=1, max_size=4).map(_filter),
    st.lists(LEVELS, min_size=1, max_size=4).map(_filter),
    st.lists(st.sampled_from(["a", "b", "$x", ""]), min_size=1, max_size=4).map("/".join),
)
def test_a_covered_filter_reaches_no_undeclared_topic(
    declared: str, wanted: str, topic: str
) -> None:
    if covers(declared, wanted) and matches(wanted, topic):
        assert matches(declared, topic)


async def test_only_declared_topics() -> None:
    connection = FakeConnection()
    narrow = Mqtt(connection, subscribe=["lamp/#"], publish=["lamp/+/set"])
    heard: list[str] = []
    narrow.subscribe("lamp/+/state", lambda topic, _payload, _retained: heard.append(topic))
    with pytest.raises(NotDeclared):
        narrow.subscribe("#", lambda *_: None)
    await narrow.publish("lamp/one/set", "ON")
    with pytest.raises(NotDeclared):
        await narrow.publish("door/set", "OPEN")
    with pytest.raises(NotDeclared):
        narrow.publish_now("lamp/one/state", "ON")
    connection.deliver("lamp/one/state", "ON")
    connection.deliver("door/state", "OPEN")
    assert heard == ["lamp/one/state"]
    assert [topic for topic, *_ in connection.published] == ["lamp/one/set"]


async def test_closing_ends_everything_and_ending_twice_is_harmless() -> None:
    connection = FakeConnection()
    narrow = Mqtt(connection, subscribe=["#"], publish=[])
    heard: list[object] = []
    end = narrow.subscribe("a", lambda *message: heard.append(message))
    narrow.subscribe("b", lambda *message: heard.append(message))
    narrow.on_connection(heard.append)
    assert heard == [True]
    end()
    end()
    narrow.close()
    connection.deliver("a", "1")
    connection.deliver("b", "1")
    connection.change(connected=False)
    assert heard == [True]
