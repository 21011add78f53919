"""What is kept of people, field by field: whose, what for, how long, and what erases it.

One table for both faces. `tests/test_declared.py` reads the schemas of the real databases and
the documents sealed in a home, and fails on whatever isn't declared here, and on what is
declared and doesn't exist. History, the readings of devices, is declared kind by kind in
`hub/core/kinds.py`, with its days.
"""

from __future__ import annotations

from typing import NamedTuple

RESIDENT, HOUSEHOLD, CONTACT, STAFF, NOBODY = "resident", "household", "contact", "staff", "nobody"
WHOSE = (RESIDENT, HOUSEHOLD, CONTACT, STAFF, NOBODY)

_ACCOUNT = "as long as the account"
_SHRED = "removing the person; their key is destroyed"
_HOME = "as long as the home"
_NOTHING = "nothing: a chain with a gap proves nothing"
_PORTAL = "as long as the community"
_ENDED = "730 days after it was closed"


class Kept(NamedTuple):
    """Some fields of one table that are kept for the same reason.

    Attributes:
        store: the database's file.
        table: its name there.
        columns: those that can be read on the disk, and ``sealed`` or ``letter`` where the rest
            lies in it.
        fields: what lies under the seal; ``*`` stands for keys that are data themselves.
        whose: one of `WHOSE`.
        purpose: what for.
        kept: how long.
        erased: by what.
    """

    store: str
    table: str
    columns: str
    fields: str
    whose: str
    purpose: str
    kept: str
    erased: str


def _home(table: str, columns: str, fields: str, whose: str, *why: str) -> Kept:
    purpose, kept, erased = why
    return Kept("home.db", table, columns, fields, whose, purpose, kept, erased)


def _door(table: str, columns: str, whose: str, *why: str) -> Kept:
    purpose, kept, erased = why
    return Kept("egress.db", table, columns, "", whose, purpose, kept, erased)


def _portal(table: str, columns: str, whose: str, *why: str) -> Kept:
    purpose, kept, erased = why
    return Kept("community.db", table, columns, "", whose, purpose, kept, erased)


