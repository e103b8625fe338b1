"""The pages of users."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from postroom.controlroom.accounts import people
from postroom.controlroom.accounts.forms import NewUserForm, PasswordForm, UserForm
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.pages_admin import RuledModelAdmin
from postroom.controlroom.accounts.permissions import Permission
from postroom.values import Secret


class UserPages(RuledModelAdmin):
    """Who has an account, what their roles are, and whether they may come in."""

    manage_permission = Permission.MANAGE_USERS
    form = UserForm
    list_display = ("shown_name", "email", "shown_roles", "shown_state", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "name", "email")
    actions_detail = ("new_password",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """List users with their roles."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **named: Any) -> Any:
        """Ask for a password where the user is new."""
        form = UserForm if obj else NewUserForm
        return super().get_form(request, obj, change, form=form, **named)

    @display(description=_("User"), ordering="username", header=True)
    def shown_name(self, user: User) -> tuple[str, str]:
        """The name to sign in with, and the person's."""
        return user.username, user.name

    @display(description=_("Roles"))
    def shown_roles(self, user: User) -> str:
        """The roles by name."""
        return ", ".join(sorted(role.name for role in user.groups.all())) or gettext("none")

    @display(
        description=_("Enabled"), ordering="is_active", label={"enabled": "success", "disabled": "danger"}
    )
    def shown_state(self, user: User) -> tuple[str, str]:
        """Whether the user may come in."""
        return ("enabled", gettext("Enabled")) if user.is_active else ("disabled", gettext("Disabled"))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save what was changed, or make the user."""
        if change:
            super().save_model(request, obj, form, change)
            return
        given = form.cleaned_data
        new = people.NewUser(given["username"], given["name"], given["email"], tuple(given["groups"]))
        password = Secret(given["password"]) if given["password"] else None
        user, request.one_time_password = people.create_user(request.user, new, password)
        obj.pk = user.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the roles; then check and write down the whole."""
        changed = form.changed_data
        super().save_related(request, form, formsets, change)
        if change and changed:
            people.note_user_change(request.user, form.instance, changed)

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the one-time password, if there is one."""
        if request.one_time_password:
            return self._show_password(request, obj, request.one_time_password)
        return super().response_add(request, obj, post_url_continue)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete the user, by the rules."""
        people.delete_user(request.user, obj)

    @action(description=_("New password"), url_path="password", permissions=["change"])
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a new password, or make one for one time."""
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        form = PasswordForm(user, request.POST or None if request.method == "GET" else request.POST)
        if request.method == "POST" and form.is_valid():
            return self._give_password(request, user, form.cleaned_data["password"])
        title = gettext("New password of %(user)s") % {"user": user.username}
        return self._render(request, "accounts/password.html", title, form=form, person=user)

    def _give_password(self, request: HttpRequest, user: User, password: str) -> HttpResponse:
        one_time = people.give_password(request.user, user, Secret(password) if password else None)
        if one_time:
            return self._show_password(request, user, one_time)
        messages.success(request, gettext("The password was changed."))
        return redirect("admin:accounts_user_change", user.pk)

    def _show_password(self, request: HttpRequest, user: User, password: Secret) -> HttpResponse:
        response = self._render(
            request,
            "accounts/shown_once.html",
            gettext("One-time password of %(user)s") % {"user": user.username},
            secret=password,
            message=gettext(
                "Give it to the person now: it is shown this once. At the first sign-in they choose their own."
            ),
            way_on=(gettext("To the users"), reverse("admin:accounts_user_changelist")),
        )
        response["Cache-Control"] = "no-store"
        return response

    def _render(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "title": title}
        return TemplateResponse(request, template, {**shared, **context})
