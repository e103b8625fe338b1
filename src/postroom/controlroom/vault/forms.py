"""The forms of the vault's pages: names that are unique without case, and values that are typed and never shown."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from postroom.controlroom.vault.credentials import LONGEST_VALUE
from postroom.controlroom.vault.master_keys import open_vault
from postroom.controlroom.vault.models import Attribute, Credential
from postroom.controlroom.vault.names import fold_name
from postroom.errors import VaultError


class NamedForm(forms.ModelForm):
    """A record with a name that no other has, whatever the case of its letters."""

    def clean_name(self) -> str:
        """Refuse a name that is taken, also where the person may not see by what."""
        name = str(self.cleaned_data["name"]).strip()
        others = type(self.instance).objects.exclude(pk=self.instance.pk)
        if others.filter(folded_name=fold_name(name)).exists():
            raise ValidationError(gettext("This name is taken, perhaps in other case. Choose another one."))
        return name


class CredentialForm(NamedForm):
    """A credential's name, description and locker."""

    class Meta:
        """The attributes are rows of their own."""

        model = Credential
        fields = ("name", "description", "locker")
        widgets = {"description": UnfoldAdminExpandableTextareaWidget}


class ValueInput(UnfoldAdminPasswordWidget):
    """Where a value is typed: it is never filled in, and browsers are asked not to keep it."""

    def __init__(self) -> None:
        super().__init__(render_value=False, attrs={"autocomplete": "new-password"})


class AttributeForm(forms.ModelForm):
    """An attribute; its value is typed, and never shown again."""

    value = forms.CharField(
        label=_("Value"), required=False, strip=False, max_length=LONGEST_VALUE, widget=ValueInput
    )

    class Meta:
        """The value is none of the model's own fields."""

        model = Attribute
        fields = ("name", "kind", "value", "masked", "password_only")

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if "value" in self.fields:
            self._prepare_value()

    def clean(self) -> Any:
        """Refuse what would weaken a value that is there, and values while the vault is locked."""
        cleaned = super().clean()
        value = cleaned.get("value")
        if self.errors or not isinstance(value, str | None):
            return cleaned
        if value and cleaned.get("kind") == str(Attribute.Kind.USER_PROVIDED):
            self.add_error(
                "value", gettext("Leave it empty: each person gives their own under My credentials.")
            )
        elif value:
            self._check_vault()
        if (
            not cleaned.get("password_only")
            and self.initial.get("password_only")
            and self._has_value()
            and not value
        ):
            self.add_error("password_only", gettext("Enter the value again to let bots use it everywhere."))
        return cleaned

    def _check_vault(self) -> None:
        try:
            open_vault()
        except VaultError as error:
            self.add_error("value", error.message)

    def _has_value(self) -> bool:
        return self.instance.encrypted is not None or self.instance.personal_values.exists()

    def _prepare_value(self) -> None:
        field = self.fields["value"]
        if not self.instance.masked:
            field.widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
            # A text field would be filled in again after a mistake elsewhere in the form.
            field.widget.format_value = lambda _value: None
        field.widget.attrs["placeholder"] = self._describe_value()

    def _describe_value(self) -> str:
        if not self.instance.is_standard:
            return gettext("each person’s own")
        is_kept = self.instance.pk is not None and self.instance.encrypted is not None
        return gettext("unchanged") if is_kept else gettext("no value yet")


class AttributeFormSet(BaseInlineFormSet):
    """The attributes of a credential, with names that differ by more than case."""

    def clean(self) -> None:
        """Refuse two of one name."""
        super().clean()
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        names = [fold_name(form.cleaned_data["name"]) for form in kept if form.cleaned_data.get("name")]
        if len(names) != len(set(names)):
            raise ValidationError(gettext("Two attributes have the same name, perhaps in other case."))
