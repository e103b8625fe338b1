"""The first leg: the settings have values, and in the right form."""

from dataclasses import fields

from postroom.errors import CredentialNotFoundError, PostroomError
from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.report import Remedy
from postroom.values import Credential


def _check_settings(case: Case) -> str:
    resolved = case.resolved
    place = resolved.place
    return f"App {place.client_id}, tenant {place.tenant_id}, {place.cloud.name}, {resolved.address}."


def _prescribe_setting(case: Case, _error: PostroomError) -> Remedy:
    if missing := _find_missing_credential(case):
        return Remedy(
            "Keep the value in the keychain of this machine; it is asked for:",
            command=f"postroom credential set {missing.name} {missing.attribute}",
        )
    return Remedy("Correct this setting of the connection, and examine it again.")


def _find_missing_credential(case: Case) -> Credential | None:
    given = [getattr(case.mode, setting.name) for setting in fields(case.mode)]
    named = [value for value in (*given, case.mailbox) if isinstance(value, Credential)]
    return next((credential for credential in named if _is_missing(case, credential)), None)


def _is_missing(case: Case, credential: Credential) -> bool:
    try:
        case.resolver.get_secret("", credential)
    except CredentialNotFoundError:
        return True
    except PostroomError:
        return False
    return False


SETTINGS = Leg("settings", "Settings", _check_settings, _prescribe_setting)
