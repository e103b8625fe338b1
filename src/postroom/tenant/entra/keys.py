"""The keys that access tokens are signed with, one a cloud, and their public half as clients fetch it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

ALGORITHMS = ["RS256"]


class SignatureError(Exception):
    """A token is not one that this key signed."""


@dataclass(frozen=True)
class SigningKey:
    """Sign tokens for one cloud and check them again."""

    private_pem: bytes

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r})"

    @classmethod
    def generate(cls) -> Self:
        """Make up a new key."""
        return cls(new_rsa_key_pem())

    @cached_property
    def key(self) -> RSAKey:
        """The key itself, loaded once."""
        return RSAKey.import_key(self.private_pem)

    @cached_property
    def kid(self) -> str:
        """The name of the key in token headers and in the JWKS."""
        modulus = str(self.key.as_dict(private=False)["n"])
        return hashlib.sha256(modulus.encode()).hexdigest()[:27]

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign these claims as a JWT, the way Entra ID dates and names the key of its v1 access tokens."""
        header = {"alg": "RS256", "typ": "JWT", "x5t": self.kid, "kid": self.kid}
        return jwt.encode(header, claims, self.key, algorithms=ALGORITHMS)

    def read(self, token: str) -> dict[str, Any]:
        """Give the claims of a token of this key; SignatureError when it is none. Times are not looked at."""
        try:
            return dict(jwt.decode(token, self.key, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError) as error:
            raise SignatureError(str(error)) from error

    def jwks(self, issuer: str) -> dict[str, Any]:
        """Give the public key as a JSON Web Key Set (RFC 7517 §5)."""
        public = self.key.as_dict(private=False)
        entry = {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": public["n"],
            "e": public["e"],
        }
        return {"keys": [{**entry, "issuer": issuer}]}


def new_rsa_key_pem() -> bytes:
    """Make up an RSA key of 2048 bits, as PEM without a password."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
