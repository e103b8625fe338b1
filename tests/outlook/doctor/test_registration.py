"""When a client secret expires: told where the app may read its own registration."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import trustme
from patients import Patient

from support.odd_networks import lead_to, serve_tls, write_authority

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"


def _answer_for_graph(patient: Patient, *credentials: dict[str, str]) -> None:
    """Let Graph answer as it does to an app that asks for its own registration (and for the Inbox)."""
    authority = trustme.CA()
    trusted = write_authority(patient.folder, authority, Path(patient.tenant.manifest["ca"]))
    patient.set_variable("SSL_CERT_FILE", trusted)
    body = json.dumps({"id": "inbox", "passwordCredentials": credentials}).encode()
    instead = serve_tls(authority.issue_cert(GRAPH), body, "application/json")
    patient.stand_behind(lead_to({LOGIN: patient.tenant.port}, instead))
    patient.tenant.change_app("Invoice bot", application_permissions=["Mail.Read", "Application.Read.All"])
    patient.actions = ("list",)


def _describe_credential(patient: Patient) -> str:
    report = patient.examine()
    assert report.holds, report.failure
    return str(next(finding.sentence for finding in report.findings if finding.leg == "credential"))


def test_the_secret_in_use_is_the_one_that_is_told_of(patient: Patient) -> None:
    """The registration may have several: the beginning of the secret says which is meant."""
    beginning = patient.settings["client_secret"][:3]
    _answer_for_graph(
        patient,
        {"hint": "~~~", "endDateTime": "2031-01-31T00:00:00Z"},
        {"hint": beginning, "endDateTime": "2099-03-31T00:00:00Z"},
    )
    assert "It expires on 31 Mar 2099, in " in _describe_credential(patient)


def test_a_secret_that_ends_soon_leads_to_where_a_new_one_is_made(patient: Patient) -> None:
    """It still holds, and the link is there."""
    beginning = patient.settings["client_secret"][:3]
    _answer_for_graph(patient, {"hint": beginning, "endDateTime": "2020-03-31T00:00:00Z"})
    assert "Put a new one in its place: https://portal.azure.com/" in _describe_credential(patient)


def test_the_tenant_tells_when_the_secret_expires(patient: Patient) -> None:
    """An app that may read its registration learns the date of the secret in use, whatever others there are."""
    patient.tenant.change_app("Invoice bot", application_permissions=["Mail.Read", "Application.Read.All"])
    added = patient.tenant.control.post("/apps/Invoice bot/secrets", json={"good_for_seconds": 3600})
    assert added.status_code == 201
    patient.actions = ("list",)
    (listed,) = [
        app["secrets"][0]["expires"]
        for app in patient.tenant.control.get("/apps").json()
        if app["client_id"] == patient.settings["client_id"]
    ]
    day = datetime.fromisoformat(listed)
    assert f"It expires on {day.day} {day:%b %Y}, in " in _describe_credential(patient)


@pytest.mark.parametrize("permissions", [["Mail.Read"], ["Mail.Read", "Application.Read.All"]])
def test_nothing_depends_on_it(patient: Patient, permissions: list[str]) -> None:
    """Where the app may not read it, or Graph does not tell, only the portal knows, and that is said."""
    patient.tenant.change_app("Invoice bot", application_permissions=permissions)
    patient.tenant.add_fault(path="/v1.0/applications*", status=404)
    patient.actions = ("list",)
    assert "Microsoft tells only in the portal: https://portal.azure.com/" in _describe_credential(patient)
