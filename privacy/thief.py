"""What a thief can read, for each unlock mode: plain sentences for the pages.

The strings are gettext msgids. ``disk`` is the disk alone, switched off; ``running`` is the
whole box taken while it runs (or started again by the thief).
"""

from __future__ import annotations

ALWAYS = (
    "device credentials, the safety sensors and actuators as their devices call them",
    "when the latest alarms were, and who acknowledged or answered them, by number and not by name",
    "which building and riser the home is in, and your sharing choices, also those in an alarm",
    "the addresses of contacts, the passwords for them, and what messages call this home",
    "how much there is: accounts, devices and readings by count and size, and when something was"
    " written",
)
PERSONAL = "names, history, presence and the record of what left this home"

THIEF_READS: dict[str, dict[str, tuple[str, ...]]] = {
    "passphrase": {"disk": ALWAYS, "running": (*ALWAYS, PERSONAL)},
    "media": {"disk": ALWAYS, "running": (*ALWAYS, PERSONAL)},
    "machine": {"disk": (*ALWAYS, PERSONAL), "running": (*ALWAYS, PERSONAL)},
}

EXPLAINED: dict[str, str] = {
    "passphrase": (
        "After a power cut somebody types the passphrase before names and history can be seen. "
        "Alarms work without it. A thief of the disk reads no names of people, no presence and "
        "no history, but which devices guard the home, when the latest alarms were, building and "
        "riser, the sharing choices, and the addresses of contacts with what messages to them call "
        "this home, not their names; and how much there is, by count and size, and when it was "
        "written. A thief of the running, unlocked box reads everything."
    ),
    "media": (
        "The key lies on a memory stick. Take the stick out and keep it elsewhere: with the "
        "stick, a thief of the disk reads everything."
    ),
    "machine": (
        "The home unlocks itself after a power cut. A thief of the disk reads everything, "
        "personal data included."
    ),
}
