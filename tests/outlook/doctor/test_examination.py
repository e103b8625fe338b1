"""An examination of a connection that holds, and what it leaves as it was."""

import pytest
from patients import Patient

from postroom import outlook

LEGS = ["settings", "names", "proxy", "tls", "tenant", "clock"]
RIGHTS = ["consent", "permission:Mail.ReadWrite", "permission:Mail.Send", "mailbox", "sending"]


def test_every_leg_of_a_good_connection_holds(patient: Patient) -> None:
    """An app that acts as itself: each leg in order, with a sentence."""
    report = patient.examine()
    assert [finding.leg for finding in report.findings] == [*LEGS, "client", "credential", *RIGHTS]
    assert report.holds, report.failure
    assert report.failure is None
    assert all(finding.sentence for finding in report.findings)


@pytest.mark.parametrize(
    ("mode", "legs"),
    [
        (outlook.AuthorizationCode, ["client", "redirect", "kept-sign-in"]),
        (outlook.DeviceCode, ["client", "kept-sign-in"]),
    ],
)
def test_every_leg_of_a_person_who_has_signed_in_holds(patient: Patient, mode: type, legs: list[str]) -> None:
    """The same for an app that acts for a person."""
    patient.be_person(mode)
    patient.sign_in()
    report = patient.examine()
    assert [finding.leg for finding in report.findings] == [*LEGS, *legs, *RIGHTS]
    assert report.holds, report.failure


def test_a_shared_mailbox_of_a_member_holds(patient: Patient) -> None:
    """With the permissions that shared mailboxes need."""
    patient.mailbox = "invoices@contoso.com"
    patient.be_person()
    patient.sign_in()
    report = patient.examine()
    assert report.holds, report.failure
    assert "Mail.Send.Shared is granted" in str(report.findings)


def test_only_what_the_chosen_actions_need_is_examined(patient: Patient) -> None:
    """An app that may only read is good enough to list messages."""
    patient.be_app("Reader bot")
    patient.actions = ("list", "show")
    report = patient.examine()
    assert report.holds, report.failure
    assert [finding.leg for finding in report.findings][-2:] == ["permission:Mail.Read", "mailbox"]


def test_nothing_is_changed_or_sent(patient: Patient) -> None:
    """No folder has more or fewer messages than before, nor drafts or copies of what was not sent."""
    before = patient.tenant.folders("ap@contoso.com")
    assert patient.examine().holds
    assert patient.tenant.folders("ap@contoso.com") == before


def test_what_lies_behind_a_failure_is_not_asked_for(patient: Patient) -> None:
    """Legs after the one that does not hold are not reached, and say so."""
    patient.settings["client_secret"] = "wrong-8Q~secret"
    report = patient.examine()
    holds = [finding.holds for finding in report.findings]
    assert holds == [*[True] * 7, False, *[None] * 5]
    assert not any("/v1.0/" in request["path"] for request in patient.tenant.requests())


def test_a_certificate_tells_when_it_expires(patient: Patient) -> None:
    """The days are counted."""
    app = patient.tenant.app()
    patient.settings |= {"client_secret": None, "client_certificate": app["certificate"]}
    report = patient.examine()
    assert report.holds, report.failure
    assert "The certificate is accepted. It expires on " in str(report.findings)
