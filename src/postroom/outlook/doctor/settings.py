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
    return f"App {place.client_id} of tenant {place.tenant_id} in {place.cloud.name}, for {resolved.address}."


def _prescribe_setting(case: Case, error: PostroomError) -> Remedy:
    if missing := _find_missing_credential(case):
        return Remedy(
            "Keep the value in the keychain of this machine; it is asked for:",
            command=f"postroom credential set {missing.name} {missing.attribute}",
        )
    return Remedy("Correct this setting of the connection, and examine it again.")


def _find_missing_credential(case: Case) -> Credential | None:
    given = [getattr(case.authentication, setting.name) for setting in fields(case.authentication)]
    for value in (*given, case.mailbox):
        try:
            if isinstance(value, Credential):
                case.resolver.get_secret("", value)
        except CredentialNotFoundError:
            return value
        except PostroomError:
            continue
    return None


SETTINGS = Leg("settings", "The settings are complete", _check_settings, _prescribe_setting)
