"""Judgements in processes of their own: answered, outdated, or gone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from wasmdoctor.lsp.jobs import Job, OutdatedError, context
from wasmdoctor.lsp.judging import Answer, Question, judge


@pytest.fixture
def question(tmp_path: Path) -> Question:
    (tmp_path / "a.wit").write_text("package a:b;\ninterface {}\n")
    return Question(str(tmp_path), {}, "utf-16")


def test_an_answer_comes_back_whole(question: Question) -> None:
    answer = Job(question, context()).run()
    assert [finding.code for finding in answer.findings] == ["WD201"]
    assert answer == judge(question)


def test_one_that_is_ended_gives_no_answer(question: Question) -> None:
    early = Job(question, context())
    early.end()
    with pytest.raises(OutdatedError):
        early.run()
    late = Job(question, context())
    raised: list[type[Exception]] = []

    def run() -> None:
        try:
            late.run()
        except OutdatedError:
            raised.append(OutdatedError)

    thread = threading.Thread(target=run)
    thread.start()
    late.end()
    thread.join(30)
    assert raised == [OutdatedError]


def test_a_process_that_dies_is_a_sentence(question: Question) -> None:
    job = Job(question, context())
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(job.run()))
    thread.start()
    end = time.monotonic() + 30
    while not job.kill() and time.monotonic() < end and thread.is_alive():
        time.sleep(0)
    thread.join(30)
    assert answers
    assert "ended without an answer" in answers[0].failure or answers[0].findings


def test_a_fault_of_ours_is_a_sentence() -> None:
    assert "Error" in Job(Question("/nowhere\0", {}, "utf-16"), context()).run().failure
