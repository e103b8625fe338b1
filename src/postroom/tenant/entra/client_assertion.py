"""The client assertion: a short JWT that a certificate's key signs (RFC 7523 §3)."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from postroom.tenant.directory import App
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.refusals import EntraRefusedError, refusal
from postroom.tenant.entra.timestamps import write_precisely
from postroom.tenant.state import CloudState

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS256", "PS256"]
CLOCK_SKEW_SECONDS = 300


class _AssertionRegistry(jws.JWSRegistry):
    """Take long headers: clients that send their certificate with its chain (x5c) fill some kilobytes."""

    max_header_length = 32 * 1024


REGISTRY = _AssertionRegistry(algorithms=ALGORITHMS, strict_check_header=False)


def check_assertion(assertion: str, app: App, request: TokenRequest, cloud: CloudState) -> None:
    """Refuse an assertion that the app's registered certificate did not sign, or that is not for here and now."""
    signed = _take_apart(assertion)
    header = dict(signed.headers())
    certificate = _find_certificate(header, app)
    if certificate is None:
        raise _bad_signature("The key was not found.", header, app, cloud)
    if not _is_signed_by(signed, certificate):
        found = f"Found key '{_validity(certificate)}'"
        reason = "Key was found, but use of the key to verify the signature failed."
        raise _bad_signature(reason, header, app, cloud, found)
    if not certificate.not_valid_before_utc <= cloud.now() < certificate.not_valid_after_utc:
        # [?] The words for an expired certificate in the reason of 700027 are from memory.
        found = f"Found key '{_validity(certificate)}'"
        raise _bad_signature("The key used is expired.", header, app, cloud, found)
    _check_claims(_read_claims(signed), request, cloud)


def thumbprints(certificate: x509.Certificate) -> dict[str, str]:
    """Give the thumbprints of a certificate as a JWT header carries them (RFC 7515 §4.1.7, §4.1.8)."""
    der = certificate.public_bytes(Encoding.DER)
    return {
        "x5t": _base64url(hashlib.sha1(der, usedforsecurity=False).digest()),
        "x5t#S256": _base64url(hashlib.sha256(der).digest()),
    }


def _take_apart(assertion: str) -> jws.CompactSignature:
    # Against RFC 7515 §2 azure-identity pads the parts and signs them so, which Entra ID puts up with.
    written = assertion.encode().split(b".")
    try:
        signed = jws.extract_compact(b".".join(part.rstrip(b"=") for part in written), registry=REGISTRY)
    except (JoseError, ValueError):
        raise refusal(50027) from None
    if signed.headers().get("alg") not in ALGORITHMS:
        raise refusal(50027)
    signed.segments |= {"header": written[0], "payload": written[1]}
    return signed


def _is_signed_by(signed: jws.CompactSignature, certificate: x509.Certificate) -> bool:
    try:
        return jws.validate_compact(signed, _public_key(certificate), registry=REGISTRY)
    except (JoseError, ValueError):
        return False


def _read_claims(signed: jws.CompactSignature) -> dict[str, Any]:
    try:
        claims = json.loads(signed.payload)
    except ValueError:
        raise refusal(50027) from None
    if not isinstance(claims, dict):
        raise refusal(50027)
    return claims


def _find_certificate(header: dict[str, Any], app: App) -> x509.Certificate | None:
    named = {name: str(header[name]).rstrip("=") for name in ("x5t", "x5t#S256") if name in header}
    for pem in app.certificates if named else ():
        certificate = x509.load_pem_x509_certificate(pem.encode())
        known = thumbprints(certificate)
        if all(known[name] == value for name, value in named.items()):
            return certificate
    return None


def _public_key(certificate: x509.Certificate) -> RSAKey:
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return RSAKey.import_key(pem)


def _check_claims(claims: dict[str, Any], request: TokenRequest, cloud: CloudState) -> None:
    if not (claims.get("iss") == claims.get("sub") == request.form.get("client_id")):
        raise refusal(700021)
    named = claims.get("aud")
    audiences = {str(audience) for audience in (named if isinstance(named, list) else [named])}
    if audiences.isdisjoint(_audiences(request, cloud)):
        raise refusal(700023)
    _check_lifetime(claims, cloud.now())


def _check_lifetime(claims: dict[str, Any], now: datetime) -> None:
    try:
        valid_from = datetime.fromtimestamp(float(claims.get("nbf", 0)), UTC)
        expires = datetime.fromtimestamp(float(claims.get("exp", 0)), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise refusal(50027) from None
    early = (valid_from - now).total_seconds() > CLOCK_SKEW_SECONDS
    late = (now - expires).total_seconds() > CLOCK_SKEW_SECONDS
    if early or late:
        raise refusal(
            700024,
            now=write_precisely(now),
            valid_from=write_precisely(valid_from),
            expires=write_precisely(expires),
        )


def _audiences(request: TokenRequest, cloud: CloudState) -> set[str]:
    bases = (f"https://{cloud.hosts.login}", cloud.local_url, f"https://{request.host}")
    directory = cloud.directory
    tenants = (directory.tenant_id, directory.domain, request.tenant)
    return {f"{base}/{tenant}/oauth2/v2.0/token" for base in bases for tenant in tenants}


def _bad_signature(
    reason: str, header: dict[str, Any], app: App, cloud: CloudState, found: str | None = None
) -> EntraRefusedError:
    thumbprint = _hexadecimal(str(header.get("x5t") or header.get("x5t#S256") or ""))
    parts = [reason, f"Thumbprint of key used by client: '{thumbprint}'", *([found] if found else [])]
    return refusal(700027, reason=", ".join(parts), app_id=app.client_id, graph=cloud.hosts.graph_url)


def _validity(certificate: x509.Certificate) -> str:
    start = certificate.not_valid_before_utc.strftime("%m/%d/%Y %H:%M:%S")
    return f"Start={start}, End={certificate.not_valid_after_utc.strftime('%m/%d/%Y %H:%M:%S')}"


def _hexadecimal(thumbprint: str) -> str:
    try:
        return base64.urlsafe_b64decode(thumbprint + "=" * (-len(thumbprint) % 4)).hex().upper()
    except ValueError:
        return ""


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
