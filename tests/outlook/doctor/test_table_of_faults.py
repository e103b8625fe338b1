"""Faults are injected one at a time, and each is named: by the leg that does not hold, and in words."""

import pytest
from faults import FAULTS, Fault
from patients import Patient


def test_there_are_many_faults() -> None:
    """The table is as long as it should be, and names nothing twice."""
    assert len({fault.what for fault in FAULTS}) == len(FAULTS) >= 40


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_is_named(patient: Patient, fault: Fault) -> None:
    """The legs before it hold, the one it belongs to does not, and what is said of it says what to do."""
    fault.inject(patient)
    report = patient.examine()
    failure = report.failure
    assert failure is not None
    assert failure.leg == fault.leg, failure
    assert failure.remedy is not None
    remedy = failure.remedy
    said = " ".join(filter(None, (failure.sentence, remedy.fix, remedy.link, remedy.command)))
    assert fault.phrase in said
    place = report.findings.index(failure)
    assert all(finding.holds for finding in report.findings[:place])
    assert all(finding.holds is None for finding in report.findings[place + 1 :])
