"""What administrators are given: links and lines of their own cloud, safe to paste."""

import pytest
from patients import Patient

from postroom.auth.refusals import SignInPlace
from postroom.clouds import AZURE_GLOBAL, AZURE_US_GCC_HIGH, Cloud
from postroom.outlook.doctor.administration import (
    get_app_page,
    quote_text,
    write_enabling,
    write_exchange,
    write_role_assignments,
    write_user_enabling,
)
from support.tenant import GCC_HIGH

APP = "11111111-2222-3333-4444-555555555555"


def test_a_text_cannot_leave_its_quotes() -> None:
    """PowerShell takes the text word for word, whatever is in it."""
    assert quote_text("o'neill@contoso.com; $x") == "'o''neill@contoso.com; $x'"


@pytest.mark.parametrize(
    ("cloud", "graph", "exchange", "portal"),
    [
        (
            AZURE_GLOBAL,
            "Connect-MgGraph -Scopes",
            "Connect-ExchangeOnline\n",
            "https://portal.azure.com/#view/",
        ),
        (
            AZURE_US_GCC_HIGH,
            "Connect-MgGraph -Environment USGov -Scopes",
            "Connect-ExchangeOnline -ExchangeEnvironmentName O365USGovGCCHigh\n",
            "https://portal.azure.us/#view/",
        ),
    ],
    ids=["global", "gcc-high"],
)
def test_each_cloud_has_its_own_lines(cloud: Cloud, graph: str, exchange: str, portal: str) -> None:
    """Lines of PowerShell connect to the cloud of the tenant, and links lead to its portal."""
    place = SignInPlace(cloud, "contoso.com", APP)
    for lines in (
        write_role_assignments(place, ["Mail.Send"]),
        write_enabling(place),
        write_user_enabling(cloud, "ap@contoso.com"),
    ):
        assert lines.startswith(graph)
    assert write_exchange(cloud, "Get-EXOMailbox").startswith(exchange)
    assert get_app_page(place, "Credentials").startswith(portal)
    assert get_app_page(place, "Credentials").endswith(APP)


def test_a_failure_in_gcc_high_leads_to_its_portal(patient: Patient) -> None:
    """The whole way in the other cloud: what is missing there is granted there."""
    described, app = patient.tenant.cloud(GCC_HIGH), patient.tenant.app("Reader bot", GCC_HIGH)
    patient.cloud = GCC_HIGH
    patient.settings = {
        "tenant_id": described["tenant_id"],
        "username": described["users"][0]["username"],
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    failure = patient.examine().failure
    assert failure is not None
    assert failure.remedy is not None
    assert failure.leg == "permission:Mail.ReadWrite"
    assert "portal.azure.us" in str(failure.remedy.link)
    assert "-Environment USGov" in str(failure.remedy.command)
