"""Topics and the filters that they fall under."""

from __future__ import annotations


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic falls under a filter (MQTT 3.1.1 section 4.7)."""
    if topic_filter == topic:
        return True
    wanted, given = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(given) or part not in {"+", given[index]}:
            return False
    return len(wanted) == len(given)
