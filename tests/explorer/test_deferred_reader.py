from __future__ import annotations

from collections.abc import Sequence

from napari_ifealid.explorer.deferred_reader import DeferredReader
from patient_scheduler import PatientScheduler


class Squares:
    """Asks for squares of numbers, and counts how often they arrive."""

    def __init__(self, *, at_once: int = 2, kept: int = 100) -> None:
        self.scheduler = PatientScheduler()
        self.arrivals = 0
        self.wanted_next: Sequence[int] = ()
        self.failures: list[Exception] = []
        self.reader = DeferredReader[int, int](
            self.scheduler, self.arrive, self.failures.append, at_once=at_once, kept=kept
        )

    def arrive(self) -> None:
        self.arrivals += 1
        for number in self.wanted_next:
            self.ask(number)

    def ask(self, number: int) -> int | None:
        return self.reader.value(number, lambda: number**2)

    def known(self, count: int) -> list[int]:
        return [number for number in range(count) if self.reader.known(number) is not None]


def test_value_is_read_in_the_background_and_kept():
    squares = Squares()
    assert squares.ask(3) is None
    assert squares.arrivals == 0
    squares.scheduler.run()
    assert squares.arrivals == 1
    assert squares.ask(3) == squares.reader.known(3) == 9
    assert squares.scheduler.background == []


def test_of_many_that_are_asked_for_meanwhile_the_last_are_read():
    squares = Squares(at_once=2)
    for number in (0, 4, 1, 2, 3, 4):  # the first is read at once
        squares.ask(number)
    squares.scheduler.run()
    assert squares.known(5) == [0, 3, 4]
    assert squares.arrivals == 2


def test_oldest_values_are_forgotten():
    squares = Squares(kept=3)
    for number in range(4):
        squares.reader.keep(number, number**2)
    assert squares.known(4) == [1, 2, 3]


def test_what_is_asked_for_on_arrival_is_read_together():
    squares = Squares(at_once=10)
    squares.wanted_next = range(5)
    squares.ask(9)
    squares.scheduler.run_one()
    assert len(squares.scheduler.background) == 1
    squares.scheduler.run_one()
    assert squares.known(10) == [0, 1, 2, 3, 4, 9]


def test_value_that_could_not_be_read_is_read_when_it_is_asked_for_again():
    squares = Squares()
    squares.reader.value(3, lambda: 1 // 0)
    squares.scheduler.run()
    assert [type(error) for error in squares.failures] == [ZeroDivisionError]
    assert squares.arrivals == 0
    squares.ask(3)
    squares.scheduler.run()
    assert squares.ask(3) == 9


def test_stopped_reader_reports_nothing_and_reads_nothing_more():
    squares = Squares()
    squares.ask(1)
    squares.ask(2)
    squares.reader.stop()
    squares.scheduler.run()
    assert squares.arrivals == 0
    assert squares.ask(2) is None
