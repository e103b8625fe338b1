"""The health endpoint: whether this process can do its work."""

from django.db.utils import DatabaseError
from django.http import HttpRequest, JsonResponse

from postroom.controlroom.vault.master_keys import is_locked
from postroom.errors import VaultError

DATABASE_SILENT = "the database does not answer"
VAULT_LOCKED = "the Credential Vault is locked"
VAULT_UNUSABLE = "the Credential Vault has no usable master key"


def show_health(_request: HttpRequest) -> JsonResponse:
    """Answer 200 where all is well, else 503 with the reasons; it tells nothing else to whoever asks."""
    reasons = find_reasons()
    if reasons:
        return JsonResponse({"status": "unavailable", "reasons": reasons}, status=503)
    return JsonResponse({"status": "ok"})


def find_reasons() -> list[str]:
    """Say why this process cannot give tokens at the moment; nothing where it can."""
    try:
        return [VAULT_LOCKED] if is_locked() else []
    except VaultError:
        return [VAULT_UNUSABLE]
    except DatabaseError:
        return [DATABASE_SILENT]
