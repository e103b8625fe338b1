"""The pages of credentials: a list, and one page for each with its attributes, whose values are never shown."""

from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.vault.credentials import note, set_value
from postroom.controlroom.vault.forms import AttributeForm, AttributeFormSet, CredentialForm
from postroom.controlroom.vault.models import MOST_ATTRIBUTES, Attribute, Credential, CredentialChange, Locker
from postroom.controlroom.vault.pages_base import VaultPages
from postroom.controlroom.vault.rights import (
    Right,
    get_credential_rights,
    list_credentials,
    list_lockers_to_fill,
)
from postroom.values import Secret

What = CredentialChange.What


class AttributeInline(TabularInline):
    """The attributes of a credential."""

    model = Attribute
    form = AttributeForm
    formset = AttributeFormSet
    extra = 0
    hide_title = True
    max_num = MOST_ATTRIBUTES

    def get_fields(self, request: HttpRequest, obj: Credential | None = None) -> tuple[str, ...]:
        """Give whoever sets values a field for them."""
        if obj is None or Right.SET_VALUES in get_credential_rights(request.user, obj):
            return ("name", "kind", "value", "masked", "password_only")
        return ("name", "kind", "shown_value", "masked", "password_only")

    readonly_fields = ("shown_value",)

    def get_formset(self, request: HttpRequest, obj: Credential | None = None, **options: Any) -> Any:
        """Refuse more rows than a credential can have, also from who makes rows without the page."""
        return super().get_formset(request, obj, validate_max=True, **options)

    def get_extra(self, request: HttpRequest, obj: Any = None, **options: Any) -> int:  # noqa: ARG002
        """Offer a first row where there is none."""
        return 1 if obj is None else 0

    @display(description=_("Value"))
    def shown_value(self, attribute: Attribute) -> str:
        """Whether there is one."""
        if not attribute.is_standard:
            return gettext("each person’s own")
        return gettext("no value yet") if attribute.encrypted is None else "••••••"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whoever sees the credential sees the names of its attributes."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """Say whether the person may change this credential."""
        return obj is None or Right.CHANGE in get_credential_rights(request.user, obj)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


class CredentialPages(VaultPages):
    """The credentials that a person may see."""

    form = CredentialForm
    inlines = (AttributeInline,)
    list_display = ("name", "shown_locker", "owner", "shown_attributes", "changed")
    search_fields = ("name", "description", "locker__name")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Credential]":
        """Only those."""
        found = list_credentials(request.user).select_related("locker", "owner")
        return found.annotate(attribute_count=Count("attributes", distinct=True))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say whether the person may have credentials."""
        return bool(request.user.is_authenticated and request.user.may(self.manage_permission))

    def has_change_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """Say whether the person may change this credential."""
        return self._may(request, obj, Right.CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """Say whether the person may delete this credential."""
        return self._may(request, obj, Right.DELETE)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Offer the lockers that the person may fill, and the one that it is in."""
        if db_field.name == "locker":
            options["queryset"] = list_lockers_to_fill(request.user) | _get_present_locker(request)
        field = super().formfield_for_foreignkey(db_field, request, **options)
        if db_field.name == "locker":
            field.empty_label = gettext("None: private to its owner")
        return field

    def get_form(self, request: HttpRequest, obj: Credential | None = None, **options: Any) -> Any:
        """A form without ways to other records."""
        form = super().get_form(request, obj, **options)
        if (field := form.base_fields.get("locker")) is not None:
            for name in ("can_add_related", "can_change_related", "can_view_related", "can_delete_related"):
                setattr(field.widget, name, False)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Credential | None = None) -> tuple[str, ...]:
        """Who may not set values may not carry them to another locker either."""
        if obj is None or Right.SET_VALUES in get_credential_rights(request.user, obj):
            return ()
        return ("locker",)

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        """Save it, and tell of it."""
        if not change:
            obj.owner = request.user
        obj.save()
        if not change:
            note(request.user, obj, str(What.CREATED))
        elif form.changed_data:
            note(request.user, obj, str(What.CHANGED))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002
        """Save the attributes, and the values that were typed."""
        formset.save()
        for attribute in formset.deleted_objects:
            note(request.user, form.instance, str(What.ATTRIBUTE_DELETED), attribute.name)
        for attribute in formset.new_objects:
            note(request.user, form.instance, str(What.ATTRIBUTE_ADDED), attribute.name)
        for attribute, changed in formset.changed_objects:
            _settle_change(request, attribute, changed)
        deleted = set(formset.deleted_forms)
        for row in formset.forms:
            if row not in deleted and (value := (row.cleaned_data or {}).get("value")):
                set_value(request.user, row.instance, Secret(value))

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Credential) -> None:
        """Delete it, and tell of it."""
        name = obj.name
        super().delete_model(request, obj)
        record(Event.CREDENTIAL_DELETED, actor=request.user, target=name)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Who may delete the credential may delete what belongs to it."""
        to_delete, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what was changed, by whom and when, without any value."""
        credential = self.get_object(request, object_id)
        if credential is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("History of %(name)s") % {"name": credential.name},
            "opts": self.opts,
            "credential": credential,
            "changes": credential.changes.select_related("by")[:500],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "vault/history.html", context)

    @display(description=_("Locker"), ordering="locker__folded_name")
    def shown_locker(self, credential: Credential) -> str:
        """Its locker."""
        return credential.locker.name if credential.locker else gettext("Private")

    @display(description=_("Attributes"))
    def shown_attributes(self, credential: Any) -> int:
        """How many it has."""
        return int(credential.attribute_count)

    def _may(self, request: HttpRequest, credential: Credential | None, right: Right) -> bool:
        if credential is None:
            return self.has_view_permission(request)
        return self.has_view_permission(request) and right in get_credential_rights(request.user, credential)


def _settle_change(request: HttpRequest, attribute: Attribute, changed: list[str]) -> None:
    if set(changed) - {"value"}:
        note(request.user, attribute.credential, str(What.ATTRIBUTE_CHANGED), attribute.name)
    if "kind" in changed:
        # Whose value it is has changed: nobody's old one may stand for it.
        Attribute.objects.filter(pk=attribute.pk).update(encrypted=None)
        attribute.personal_values.all().delete()
        attribute.encrypted = None


def _get_present_locker(request: HttpRequest) -> "QuerySet[Locker]":
    key = request.resolver_match.kwargs.get("object_id")
    present = Credential.objects.filter(pk=key) if key else Credential.objects.none()
    return Locker.objects.filter(pk__in=present.values("locker"))
