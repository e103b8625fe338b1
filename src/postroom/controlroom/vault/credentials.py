"""The values of credentials: saved once and never shown, given to bots of who may use them; each step is told.

What is told is who, when and which attribute: the history of the credential and the audit trail never hold a value.
"""

from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.vault import envelope
from postroom.controlroom.vault.models import Attribute, Credential, CredentialChange, PersonalValue
from postroom.controlroom.vault.names import fold_name
from postroom.controlroom.vault.registry import identify
from postroom.controlroom.vault.rights import (
    Right,
    get_credential_rights,
    list_attributes_to_provide,
    list_credentials,
    list_usable_credentials,
)
from postroom.errors import NotAllowedError, RecordNotFoundError, SettingError, VaultDamagedError
from postroom.values import Secret

LONGEST_VALUE = 100_000
"""In characters: a certificate with its chain fits, a file does not."""
What = CredentialChange.What


class UsedValue(NamedTuple):
    """A value as a bot gets it."""

    value: Secret
    masked: bool
    password_only: bool


def use_value(user: User, name: str, attribute: str) -> UsedValue:
    """Give the value of a credential's attribute to a bot of this person.

    Errors: RecordNotFoundError where there is none for this person, or they have not given theirs; VaultLockedError,
    VaultDamagedError.
    """
    target = f"{name}/{attribute}"
    found = Attribute.objects.filter(
        credential__in=list_usable_credentials(user),
        credential__folded_name=fold_name(name),
        folded_name=fold_name(attribute),
    ).first()
    if found is None:
        record(Event.CREDENTIAL_USED, actor=user, target=target, outcome=Outcome.REFUSED)
        raise _not_found(target)
    try:
        value = _read_value(user, found)
    except (RecordNotFoundError, VaultDamagedError) as error:
        reason = type(error).__name__
        record(Event.CREDENTIAL_USED, actor=user, target=target, outcome=Outcome.FAILED, error=reason)
        raise
    record(Event.CREDENTIAL_USED, actor=user, target=describe(found))
    return UsedValue(value, found.masked, found.password_only)


def set_value(user: User, attribute: Attribute, value: Secret) -> None:
    """Save the value that all consumers get, in place of an earlier one.

    Errors: NotAllowedError; SettingError where it is empty or too long; VaultLockedError.
    """
    if Right.SET_VALUES not in get_credential_rights(user, attribute.credential):
        record(Event.CREDENTIAL_CHANGED, actor=user, target=describe(attribute), outcome=Outcome.REFUSED)
        raise NotAllowedError(
            _(
                "You may not set values of “%(name)s”. Its owner may, and the owners and managers of its locker."
            )
            % {"name": attribute.credential.name}
        )
    if not attribute.is_standard:
        raise SettingError(
            _("Each person gives their own value for “%(name)s”, under My credentials.")
            % {"name": attribute.name}
        )
    _check(value)
    with transaction.atomic():
        attribute.encrypted = envelope.encrypt(identify(attribute, "encrypted"), value.reveal().encode())
        attribute.save(update_fields=["encrypted"])
        note(user, attribute.credential, str(What.VALUE_SET), attribute.name)


def give_own_value(user: User, attribute: Attribute, value: Secret) -> None:
    """Save the value that bots of this person alone get. Errors: as `set_value`."""
    if not list_attributes_to_provide(user).filter(pk=attribute.pk).exists():
        record(Event.CREDENTIAL_CHANGED, actor=user, target=describe(attribute), outcome=Outcome.REFUSED)
        raise NotAllowedError(
            _(
                "No value of yours is asked for “%(name)s”: you do not use it, or everybody gets the same value."
            )
            % {"name": attribute.name}
        )
    _check(value)
    with transaction.atomic():
        own, _created = PersonalValue.objects.get_or_create(attribute=attribute, user=user)
        own.encrypted = envelope.encrypt(identify(own, "encrypted"), value.reveal().encode())
        own.save(update_fields=["encrypted"])
        note(user, attribute.credential, str(What.PERSONAL_VALUE_SET), attribute.name)


def save_value(user: User, name: str, attribute: str, value: Secret) -> None:
    """Save a value by its names: everybody's, or one's own where each person gives theirs.

    Errors: RecordNotFoundError where the person neither sees nor uses it; as `set_value`.
    """
    visible = list_credentials(user) | list_usable_credentials(user)
    found = Attribute.objects.filter(
        credential__in=visible.values("pk"),
        credential__folded_name=fold_name(name),
        folded_name=fold_name(attribute),
    ).first()
    if found is None:
        raise _not_found(f"{name}/{attribute}")
    if found.is_standard:
        set_value(user, found, value)
    else:
        give_own_value(user, found, value)


def note(user: User, credential: Credential, what: str, attribute: str = "") -> None:
    """Write into the history and the audit trail what was done to a credential."""
    CredentialChange.objects.create(credential=credential, by=user, what=what, attribute=attribute)
    event = Event.CREDENTIAL_CREATED if what == str(What.CREATED) else Event.CREDENTIAL_CHANGED
    record(event, actor=user, target=credential.name, what=what, attribute=attribute or None)


def describe(attribute: Attribute) -> str:
    """The names of a credential and its attribute, as bots write them."""
    return f"{attribute.credential.name}/{attribute.name}"


def _read_value(user: User, attribute: Attribute) -> Secret:
    if attribute.is_standard:
        if attribute.encrypted is None:
            raise RecordNotFoundError(
                _("The credential “%(name)s” has no value yet. Its owner enters it in the Control Room.")
                % {"name": describe(attribute)}
            )
        plain = envelope.decrypt(identify(attribute, "encrypted"), attribute.encrypted)
        return Secret(plain.decode())
    own = PersonalValue.objects.filter(attribute=attribute, user=user).exclude(encrypted=None).first()
    if own is None:
        raise RecordNotFoundError(
            _("You have not given your value of “%(name)s”. Do it under My credentials in the Control Room.")
            % {"name": describe(attribute)}
        )
    return Secret(envelope.decrypt(identify(own, "encrypted"), own.encrypted).decode())


def _check(value: Secret) -> None:
    if not value.reveal():
        raise SettingError(_("The value is empty, so nothing was saved. Enter it."))
    if len(value.reveal()) > LONGEST_VALUE:
        raise SettingError(
            _("The value has more than %(count)d characters, so it was not saved. Keep files elsewhere.")
            % {"count": LONGEST_VALUE}
        )


def _not_found(target: str) -> RecordNotFoundError:
    return RecordNotFoundError(
        _(
            "There is no credential “%(name)s” that you may use. Check the name, or ask the owner of its locker to "
            "invite one of your roles."
        )
        % {"name": target}
    )
