"""Processes that judge: whatever happens in one, the server goes on; and one that is outdated is ended.

They are forks of a process without threads that has the modules loaded (``forkserver``), where the system has
forks; elsewhere they start anew.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import Connection
from typing import Any

from wasmdoctor.lsp.judging import Answer, Question, judge, quiet

SECONDS = 120.0
"""After this long a judgement is given up."""


# Whoever starts a process also looks after those before it, over descriptors that closing may give to others.
_LOOKING = threading.Lock()


class OutdatedError(Exception):
    """A judgement that nobody wants any more."""


def context() -> Any:
    """How processes are started."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["wasmdoctor.lsp.loaded"])
    return made


def warm(start: Any) -> None:
    """Start what makes the processes, so that the first judgement need not wait for it."""
    if start.get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running

        with _LOOKING:
            ensure_running()


def work(question: Question, answers: Connection) -> None:
    """What such a process does: it sends an answer, and ends."""
    quiet()
    try:
        answer = judge(question)
    except RecursionError:
        answer = Answer(failure="the sources are nested too deeply to be judged")
    except MemoryError:
        answer = Answer(failure="there is not enough memory to judge the sources")
    except (
        Exception
    ) as error:  # a fault of ours: the editor shows it, and the next change may do away with it
        answer = Answer(failure=f"{type(error).__name__}: {error}")
    answers.send(answer)
    answers.close()
    os._exit(0)


class Job:
    """One judgement. It is run in a thread, which waits for the process; ``end`` may be called from any."""

    def __init__(self, question: Question, start: Any) -> None:
        self.question = question
        self._context = start
        self._lock = threading.Lock()
        self._process: Any = None
        self._ended = threading.Event()

    def run(self) -> Answer:
        """The answer. Raises OutdatedError when the job was ended before it came, and OSError or
        EOFError when no process can be started."""
        try:
            return self._run()
        except EOFError:  # the process that makes the forks was gone; it is started anew by the next
            return self._run()

    def _run(self) -> Answer:
        ours, theirs = self._context.Pipe(duplex=False)
        timer = threading.Timer(SECONDS, self.kill)
        timer.daemon = True
        late = False
        try:
            with self._lock:
                if self._ended.is_set():
                    raise OutdatedError
                self._process = self._context.Process(
                    target=work, args=(self.question, theirs), daemon=True, name="judge"
                )
                with _LOOKING:
                    self._process.start()
            if self._ended.is_set():  # while this thread had the lock
                self.kill()
            theirs.close()
            timer.start()
            try:
                answer = ours.recv()
            except (EOFError, OSError):
                late = not timer.is_alive()
                answer = None
        finally:
            timer.cancel()
            ours.close()
            theirs.close()
            self._reap()
        if answer is not None and not self._ended.is_set():
            assert isinstance(answer, Answer)
            return answer
        if self._ended.is_set():
            raise OutdatedError
        return Answer(
            failure=f"the sources were not judged within {SECONDS:.0f} s"
            if late
            else "the process that judges ended without an answer"
        )

    def end(self) -> None:
        """Nobody wants the answer any more. Does not wait."""
        self._ended.set()
        self.kill()

    def kill(self) -> bool:
        """End the process; False when there is none, or it is just being started or seen off. Does not wait."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._process is None or self._process.pid is None:
                return False
            self._process.kill()
            return True
        finally:
            self._lock.release()

    def _reap(self) -> None:
        """See a process off that has answered, or was ended."""
        process = self._process
        if process is None or process.pid is None:
            return
        with self._lock, _LOOKING:
            self._process = None
            process.join(2)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
