"""A client may prove itself with its registered certificate, and only with a proof that is for here and now."""

import base64
import time
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from postroom.tenant.certificates import new_app_certificate
from postroom.tenant.entra.client_assertion import REGISTRY
from support.entra import ask_with_assertion, assert_refused, claims_of, sign_assertion, thumbprint_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant


@pytest.mark.parametrize(
    ("algorithm", "thumbprint"), [("RS256", "x5t"), ("PS256", "x5t#S256"), ("RS256", "x5t#S256")]
)
def test_a_registered_certificate_gets_a_token(
    tenant: RunningTenant, algorithm: str, thumbprint: str
) -> None:
    """An assertion that the registered certificate's key signed is taken, with either thumbprint."""
    answer = ask_with_assertion(tenant, sign_assertion(tenant, algorithm=algorithm, thumbprint=thumbprint))
    assert answer.status_code == 200
    assert claims_of(answer.json()["access_token"])["appidacr"] == "2"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_parts_that_are_padded(tenant: RunningTenant, algorithm: str) -> None:
    """An assertion whose parts were padded before they were signed, as azure-identity does it, is taken."""
    for jti in ("1", "22", "333"):
        header, claims, _ = sign_assertion(tenant, algorithm=algorithm, jti=jti).split(".")
        padded = ".".join(part + "=" * (-len(part) % 4) for part in (header, claims))
        key = RSAKey.import_key(Path(tenant.app()["certificate"]).read_bytes())
        signature = jws.JWSRegistry.algorithms[algorithm].sign(padded.encode(), key)
        assertion = f"{padded}.{base64.urlsafe_b64encode(signature).decode()}"
        assert ask_with_assertion(tenant, assertion).status_code == 200
        forged = ask_with_assertion(tenant, f"{padded}.{base64.urlsafe_b64encode(bytes(256)).decode()}")
        assert_refused(
            forged, 401, "invalid_client", 700027, "use of the key to verify the signature failed."
        )


@pytest.mark.parametrize("claims", ["[]", "1", "no JSON"])
def test_claims_that_are_no_object(tenant: RunningTenant, claims: str) -> None:
    """What is signed well, but is no object of claims, is malformed."""
    pem = Path(tenant.app()["certificate"]).read_bytes()
    header = {"alg": "RS256", "x5t": thumbprint_of(pem)}
    assertion = jws.serialize_compact(header, claims, RSAKey.import_key(pem), registry=REGISTRY)
    assert_refused(ask_with_assertion(tenant, assertion), 401, "invalid_client", 50027, "malformed")


def test_another_certificate_is_not_known(tenant: RunningTenant) -> None:
    """A certificate that the app has not registered is named by its thumbprint in the refusal."""
    other = sign_assertion(tenant, header={"x5t": "AAECAwQFBgcICQoLDA0ODxAREhM"})
    answer = ask_with_assertion(tenant, other)
    assert_refused(
        answer,
        401,
        "invalid_client",
        700027,
        "The key was not found., Thumbprint of key used by client: '000102",
    )


def test_a_certificate_of_the_other_cloud_is_not_known(tenant: RunningTenant) -> None:
    """Each cloud's app has a certificate of its own."""
    foreign = Path(tenant.app(cloud=GCC_HIGH)["certificate"]).read_bytes()
    home = Path(tenant.app(cloud=GLOBAL)["certificate"]).read_bytes()
    assert foreign != home
    answer = ask_with_assertion(tenant, sign_assertion(tenant, signer=foreign))
    assert_refused(answer, 401, "invalid_client", 700027, "use of the key to verify the signature failed.")


def test_a_thumbprint_with_another_key(tenant: RunningTenant) -> None:
    """Knowing the thumbprint is not having the key."""
    answer = ask_with_assertion(tenant, sign_assertion(tenant, signer=new_app_certificate("x").key_pem))
    assert_refused(answer, 401, "invalid_client", 700027, "Key was found, but use of the key")