HOME = (
    _home(
        *("accounts", "id sealed", "id name role password created lang theme", RESIDENT),
        *("to let a person in, and know them by their name", _ACCOUNT, _SHRED),
    ),
    _home(
        *("account_sessions", "key sealed", "account_id created seen device", RESIDENT),
        *("to stay signed in, and show where", "12 hours unused, 30 days at most", _SHRED),
    ),
    _home(
        *("account_links", "key sealed", "account_id expires", RESIDENT),
        *("to sign in once without a password", "ten minutes", _SHRED),
    ),
    _home(
        *("account_strikes", "key sealed", "count last", RESIDENT),
        *("to slow guessing down", "a day after the last attempt", "running out"),
    ),
    _home(
        *("account_keys", "name sealed", "", NOBODY),
        *("the key of the hashes under which attempts are counted", _HOME, "a new home"),
    ),
    _home(
        *("account_tokens", "key sealed"),
        *("account_id created expires id name scopes seen", RESIDENT),
        *("to let a person's program in", "30 days after it ended", _SHRED),
    ),
    _home(
        *("favourites", "key sealed", "account entities", RESIDENT),
        *("to show first what a person wants to see first", _ACCOUNT, _SHRED),
    ),
    _home(
        *("erasures", "key sealed", "account_id role counts digest line at shredded", NOBODY),
        *("the receipt of a removal; a number and no name", _HOME, "nothing: it is the proof"),
    ),
    _home(
        *("audit", "seq link sealed", "at actor role action subject detail", HOUSEHOLD),
        *("to prove who did what, by number", _HOME, _NOTHING),
    ),
    _home(
        *("registry", "key sealed"),
        "area category device_class device_id enabled entity_id hidden id identifiers integration"
        " kind manufacturer members model name own_name renamed rooms unique_id unit wire",
        *(HOUSEHOLD, "to show and find things, by room", "as long as the thing", "removing it"),
    ),
    _home(
        *("adding", "key sealed", "domain data name state off", HOUSEHOLD),
        *("to reach what was added, its passwords too", "as long as it", "removing it"),
    ),
    _home(
        *("bindings", "key sealed"),
        *("version roles gas_safe limits marks met tried days", HOUSEHOLD),
        *("to know what acts in an alarm, and when it was tried", _HOME, "unbinding it"),
    ),
    _home(
        *("screens", "key sealed", "*.tiles *.night", HOUSEHOLD),
        *("what a screen on the wall shows", "as long as the screen", "removing it"),
    ),
    _home(
        *("keeping", "key sealed", "*", HOUSEHOLD),
        *("how long history is kept, kind by kind", _HOME, "choosing the usual time"),
    ),
    _home(
        *("contacts", "key sealed"),
        *("address header certificate hazards after_s lang label since", CONTACT),
        *("to tell somebody of an alarm", "as long as the contact", "removing the contact"),
    ),
    _home(
        *("contact_names", "key sealed", "name", CONTACT),
        *("to say whom the household tells", "as long as the contact", "removing the contact"),
    ),
    _home(
        *("contact_tellings", "key sealed"),
        "contact_id due ended ended_at hazard hazard_id left over_at problem raised_at seen told_at"
        " unseen_only",
        *(CONTACT, "to tell it once, and that it is over", "as long as the contact"),
        "removing the contact",
    ),
    _home(
        *("offers", "key sealed"),
        *("answer by deadline door event_id flat hazard_id klass status", HOUSEHOLD),
        *("to ask before an event leaves, and once", _HOME, "nothing yet"),
    ),
    _home(
        *("hazards", "id rev at letter", "", HOUSEHOLD),
        *("to look back at alarms, and who saw them, by number", _HOME, "nothing yet"),
    ),
    _door(
        *("consent", "seq sealed", HOUSEHOLD, "to prove what was chosen", _HOME, _NOTHING),
    ),
    _door(
        *("consent_head", "one sealed", HOUSEHOLD, "to notice a ledger cut short", _HOME, _NOTHING),
    ),
    _door(
        *("state", "name sealed", HOUSEHOLD),
        *("pairing: building and riser, keys", "as long as the home is paired", "leaving"),
    ),
    _door(
        *("event", "tag sealed", HOUSEHOLD),
        *("an event on its way, one copy in each slot", "until its last slot", "sending it"),
    ),
    _door("finished", "tag", NOBODY, "not to send an event twice", _HOME, "nothing: hashes"),
    _door(
        *("letter", "id sealed", HOUSEHOLD, "to show what left by the events door"),
        *("the newest 20,000 lines", "newer lines"),
    ),
    _door(
        *("acts", "id letter", HOUSEHOLD, "to show what left as a resident's act"),
        *("the newest 20,000 lines", "newer lines"),
    ),
    _door(
        *("grants", "id letter", CONTACT, "to show what was told to a contact"),
        *("the newest 20,000 lines", "newer lines"),
    ),
    _door(
        *("token", "id class number sealed", NOBODY),
        *("to prove an enrolled home without naming it", "one epoch", "spending it"),
    ),
    _door(
        *("allotment", "kind number sealed", NOBODY),
        *("to ask for tokens again with the same words", "one epoch", "the next one"),
    ),
    _door(
        *("issuer", "class number key", NOBODY),
        *("to notice a key made for one home", "as long as the home is paired", "leaving"),
    ),
)
"""What a home keeps. Everything personal in it is sealed; see `privacy.thief` for what isn't."""

