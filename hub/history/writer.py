"""The thread that writes the history: rounds, folds, and in between what shall not be kept.

One round takes over what came, seals it into the journal, folds the journal into blocks when
it is long or its hour over, and goes one small step on with a job, if there is one.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait

from hub.core.sealed import Box
from hub.history.blocks import HOUR_MS
from hub.history.files import VERSION, Damaged, Files, broken
from hub.history.jobs import DISK, ROOM, HistoryProblem, Job, Steps
from hub.history.journal import Journal
from hub.history.keeping import NOTHING, Erasure, Retention, Rule, Sweep
from hub.history.repair import Copy, salvage
from hub.history.waiting import Waiting

_log = logging.getLogger(__name__)
BUSY_S, QUIET_S = 0.2, 1.0
_BUSY_ROWS = 20  # a flush with more than this many makes the next one come sooner
SLICE_S = 0.1  # of a job between two rounds
SWEEP_EVERY_S = 24 * 3600.0
_BEGIN_S = 10.0  # the longest that who reads waits for the first round
_FIRST_SWEEP_S = 600.0  # after the start, when devices have been heard
_AGAIN_S = 60.0  # before an erasure or a repair that failed is tried again
_LOOSE_PAGES = 1_024  # 4 MiB of free pages, and a quarter of the file: then it is made smaller
_PATIENCE_S = 0.02
_SAY_AGAIN_S = 600.0


class Writer(Journal):
    """The thread, and what others ask of it; see `Journal` for what it writes.

    Attributes:
        problem: why nothing is written: `ROOM`, `DISK`, or "" while all is well.
        broken: somebody who read found the file damaged.
    """

    def __init__(
        self,
        files: Files,
        box: Box,
        waiting: Waiting,
        retention: Callable[[], Retention],
        report: Callable[[int, Exception | None], None],
    ) -> None:
        super().__init__(files, box, waiting, retention, report)
        self.problem = ""
        self.broken = False
        self._jobs: deque[Job] = deque()
        self._next_sweep = time.monotonic() + _FIRST_SWEEP_S
        self._stopping = False
        self._wake = threading.Event()
        self._begun = threading.Event()
        self._wanted = threading.Condition()
        self._rounds = 0
        self._hurry = 0  # rounds that somebody waits for
        self._thread: threading.Thread | None = None
        self._said, self._said_at = "", 0.0
        self._repair_at = 0.0

    # -- for others ---------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_loop, name="history", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write what waits and end; blocks."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._wake.set()
            thread.join()

    def begun(self) -> None:
        """Return when what an earlier run left was read, or could not be; blocks."""
        if self._thread is not None:
            self._begun.wait(_BEGIN_S)

    def hurry(self) -> None:
        """Return when everything recorded so far was tried to be written; blocks."""
        with self._wanted:
            # The round that runs now may have begun before the last row came.
            rounds, self._hurry = self._rounds + 2, 2
            self._wake.set()
            while self._rounds < rounds and self._thread is not None:
                self._wanted.wait(0.05)

    def sweep(self) -> Job:
        """Remove what has run out, soon."""
        return self._add(Job(self._sweep))

    def sweep_soon(self) -> None:
        """Let a sweep be due."""
        self._next_sweep = 0.0
        self._wake.set()

    def erase(self, entity_id: str | None) -> Job:
        """Erase an entity's rows (None: all) that came so far, soon."""
        return self._add(Job(lambda: self._erase_new(entity_id)))

    def _add(self, job: Job) -> Job:
        if self._thread is None:
            raise HistoryProblem("closed")
        self._jobs.append(job)
        self._wake.set()
        return job

    # -- the thread ---------------------------------------------------------------------

    def _write_loop(self) -> None:
        last = False
        while not last:
            last = self._stopping
            count, more = self._try_round()
            self._begun.set()
            with self._wanted:
                self._rounds += 1
                self._wanted.notify_all()
                self._hurry = max(0, self._hurry - 1)
            if not (last or self._hurry or more):
                self._pause(BUSY_S if count > _BUSY_ROWS else QUIET_S)
        for job in self._jobs:
            job.fail(HistoryProblem("closed"))
        self._close()

    def _pause(self, seconds: float) -> None:
        """Wait, but less when told to stop or hurry, or when much has come meanwhile."""
        end = time.monotonic() + seconds
        while not self._wake.is_set() and (left := end - time.monotonic()) > 0:
            self._wake.wait(min(BUSY_S, left))
            if len(self._waiting.recorded) > _BUSY_ROWS:
                break
        self._wake.clear()

    def _try_round(self) -> tuple[int, bool]:
        """One round; returns how many rows came, and whether a job wants to go on at once."""
        with self._waiting.lock:
            count = self._waiting.take()
        more = False
        try:
            if self.broken and not self._repaired():
                return count, False
            if not self._loaded:
                self._load(self._open())
                self._jobs.extend(self._resumed(*wish) for wish in self.erasing.items())
            room = self._write(self._open())
            self._now("" if room else ROOM, "the disk has too little room left")
            more = self._work()
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self.broken = broken(error)
            self._now(DISK, error)
            self._close()
            if not self.broken:
                self._give_up(error)
        except Exception as error:  # noqa: BLE001 - locked or broken boxes have own errors
            self._say("history waits for its key: %s", type(error).__name__)
            self._give_up(error)
        return count, more

    def _give_up(self, error: Exception) -> None:
        """Tell whoever waits for a job; what was to be erased is tried again by a sweep."""
        while self._jobs:
            self._jobs.popleft().fail(HistoryProblem(type(error).__name__))
            self._next_sweep = time.monotonic() + _AGAIN_S

    def _now(self, problem: str, why: object) -> None:
        if problem:
            self._say("history is not written: %s", why)
        elif self.problem:
            _log.info("history is written again")
        self.problem = problem

    def _say(self, text: str, what: object) -> None:
        """Log a reason once, not at every round that meets it."""
        now = time.monotonic()
        if self._said != text % what or now > self._said_at + _SAY_AGAIN_S:
            self._said, self._said_at = text % what, now
            _log.warning(text, what)

    # -- jobs ---------------------------------------------------------------------------

    def _work(self) -> bool:
        """Go on with a job for a moment; returns whether there is more to do."""
        if not self._jobs and time.monotonic() > self._next_sweep:
            self._jobs.append(Job(self._sweep))
        if not self._jobs:
            return False
        job, end = self._jobs[0], time.monotonic() + SLICE_S
        try:
            while not job.step():
                if time.monotonic() > end:
                    return True
        except Exception as error:
            if broken(error) and job.again():
                raise
            self._give_up(error)
            raise
        self._jobs.popleft()
        return bool(self._jobs)

    def _sweep(self) -> Steps:
        """Remove what has run out, and make the file smaller where that is worth it."""
        for entity_id, until in list(self.erasing.items()):
            yield from self._erase(Erasure(entity_id, until))
        yield from self._checked()
        swept = yield from self._swept(self._retention())
        connection = self._open()
        pages, loose, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "user_version")
        )
        if version < VERSION or (loose > _LOOSE_PAGES and loose > pages / 4):
            yield from self._renew()
        self._next_sweep = time.monotonic() + SWEEP_EVERY_S
        return swept

    def _erase_new(self, entity_id: str | None) -> Steps:
        """Write down what is to be erased before anything is, then erase it."""
        connection = self._open()
        with self._waiting.lock:
            self._waiting.take()
        # A clock that was ahead left rows of a time to come.
        newest = connection.execute("SELECT MAX(hour) FROM blocks").fetchone()[0] or 0
        now = int(time.time() * 1000)
        ahead = (newest + 1) * HOUR_MS - 1 if newest > now // HOUR_MS else 0
        until = min(max(now, ahead, *(row[1] for row in self._waiting.recent)), NOTHING - 1)
        self._intend(connection, entity_id, until)
        self.erasing[entity_id] = until
        return (yield from self._erase(Erasure(entity_id, until)))

    def _resumed(self, entity_id: str | None, until: int) -> Job:
        return Job(lambda: self._erase(Erasure(entity_id, until)))

    def _erase(self, erasure: Erasure) -> Steps:
        """Erase rows; what the file held of them is gone with the file."""
        yield from self._checked()
        swept = yield from self._swept(erasure)
        yield from self._renew(erasure)
        if self.erasing.get(erasure.entity_id) == erasure.until:
            del self.erasing[erasure.entity_id]
        return swept

    def _swept(self, rule: Rule) -> Steps:
        """Take what a rule lets go out of memory, journal and blocks."""
        waiting = self._waiting
        with waiting.lock:
            waiting.take()
            forgotten = waiting.forget(rule.since)
        self._fold(self._open(), rule)
        done = yield from Sweep(self._box, rule, self._next_number, self._report).steps(
            self._open()
        )
        return done._replace(rows=done.rows + forgotten)

    def _checked(self) -> Generator[None, None, None]:
        """Look through the whole file on another thread: writing goes on meanwhile.

        Raises:
            Damaged: it doesn't hold together; copied as it is, blocks would be lost unseen.
        """
        checking: Future[None] = Future()

        def check() -> None:
            try:
                self._files.check()
            except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
                checking.set_exception(error)
            else:
                checking.set_result(None)

        threading.Thread(target=check, name="history check", daemon=True).start()
        while not wait((checking,), _PATIENCE_S).done:
            yield
        checking.result()

    def _renew(self, erased: Erasure | None = None) -> Generator[None, None, None]:
        """Put a new file in place of the old: without its free pages and the scraps in them."""
        with contextlib.closing(self._files.fresh()) as fresh:
            copying = Copy(fresh)
            flushed = time.monotonic()
            while copying.step(self._open()):
                if time.monotonic() > flushed + SLICE_S:
                    self._files.flush()  # little by little: the last moment has to be short
                    flushed = time.monotonic()
                yield
            while not self._replaced(fresh, copying, erased):
                yield

    def _replaced(self, fresh: sqlite3.Connection, copying: Copy, erased: Erasure | None) -> bool:
        with self._files.alone() as alone:
            if not alone:
                return False
            copying.finish(self._open())
            for entity_id, until in self.erasing.items():
                if erased is None or (entity_id, until) != (erased.entity_id, erased.until):
                    self._intend(fresh, entity_id, until)
            self._put(fresh)
        return True

    def _put(self, fresh: sqlite3.Connection) -> None:
        fresh.execute("COMMIT")
        fresh.close()
        self._close()
        self._files.swap()

    def _repaired(self) -> bool:
        """Take over what a damaged file still gives; False while that has to wait."""
        if time.monotonic() < self._repair_at:
            self._give_up(Damaged())
            return False
        self._close()
        with self._files.alone() as alone:
            if not alone:
                return False
            self._repair_at = time.monotonic() + _AGAIN_S
            with contextlib.closing(self._files.fresh()) as fresh:
                blocks = salvage(self._files.path, fresh, self._files.first_page())
                self._put(fresh)
        self.broken, self._repair_at = False, 0.0
        self._report(0, None)
        _log.error("the file of the history was damaged; %d blocks of it could be saved", blocks)
        return True