def test_an_app_without_certificate(tenant: RunningTenant) -> None:
    """An app that registered no certificate knows none."""
    reader = tenant.app("Reader bot")["client_id"]
    assertion = sign_assertion(tenant, iss=reader, sub=reader)
    answer = ask_with_assertion(tenant, assertion, client_id=reader)
    assert_refused(answer, 401, "invalid_client", 700027, "The key was not found.")


def test_an_assertion_for_another_audience(tenant: RunningTenant) -> None:
    """An assertion is for the token endpoint of this tenant."""
    audiences: list[object] = ["https://login.microsoftonline.us/x/oauth2/v2.0/token", None, {"a": 1}, []]
    for audience in audiences:
        answer = ask_with_assertion(tenant, sign_assertion(tenant, aud=audience))
        assert_refused(answer, 401, "invalid_client", 700023, "does not match Realm issuer")


def test_an_assertion_for_the_real_name(tenant: RunningTenant) -> None:
    """The token endpoint has Microsoft's name, by whichever name it was reached."""
    audience = f"https://login.microsoftonline.com/{tenant.cloud()['tenant_id']}/oauth2/v2.0/token"
    assert ask_with_assertion(tenant, sign_assertion(tenant, aud=audience)).status_code == 200


def test_an_assertion_of_another_client(tenant: RunningTenant) -> None:
    """Issuer and subject are the client that asks."""
    for assertion in (sign_assertion(tenant, iss="someone"), sign_assertion(tenant, sub="someone")):
        answer = ask_with_assertion(tenant, assertion)
        assert_refused(answer, 401, "invalid_client", 700021, "application identifier doesn't match")


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_an_hour_off(tenant: RunningTenant, seconds: float) -> None:
    """An assertion is checked by the tenant's clock: an hour off, either way, and it is out of its time."""
    tenant.advance_clock(seconds)
    answer = ask_with_assertion(tenant, sign_assertion(tenant))
    assert_refused(answer, 401, "invalid_client", 700024, "is not within its valid time range.")


def test_a_few_minutes_are_forgiven(tenant: RunningTenant) -> None:
    """Clocks may differ by five minutes."""
    now = int(time.time())
    assert ask_with_assertion(tenant, sign_assertion(tenant, exp=now - 200)).status_code == 200
    assert ask_with_assertion(tenant, sign_assertion(tenant, nbf=now + 200)).status_code == 200


@pytest.mark.parametrize("assertion", ["nonsense", "a.b.c", "....", "é.é.é"])
def test_an_assertion_that_is_no_jwt(tenant: RunningTenant, assertion: str) -> None:
    """What is no JWT is refused as malformed."""
    answer = ask_with_assertion(tenant, assertion)
    assert_refused(answer, 401, "invalid_client", 50027, "JWT token is invalid or malformed.")


def test_an_algorithm_that_entra_id_does_not_take(tenant: RunningTenant) -> None:
    """Only RS256 and PS256 are taken."""
    answer = ask_with_assertion(tenant, sign_assertion(tenant, algorithm="RS512"))
    assert_refused(answer, 401, "invalid_client", 50027, "malformed")


def test_times_that_are_no_times(tenant: RunningTenant) -> None:
    """A lifetime that cannot be read makes the assertion malformed."""
    for claims in ({"exp": "soon"}, {"nbf": 1e300}, {"exp": [1]}):
        answer = ask_with_assertion(tenant, sign_assertion(tenant, **claims))
        assert_refused(answer, 401, "invalid_client", 50027, "malformed")


def test_the_assertion_type_is_needed(tenant: RunningTenant) -> None:
    """An assertion without its type, or of another, is refused."""
    assertion = sign_assertion(tenant)
    missing = ask_with_assertion(tenant, assertion, client_assertion_type=None)
    assert_refused(missing, 400, "invalid_request", 900144, "'client_assertion_type'.")
    other = ask_with_assertion(tenant, assertion, client_assertion_type="urn:x")
    assert_refused(other, 401, "invalid_client", 50027, "malformed")
