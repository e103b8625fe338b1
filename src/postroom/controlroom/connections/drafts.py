"""A connection on its way through the first two screens: kept in the session, its secret encrypted."""

import base64
import uuid
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest

from postroom.controlroom.connections.client_secrets import NewSecret
from postroom.controlroom.vault.envelope import decrypt, encrypt
from postroom.controlroom.vault.registry import get_identity
from postroom.errors import VaultDamagedError, VaultKeyError
from postroom.values import Secret

_KEY = "connection_draft"


@dataclass
class Draft:
    """What was entered so far, as it was typed; `secret` is what was entered last, with what it is for."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    identity: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """The provider that was chosen; empty before the first screen was filled in."""
        return self.identity.get("provider", "")

    @property
    def kept(self) -> dict[str, str]:
        """Which proof is here already, and for which token URL, as `ClientForm` takes it."""
        return {name: self.secret[name] for name in ("proof", "token_url")} if self.secret else {}

    @property
    def initial(self) -> dict[str, str]:
        """What the second screen is to show again; empty before it was seen."""
        return {**self.client, "secret_expires": self.secret.get("expires", "")} if self.client else {}

    def keep_secret(self, new: NewSecret, proof: str, token_url: str) -> None:
        """Keep a secret over the steps. Errors: VaultLockedError."""
        self.secret = {
            "proof": proof,
            "token_url": token_url,
            "encrypted": base64.b64encode(encrypt(self._identity, new.text.reveal().encode())).decode(),
            "expires": new.expires.isoformat() if new.expires else "",
            "thumbprint": new.thumbprint,
        }

    def find_secret(self) -> NewSecret | None:
        """The secret that was entered; None where none was, or its key is gone meanwhile."""
        if not self.secret:
            return None
        try:
            plain = decrypt(self._identity, base64.b64decode(self.secret["encrypted"]))
        except (VaultDamagedError, VaultKeyError):
            return None
        expires = self.secret["expires"]
        return NewSecret(
            Secret(plain.decode()),
            date.fromisoformat(expires) if expires else None,
            self.secret["thumbprint"],
        )

    @property
    def _identity(self) -> str:
        return get_identity("connections.Draft", self.id, "secret")


def read_draft(request: HttpRequest) -> Draft:
    """The draft of this session, or an empty one."""
    stored: dict[str, Any] = request.session.get(_KEY) or {}
    return Draft(**stored)


def keep_draft(request: HttpRequest, draft: Draft) -> None:
    """Keep the draft in the session."""
    request.session[_KEY] = asdict(draft)


def drop_draft(request: HttpRequest) -> None:
    """Forget the draft."""
    request.session.pop(_KEY, None)
