"""The forms of users, roles, and one's own settings."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.accounts.people import get_permissions
from postroom.controlroom.accounts.permissions import EXPLANATIONS, Permission


class UserForm(forms.ModelForm):
    """A user as an administrator sees them."""

    groups = forms.ModelMultipleChoiceField(
        Role.objects.all(),
        required=False,
        label=_("Roles"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("What the user may do. Without a role, they may sign in and nothing else."),
    )

    class Meta:
        """Everything but what the user alone decides."""

        model = User
        fields: tuple[str, ...] = ("username", "name", "email", "is_active", "groups")
        help_texts = {
            "username": _("What the person signs in with: letters, digits and @ . + - _"),
            "is_active": _("Without it, nobody can sign in as this user, and their devices are refused."),
        }
        labels = {"username": _("User name"), "is_active": _("Enabled"), "email": _("E-mail address")}


class NewUserForm(UserForm):
    """A user who is to be made."""

    password = forms.CharField(
        required=False,
        strip=False,
        label=_("Password"),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty for a one-time password: you see it once, and the user must change it."),
    )

    class Meta(UserForm.Meta):
        """A new user is enabled."""

        fields = ("username", "name", "email", "groups")

    def _post_clean(self) -> None:
        super()._post_clean()
        _check_password(self, "password", self.instance)


class PasswordForm(forms.Form):
    """Another password for a user."""

    password = NewUserForm.base_fields["password"]

    def __init__(self, user: User, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._user = user

    def _post_clean(self) -> None:
        _check_password(self, "password", self._user)


class PermissionCheckboxes(UnfoldAdminCheckboxSelectMultipleWidget):
    """A box for each permission, with what it means."""

    option_template_name = "accounts/permission_option.html"

    def create_option(self, name: str, value: str, *args: Any, **named: Any) -> dict[str, Any]:
        """Make the box."""
        option: dict[str, Any] = super().create_option(name, value, *args, **named)
        return {**option, "explanation": _(EXPLANATIONS[_get_permission(value)])}


class RoleForm(forms.ModelForm):
    """A role: what it allows, and who has it."""

    allowed = forms.MultipleChoiceField(required=False, label=_("Permissions"), widget=PermissionCheckboxes)
    members = forms.ModelMultipleChoiceField(
        User.objects.all(), required=False, label=_("Members"), widget=UnfoldAdminSelect2MultipleWidget
    )

    class Meta:
        """Permissions and members are saved by the page."""

        model = Role
        fields = ("name",)
        labels = {"name": _("Name")}

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["allowed"].choices = [(one.codename, one.label) for one in Permission]
        if self.instance.pk:
            self.initial["allowed"] = [one.codename for one in get_permissions(self.instance)]
            self.initial["members"] = list(self.instance.user_set.all())
        if self.instance.pk and self.instance.is_fixed:
            self.fields["name"].disabled = self.fields["allowed"].disabled = True
            self.fields["allowed"].help_text = _("This role always has every permission.")


class ProfileForm(forms.ModelForm):
    """What everybody decides about themselves."""

    class Meta:
        """Name, address, language."""

        model = User
        fields = ("name", "email", "language")
        labels = {"name": _("Name"), "email": _("E-mail address"), "language": _("Language")}
        widgets = {"name": UnfoldAdminTextInputWidget, "email": UnfoldAdminEmailInputWidget}

    language = forms.ChoiceField(
        required=False,
        label=_("Language"),
        choices=[("", _("As the browser says")), *settings.LANGUAGES],
        widget=UnfoldAdminSelectWidget,
    )


class OwnPasswordForm(PasswordChangeForm):
    """A new password, by whoever knows the old one."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for name, field in self.fields.items():
            kind = "current-password" if name == "old_password" else "new-password"
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": kind})
        self.fields["new_password1"].help_text = password_validators_help_text_html()


class DeviceForm(forms.Form):
    """A device whose key is to be copied by hand."""

    name = forms.CharField(
        max_length=100,
        label=_("Name of the device"),
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "LAPTOP-042"}),
    )


class UserCodeForm(forms.Form):
    """The code that a device shows."""

    code = forms.CharField(
        max_length=20,
        label=_("Code"),
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "BCDF-GHJK", "autocomplete": "off", "autocapitalize": "characters"}
        ),
    )


def _get_permission(codename: str) -> Permission:
    return Permission[codename.upper()]


def _check_password(form: forms.Form, field: str, user: User) -> None:
    password = form.cleaned_data.get(field)
    if password:
        try:
            validate_password(password, user)
        except forms.ValidationError as error:
            form.add_error(field, error)
