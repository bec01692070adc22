import io
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.telemetry.log_writer import LogWriter


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": logging.INFO})


@contextmanager
def writer(stream: io.StringIO | io.TextIOWrapper, **limits: int) -> Iterator[LogWriter]:
    made = LogWriter(stream, **limits)
    try:
        yield made
    finally:
        made.close()


class Blocked(io.StringIO):
    """A stream that takes nothing until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.is_writing = threading.Event()
        self.opened = threading.Event()

    def write(self, text: str) -> int:
        self.is_writing.set()
        self.opened.wait()
        return super().write(text)


def test_lines_come_in_order() -> None:
    stream = io.StringIO()
    with writer(stream) as made:
        for number in range(5):
            made.emit(record(str(number)))
        made.flush()
        assert stream.getvalue() == "0\n1\n2\n3\n4\n"


def test_a_stream_that_is_not_read_holds_nobody_up_and_what_was_left_out_is_counted() -> None:
    stream = Blocked()
    with writer(stream, lines_max=2) as made:
        made.emit(record("first"))
        stream.is_writing.wait()
        for text in ("second", "third", "left out", "left out too"):
            made.emit(record(text))
        stream.opened.set()
        made.flush()
        made.emit(record("last"))
        made.flush()
    assert stream.getvalue().splitlines() == [
        "first",
        "second",
        "third",
        "2 log lines were left out, because standard error was not read",
        "last",
    ]


def test_a_file_gets_whole_lines_and_a_reader_that_is_gone_is_no_trouble() -> None:
    reading, writing = os.pipe()
    with open(writing, "w") as stream, writer(stream) as made:
        made.emit(record("grün"))
        made.flush()
        assert os.read(reading, 100) == "grün\n".encode()
        os.close(reading)
        made.emit(record("to nobody"))
        made.flush()


def test_a_record_that_cannot_be_formatted_is_left_out() -> None:
    stream = io.StringIO()
    with writer(stream) as made:
        broken = record("%d")
        broken.args = ("no number",)
        made.emit(broken)
        made.emit(record("fine"))
        made.flush()
    assert stream.getvalue() == "fine\n"
