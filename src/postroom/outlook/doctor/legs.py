"""What a leg is: something that must hold for a Connect, looked at by one function."""

from collections.abc import Callable
from dataclasses import dataclass

from postroom.errors import PostroomError
from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.report import Finding, Remedy


@dataclass(frozen=True)
class Leg:
    """A leg of the way: its name for machines, its title for people.

    `check` gives a sentence on what it found, or raises the error that a Connect would end with; `prescribe`
    then says what to do.
    """

    name: str
    title: str
    check: Callable[[Case], str]
    prescribe: Callable[[Case, PostroomError], Remedy]

    def examine(self, case: Case) -> Finding:
        """Look whether this leg holds."""
        try:
            return Finding(self.name, self.title, holds=True, sentence=self.check(case))
        except PostroomError as error:
            remedy = self.prescribe(case, error)
            return Finding(
                self.name, self.title, holds=False, sentence=error.message, remedy=remedy, error=error
            )

    def skip(self) -> Finding:
        """Say that this leg was not reached."""
        return Finding(self.name, self.title, holds=None)