COMMUNITY = (
    _portal(
        *("staff", "id name name_key role password created lang theme", STAFF),
        *("to let staff in, and say who was on duty", _ACCOUNT, "removing the account"),
    ),
    _portal(
        *("staffsession", "key account_id created seen device", STAFF),
        *("to stay signed in, and show where", "12 hours unused, 30 days at most"),
        "removing the account",
    ),
    _portal(
        *("stafflink", "key account_id expires", STAFF),
        *("to sign in once without a password", "ten minutes", "removing the account"),
    ),
    _portal(
        *("staffstrikes", "key count last", STAFF),
        *("to slow guessing down", "a day after the last attempt", "running out"),
    ),
    _portal(
        *("shift", "id staff_id started_at ended_at", STAFF),
        *("to know who was on duty", _PORTAL, "removing the account"),
    ),
    _portal(
        *("auditline", "seq at actor act target prev hash", STAFF),
        *("to prove who looked at or did what", _PORTAL, _NOTHING),
    ),
    _portal(
        *("flat", "id building riser label", RESIDENT),
        *("to know which flats there are", _PORTAL, "nothing yet"),
    ),
    _portal(
        *("code", "id kind flat_id secret_hash made_at made_by used_at ended_at", RESIDENT),
        *("to pair a home once, by its letter box", _PORTAL, "nothing yet"),
    ),
    _portal(
        *("member", "id kind flat_id key code_id enrolled_at revoked_at revoked_for", RESIDENT),
        *("to know an enrolled hub by its key", _PORTAL, "nothing yet"),
    ),
    _portal(
        *("issuance", "flat_id allotment number digest issued_at", RESIDENT),
        *("to give each flat its tokens once", "until its tokens count for nothing", "running out"),
    ),
    _portal(
        "incident",
        "id nonce hazard level zone zone_version place_zh place_en building homes drill test late"
        " status word version raised_at changed_at acknowledged_at acknowledged_by escalated_at"
        " closed_at",
        *(STAFF, "to work on an alarm; of a home only its zone", _ENDED, "running out"),
    ),
    _portal(
        *("incidentline", "id incident_id at what who note", STAFF),
        *("the timeline of an alarm", _ENDED, "running out"),
    ),
    _portal(
        *("incidentstep", "incident_id step done_at done_by", STAFF),
        *("to tick the written procedure off", _ENDED, "running out"),
    ),
    _portal(
        *("incidentflat", "incident_id sealed", RESIDENT),
        *("to find who called for help", "until the incident is closed", "closing it"),
    ),
    _portal(
        *("event", "id nonce seq body content received_at", NOBODY),
        *("to take an event once; it names no home", "90 days", "running out"),
    ),
    _portal("count", "name value", NOBODY, "to show how the gateway is", _PORTAL, "nothing: sums"),
    _portal(
        *("building", "code name_zh name_en x y width height", NOBODY),
        *("to draw the site plan", _PORTAL, "nothing yet"),
    ),
    _portal("setting", "key value", NOBODY, "to run the community", _PORTAL, "changing it"),
    _portal(
        *("committeekey", "id text kept_at kept_by", STAFF),
        *("to know which key the committee signs with", _PORTAL, _NOTHING),
    ),
    _portal(
        *("rostercheck", "id digest flats made_at made_by note key_id kept_at", RESIDENT),
        *("the list that the committee checks", "the newest signed; others  days", "running out"),
    ),
    _portal(
        *("logwitness", "name key log_key named_at size signed_at line", NOBODY),
        *("to take signatures from who was named", _PORTAL, "naming others"),
    ),
    _portal(
        *("witnessednote", "id size vouched_at note", NOBODY),
        *("to show homes what was vouched for", _PORTAL, "nothing: no person is in it"),
    ),
    _portal(
        *("zonetable", "version partition homes frozen_at frozen_by", NOBODY),
        *("to show which zones were in force", _PORTAL, _NOTHING),
    ),
    _portal(
        *("logentry", "place entry", NOBODY, "to show keys and zone tables to all", _PORTAL),
        _NOTHING,
    ),
    _portal(
        *("tokenkey", "kind number spki kept_at", NOBODY),
        *("to check tokens", _PORTAL, "nothing: public keys"),
    ),
)
"""What the property's portal keeps: of a home no name and no reading."""
