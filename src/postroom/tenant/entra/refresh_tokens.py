"""Refresh tokens: a user's authorization, sealed, to be used again and again until it lapses (RFC 6749 §6)."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta

import msgspec

from postroom.tenant.directory import App, User
from postroom.tenant.entra.authorization_codes import Authorization
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.sealing import SealError
from postroom.tenant.entra.timestamps import write_second
from postroom.tenant.state import CloudState

KIND = "refresh token"
INACTIVE_AFTER = timedelta(days=90)


@dataclass(frozen=True)
class RefreshToken:
    """Tell what a refresh token stands for, and the Unix second it was issued."""

    authorization: Authorization
    issued: int


def issue_refresh_token(app: App, user: User, authorization: Authorization, cloud: CloudState) -> str:
    """Give a new refresh token; those of before stay good, as Entra ID revokes none that is used."""
    kept = replace(authorization, code_challenge=None, code_challenge_method=None, nonce=None)
    return cloud.sealer.seal(
        KIND, msgspec.to_builtins(asdict(RefreshToken(kept, cloud.issue_time(app, user))))
    )


def read_refresh_token(text: str, app: App, cloud: CloudState) -> RefreshToken:
    """Give what a refresh token stands for, or refuse one that is no token of this app or that has lapsed."""
    try:
        token = msgspec.convert(cloud.sealer.open(KIND, text), RefreshToken)
    except SealError:
        raise refusal(9002313) from None
    if token.authorization.client_id != app.client_id:
        raise refusal(70000)
    if cloud.now().timestamp() >= token.issued + INACTIVE_AFTER.total_seconds():
        inactive = f"{INACTIVE_AFTER.days}.00:00:00"
        raise refusal(700082, issued=write_second(token.issued), inactive=inactive)
    return token


def check_sign_in_frequency(user: User, token: RefreshToken, cloud: CloudState) -> None:
    """Refuse the refresh token of a user who has to sign in again by now (70043)."""
    limit = user.sign_in_frequency_seconds
    if limit is not None and cloud.now().timestamp() >= token.authorization.auth_time + limit:
        raise refusal(70043, issued=write_second(token.issued), seconds=str(limit))
