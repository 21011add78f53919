"""What a home refuses in words for people."""

from __future__ import annotations

import re
from typing import Any, Protocol

from hub.accounts.model import AccountProblem
from privacy.codes import CodeError
from privacy.errors import PrivacyError


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


class Words(Protocol):
    """A translator with `%(name)s` places, such as `web.design.page.Words`."""

    def __call__(self, message: str, **values: object) -> str:
        """The message in the reader's language."""


class Refusal(Exception):
    """Something could not be done.

    Attributes:
        text: a msgid that says why and what to do, with `%(name)s` places.
        field: the form's field that it is about; may be empty.
        values: what stands in the places.
    """

    def __init__(self, text: str, field: str = "", **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.field = field
        self.values: dict[str, Any] = values

    def say(self, words: Words) -> str:
        """The refusal in the reader's language."""
        return words(self.text, **self.values)


OTHER = _("That could not be done. `linli doctor` on the hub's machine looks for the reason.")
MALFORMED = _("The community's answer can't be read. Ask the property office; nothing was stored.")
KEYS_DAMAGED = _("A key file of this home is damaged. Bring it back from a backup.")
TYPED_AGAIN = _("Group %(group)s of the code can't be right. Compare it with the printed sheet.")

# How an error of `privacy` begins -> what people read. Those texts are for logs.
PRIVACY: tuple[tuple[str, str], ...] = (
    ("wrong passphrase", _("That passphrase does not open this home. Try again.")),
    (
        "this recovery code belongs to another home",
        _("That code belongs to another home, or a newer sheet was printed since."),
    ),
    (
        "the code is incomplete",
        _("The code is not complete. Type every group; each has five characters."),
    ),
    (
        "the code does not fit together",
        _("A group of the code is missing or stands in the wrong place. Go through it in order."),
    ),
    ("a passphrase has at least", _("A passphrase has at least 8 characters.")),
    (
        "no memory stick is mounted",
        _("No memory stick was found. Put it into the hub and try again."),
    ),
    (
        "no key found on the memory stick",
        _("This memory stick holds no key. Put the right one in and try again."),
    ),
    (
        "the key file on the memory stick is damaged",
        _("The key on this memory stick is damaged. Use the printed recovery sheet."),
    ),
    (
        "this memory stick belongs to another home",
        _("This memory stick belongs to another home. Put the right one in and try again."),
    ),
    (
        "the memory stick cannot be written",
        _("The memory stick can't be written. Is it full or write-protected?"),
    ),
    (
        "this machine is not the one",
        _("This home's key was made on another machine. Use the printed recovery sheet."),
    ),
    (
        "choose how this home is unlocked",
        _("Choose how the home unlocks; nothing is chosen for you."),
    ),
    ("the household key is locked", _("This home is locked. Unlock it first.")),
    ("this home is not set up yet", _("Set this home up first.")),
    ("set this home up first", _("Set this home up first.")),
    ("this home has a household key already", _("This home is set up already.")),
    ("no household key here yet", _("Set this home up first.")),
    ("household.json", KEYS_DAMAGED),
    ("machine.key", KEYS_DAMAGED),
    ("the letterbox in household.json was replaced", KEYS_DAMAGED),
    (
        "this code is for a relay",
        _("That code is for a relay. Ask the property office for the code of your flat."),
    ),
    (
        "this home is paired already",
        _("This home is paired already. It has to leave that community first."),
    ),
    (
        "this is not a pairing code",
        _("That is not a pairing code. Use the one on the sheet for your flat."),
    ),
    (
        "a community's address is",
        _("That is not a pairing code. Use the one on the sheet for your flat."),
    ),
    (
        "plain http is for this machine only",
        _("The code names an address without encryption. Ask the property office for a new one."),
    ),
    (
        "the community cannot be reached",
        _("The community can't be reached now. Nothing was changed; try again later."),
    ),
    (
        "the community had a problem",
        _("The community can't be reached now. Nothing was changed; try again later."),
    ),
    ("too many tries", _("Too many tries. Wait a few minutes, then type the code again.")),
    (
        "the community does not accept this code",
        _("This code was used or replaced. Ask the property office for a new one."),
    ),
    (
        "the community answered with another key",
        _(
            "The community answered with another key than the printed one. Somebody may stand in"
            " between: tell the property office. Nothing was stored."
        ),
    ),
    ("the community's answer is malformed", MALFORMED),
    ("the community's slot length", MALFORMED),
    ("expected a JSON object", MALFORMED),
    ("the choice could not be stored", _("The choice could not be stored. Is the disk full?")),
    (
        "the ledger cannot be added to",
        _("The chain of the ledger does not hold. Until it is mended nothing leaves your home."),
    ),
    (
        "not an address",
        _("Write an address that begins with https://, or with http:// for your home network."),
    ),
    (
        "plain http is for the home network",
        _("Beyond your home network the address has to begin with https://."),
    ),
    (
        "this header can't be sent: its name",
        _("This header's name can't be used. A usual one is Authorization."),
    ),
    (
        "this header can't be sent: its value",
        _("This value can't be sent: use letters, digits and signs of an English keyboard."),
    ),
    ("the events door's store failed", _("It could not be stored. Is the disk full?")),
)
ACCOUNTS = {
    "bad_name": _("Write a name of at most 64 characters."),
    "name_taken": _("Somebody here has this name already."),
    "weak_password": _("Choose a longer password that nobody would guess."),
    "last_keeper": _("Somebody has to stay owner of this home."),
}


def refusal_of(problem: PrivacyError | AccountProblem, field: str = "") -> Refusal:
    """The words for people of an error that was made for programs and logs."""
    if isinstance(problem, AccountProblem):
        return Refusal(ACCOUNTS.get(problem.code, OTHER), field)
    if isinstance(problem, CodeError) and problem.group is not None:
        return Refusal(TYPED_AGAIN, field, group=problem.group)
    said = str(problem)
    for start, text in PRIVACY:
        if said.startswith(start):
            where = "passphrase" if re.match("a passphrase", said) else field
            return Refusal(text, where)
    return Refusal(OTHER, field)
