"""Secrets and certificates of an app come and go as in the portal, until the tenant is reset."""

import time
from typing import Any

import pytest

from postroom.tenant.certificates import new_app_certificate
from support.entra import ASSERTION_TYPE, ask_token, sign_assertion, thumbprint_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

YEAR_SECONDS = 366 * 24 * 3600


def add_secret(tenant: RunningTenant, **settings: Any) -> dict[str, str]:
    answer = tenant.control.post("/apps/Invoice bot/secrets", params={"cloud": GLOBAL}, json=settings)
    assert answer.status_code == 201, answer.text
    (added,) = answer.json()
    return dict(added)


def outcome(tenant: RunningTenant, **form: str | None) -> int:
    """Give 200, or the AADSTS number of the refusal."""
    answer = ask_token(tenant, **form)
    return 200 if answer.status_code == 200 else int(answer.json()["error_codes"][0])


def test_two_secrets_roll(tenant: RunningTenant) -> None:
    """A second secret is good beside the first; each ends by its own date, or when it is taken away."""
    second = add_secret(tenant, good_for_seconds=3 * YEAR_SECONDS, name="rolled")
    assert outcome(tenant) == outcome(tenant, client_secret=second["client_secret"]) == 200
    assert outcome(tenant, cloud=GCC_HIGH, client_secret=second["client_secret"]) == 7000215
    tenant.advance_clock(2 * YEAR_SECONDS)
    assert (outcome(tenant), outcome(tenant, client_secret=second["client_secret"])) == (7000222, 200)
    place = f"/apps/Invoice bot/secrets/{second['key_id']}"
    assert tenant.control.delete(place).status_code == 204
    assert outcome(tenant, client_secret=second["client_secret"]) == 7000215
    assert tenant.control.delete(place).status_code == 404


def test_a_secret_may_have_expired_already(tenant: RunningTenant) -> None:
    """A time below zero makes a secret that is known and expired; a reset takes it away."""
    expired = add_secret(tenant, good_for_seconds=-60)
    assert outcome(tenant, client_secret=expired["client_secret"]) == 7000222
    assert outcome(tenant) == 200
    tenant.reset()
    assert outcome(tenant, client_secret=expired["client_secret"]) == 7000215


def test_apps_are_listed_with_dates(tenant: RunningTenant) -> None:
    """The list has the dates of all credentials and who is limited to which mailboxes, and no secret."""
    second = add_secret(tenant, name="rolled")
    tenant.change_app("Invoice bot", GLOBAL, mailboxes=["ap@contoso.com"])
    listed = tenant.control.get("/apps")
    apps = {app["name"]: app for app in listed.json() if app["cloud"] == GLOBAL}
    invoice_bot = apps["Invoice bot"]
    assert [secret["name"] for secret in invoice_bot["secrets"]] == [None, "rolled"]
    assert invoice_bot["secrets"][1] | {"starts": ""} == {
        "key_id": second["key_id"], "name": "rolled", "starts": "", "expires": second["expires"],
    }  # fmt: skip
    assert invoice_bot["mailboxes"] == ["ap@contoso.com"]
    assert len(invoice_bot["certificates"]) == 1
    assert apps["Desktop bot"]["secrets"] == []
    assert tenant.app()["client_secret"] not in listed.text
    assert second["client_secret"] not in listed.text


def test_certificates_roll(tenant: RunningTenant) -> None:
    """An app proves itself with any of its certificates, until that expires or is taken away."""
    made = new_app_certificate("Second")
    pem = made.key_pem + made.certificate_pem
    x5t = thumbprint_of(pem, "x5t")
    proof = sign_assertion(tenant, signer=pem, header={"x5t": x5t})
    form: dict[str, str | None] = {
        "client_secret": None,
        "client_assertion": proof,
        "client_assertion_type": ASSERTION_TYPE,
    }
    assert outcome(tenant, **form) == 700027
    answer = tenant.control.post(
        "/apps/Invoice bot/certificates", json={"pem": made.certificate_pem.decode()}
    )
    assert (answer.status_code, answer.json()["thumbprint"]) == (201, x5t)
    assert outcome(tenant, **form) == 200
    first = sign_assertion(tenant)
    assert outcome(tenant, **form | {"client_assertion": first}) == 200
    assert tenant.control.delete(f"/apps/Invoice bot/certificates/{x5t}").status_code == 204
    assert outcome(tenant, **form) == 700027
    assert tenant.control.delete(f"/apps/Invoice bot/certificates/{x5t}").status_code == 404


def test_a_certificate_expires_by_the_tenants_clock(tenant: RunningTenant) -> None:
    """An assertion that an expired certificate signed is refused, and says so."""
    tenant.advance_clock(10 * YEAR_SECONDS)
    later = time.time() + 10 * YEAR_SECONDS
    form: dict[str, str | None] = {
        "client_secret": None,
        "client_assertion": sign_assertion(tenant, nbf=int(later), exp=int(later) + 600),
        "client_assertion_type": ASSERTION_TYPE,
    }
    answer = ask_token(tenant, **form)
    assert answer.json()["error_codes"] == [700027]
    assert "The key used is expired." in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/apps/Nobody/secrets", {}, 404),
        ("/apps/Invoice bot/secrets", {"good_for_seconds": 1e300}, 400),
        ("/apps/Invoice bot/secrets", {"good_for": 1}, 400),
        ("/apps/Invoice bot/certificates", {"pem": "no certificate"}, 400),
        ("/apps/Invoice bot/certificates", {}, 400),
    ],
)
def test_bad_input_gets_a_sentence(tenant: RunningTenant, path: str, body: Any, status: int) -> None:
    """What cannot be used is answered with why."""
    answer = tenant.control.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
