"""Logging of every process: one line a record on standard error, cleaned of what is personal.

What nobody catches is told the same way: a traceback repeats the values in its message, and
Python would print it past every filter.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

from privacy.redact import Redactor

_LOG = logging.getLogger("linli")
_PLAIN = "%(levelname)s %(name)s %(message)s"
_TIMED = "%(asctime)s %(levelname)s %(message)s"


def begin(level: int = logging.WARNING, *, timed: bool = False) -> Redactor:
    """Set logging up for this process.

    Args:
        level: the least that is told.
        timed: whether a line begins with its time, for programs that no journal runs.

    Returns:
        The filter that every line passes; names told to it never reach one.
    """
    redactor = Redactor()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_TIMED if timed else _PLAIN))
    handler.addFilter(redactor)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    return redactor


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _LOG.critical("the program ends by an error", exc_info=(kind, error, trace))


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
        told = (found.exc_type, found.exc_value, found.exc_traceback)
        _LOG.critical("a thread ends by an error", exc_info=told)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    if found.exc_value is not None:
        told = (found.exc_type, found.exc_value, found.exc_traceback)
        _LOG.error("an error that could not be raised", exc_info=told)
