"""What was asked of a file system, so that it can be told later whether the answers would be the same.

What the readers of Cargo find out depends on nothing else than the answers of the views that they are given. Files are
compared by their bytes: no time of modification can mislead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wasmdoctor.model.digest import digest
from wasmdoctor.readers.cargo.files import DiskFiles

READ, ENTRIES, FILE, FOLDER = "reFd"
"""What is asked of a view: a file's bytes, a folder's names, whether there is a file, whether there is a folder."""


class Notes:
    """Questions and what was answered, each once. A question is a letter, the number of its view, and a path."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self._off = False

    def note(self, question: str, answer: bytes) -> None:
        """Keep the first answer to a question."""
        if not self._off:
            self.answers.setdefault(question, answer)

    def aside(self, question: str, find: Callable[[], bool]) -> bool:
        """What ``find`` says. That is noted, and not what it asks of the views."""
        before, self._off = self._off, True
        try:
            found = find()
        finally:
            self._off = before
        self.note(question, b"1" if found else b"0")
        return found

    def asked(self) -> list[str]:
        """The questions, without those that others answer as well: a file that was read is there, and what is not
        among the names of its folder is not."""
        names = {
            question[1:]: frozenset(answer[1:].split(b"\0"))
            for question, answer in self.answers.items()
            if question[0] == ENTRIES and answer.startswith(b"=")
        }

        def needed(question: str, answer: bytes) -> bool:
            if question[0] not in (FILE, FOLDER):
                return True
            if answer == b"1":
                return not self.answers.get(READ + question[1:], b"!").startswith(b"=")
            folder, _, name = question[1:].rpartition("/")
            listed = names.get(folder)
            if listed is None or name in ("", ".", ".."):
                return True
            return _encoded(name) in listed or _encoded(f"{name}/") in listed

        return [question for question, answer in self.answers.items() if needed(question, answer)]

    def digest(self, asked: Iterable[str]) -> str:
        """What tells the answers to some of the questions from others."""
        return digest_of((question, self.answers[question]) for question in asked)


def digest_of(answers: Iterable[tuple[str, bytes]]) -> str:
    """The hash of questions with their answers."""
    return digest(b"".join(b"%s\0%s\0" % (_encoded(question), answer) for question, answer in answers))


def replayed(
    views: Sequence[DiskFiles], asked: Iterable[str], others: Mapping[str, Callable[[DiskFiles, str], bool]]
) -> Iterator[tuple[str, bytes]]:
    """The questions with the answers of now; ``others`` are questions that were noted aside, by their letters.

    Raises ValueError for what is no question.
    """
    for question in asked:
        kind, number, path = question[:1], question[1:2], question[2:]
        if number not in ("0", "1") or int(number) >= len(views):
            raise ValueError("not a question")
        view = views[int(number)]
        if kind == READ:
            answer = _read(view, path)
        elif kind == ENTRIES:
            answer = _entries(view, path)
        elif kind == FILE:
            answer = b"1" if view.is_file(path) else b"0"
        elif kind == FOLDER:
            answer = b"1" if view.is_folder(path) else b"0"
        elif kind in others:
            answer = b"1" if others[kind](view, path) else b"0"
        else:
            raise ValueError("not a question")
        yield question, answer


class Witness(DiskFiles):
    """A view as another one, whose questions and answers are noted; what the other one has read it need not read."""

    def __init__(self, files: DiskFiles, notes: Notes, number: int) -> None:
        self.__dict__.update(files.__dict__)
        self._notes = notes
        self._number = number

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises OSError."""
        try:
            data = super().read(path)
        except (OSError, ValueError) as error:
            self._notes.note(f"{READ}{self._number}{path}", _refusal(error))
            raise
        self._notes.note(f"{READ}{self._number}{path}", _bytes(data))
        return data

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder. Raises OSError."""
        try:
            found = super().entries(path)
        except OSError as error:
            self._notes.note(f"{ENTRIES}{self._number}{path}", _refusal(error))
            raise
        self._notes.note(f"{ENTRIES}{self._number}{path}", _names(found))
        return found

    def is_file(self, path: str) -> bool:
        """Whether a file is there."""
        found = super().is_file(path)
        self._notes.note(f"{FILE}{self._number}{path}", b"1" if found else b"0")
        return found

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        found = super().is_folder(path)
        self._notes.note(f"{FOLDER}{self._number}{path}", b"1" if found else b"0")
        return found


def _read(view: DiskFiles, path: str) -> bytes:
    try:
        return _bytes(view.read(path))
    except (OSError, ValueError) as error:
        return _refusal(error)


def _entries(view: DiskFiles, path: str) -> bytes:
    try:
        return _names(view.entries(path))
    except OSError as error:
        return _refusal(error)


def _bytes(data: bytes) -> bytes:
    return b"=" + digest(data).encode()


def _names(found: Mapping[str, bool]) -> bytes:
    return b"=" + _encoded("\0".join(f"{name}/" if is_folder else name for name, is_folder in found.items()))


def _refusal(error: Exception) -> bytes:
    return _encoded(f"!{type(error).__name__} {error}")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
