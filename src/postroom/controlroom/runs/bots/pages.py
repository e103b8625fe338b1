"""The pages of bots: which are deployed, deploying, versions and what differs between them, and running one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.bots import deploying
from postroom.controlroom.runs.bots.folder import refresh
from postroom.controlroom.runs.bots.library import DeployedLibrary
from postroom.controlroom.runs.input_forms import needs_session
from postroom.controlroom.runs.models import Bot, BotVersion, Run, RunStatus
from postroom.controlroom.runs.rights import SEE_BOTS, list_runs
from postroom.controlroom.runs.shown import CHIPS, get_context
from postroom.controlroom.settings import CONFIGURATION
from postroom.errors import BotFileError, Fault, PostroomError

RECENT_RUNS = 5
BOTS_A_PAGE = 200
LARGEST_LIMIT = 1_000_000


class DeployForm(forms.Form):
    """A bot file, chosen or pasted, under which name, and why."""

    file = forms.FileField(
        label=_("Bot file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml", "class": " ".join(INPUT_CLASSES)}),
        help_text=_("A file that ends in .bot.yaml. It takes the place of the text below."),
    )
    path = forms.CharField(
        label=_("Name of the file"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "intake.bot.yaml"}
        ),
        help_text=_("Other bots run it by this name. Empty for the name of the file above."),
    )
    text = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 18, "spellcheck": "false", "class": "code-field", "wrap": "off"}
        ),
    )
    note = forms.CharField(
        label=_("What is new"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("For whoever looks at the history."),
    )

    def clean(self) -> dict[str, Any]:
        """Take the file as the text, and its name where no other is given."""
        given: dict[str, Any] = super().clean()
        file = given.get("file")
        if file is not None:
            try:
                given["text"] = file.read(deploying.LONGEST_TEXT + 1).decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError(
                    gettext("This file is not text in UTF-8, so it is no bot file.")
                ) from None
            given["path"] = given.get("path") or file.name
        if not given.get("text", "").strip():
            raise ValidationError(gettext("Choose a bot file, or paste its text."))
        if not given.get("path"):
            self.add_error("path", gettext("Give the bot a file name, such as intake.bot.yaml."))
        return given


class LimitsForm(forms.Form):
    """How many runs of a bot at once, and how long each."""

    run_limit = forms.IntegerField(
        label=_("Most runs at once"),
        required=False,
        min_value=1,
        max_value=LARGEST_LIMIT,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Others wait in the queue. Empty for no limit."),
    )
    time_limit_seconds = forms.IntegerField(
        label=_("Longest run, in seconds"),
        required=False,
        min_value=1,
        max_value=LARGEST_LIMIT,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("A run that takes longer is stopped. Empty for no limit."),
    )


@needs(*SEE_BOTS)
def show_bots(request: HttpRequest) -> HttpResponse:
    """The bots that are deployed, each with how its last run went."""
    search = request.GET.get("search", "").strip().replace("\0", "")
    wanted = Bot.objects.filter(Q(name__icontains=search) | Q(path__icontains=search))
    if "withdrawn" not in request.GET:
        wanted = wanted.filter(withdrawn=None)
    last = list_runs(request.user).filter(bot=OuterRef("pk")).order_by("-created", "-id").values("pk")[:1]
    newest = BotVersion.objects.filter(bot=OuterRef("pk")).order_by("-number")
    bots = list(
        wanted.annotate(
            last_run=Subquery(last),
            number=Subquery(newest.values("number")[:1]),
            since=Subquery(newest.values("deployed")[:1]),
            inputs=Subquery(newest.values("inputs")[:1]),
        )[: BOTS_A_PAGE + 1]
    )
    runs = Run.objects.in_bulk([bot.last_run for bot in bots if bot.last_run])
    shown = get_context(
        request,
        gettext("Bots"),
        rows=[_show_row(bot, runs.get(bot.last_run)) for bot in bots[:BOTS_A_PAGE]],
        has_more=len(bots) > BOTS_A_PAGE,
        search=search,
        with_withdrawn="withdrawn" in request.GET,
        has_withdrawn=Bot.objects.exclude(withdrawn=None).exists(),
        is_empty=not bots and not search,
        folder=CONFIGURATION.bots_folder,
        **_describe_rights(request),
    )
    return render(request, "runs/bots.html", shown)


@needs(*SEE_BOTS)
def show_bot(request: HttpRequest, pk: int) -> HttpResponse:
    """A bot: what it is given, its versions, its last runs."""
    bot = get_object_or_404(Bot, pk=pk)
    versions = list(bot.versions.select_related("deployed_by").defer("text"))
    runs = list_runs(request.user).filter(bot=bot).select_related("run_as", "parent__bot")[:RECENT_RUNS]
    shown = get_context(
        request,
        bot.name,
        bot=bot,
        versions=versions,
        newest=versions[0] if versions else None,
        needs_session=bool(versions) and needs_session(versions[0].inputs),
        runs=[(run, CHIPS[run.status]) for run in runs],
        **_describe_rights(request),
    )
    return render(request, "runs/bot.html", shown)


@needs(Permission.MANAGE_BOTS)
@require_http_methods(["GET", "POST"])
def deploy_bot(request: HttpRequest) -> HttpResponse:
    """Deploy a bot file; what is wrong with it is shown beside its lines, and nothing is deployed then."""
    form = DeployForm(request.POST or None, request.FILES or None, initial=_begin_with(request))
    faults: list[Fault] = []
    text = ""
    if request.method == "POST" and form.is_valid():
        text, path = form.cleaned_data["text"], form.cleaned_data["path"]
        try:
            if "check" in request.POST:
                deploying.read_file(path, text, children=DeployedLibrary())
                messages.success(request, gettext("The file holds no fault. It is not deployed yet."))
            else:
                version = deploying.deploy_file(request.user, path, text, form.cleaned_data["note"])
                messages.success(
                    request,
                    gettext("Deployed %(bot)s as version %(number)d.")
                    % {"bot": version.bot.name, "number": version.number},
                )
                return redirect("bot", pk=version.bot_id)
        except BotFileError as error:
            faults = error.faults
        except PostroomError as error:
            form.add_error(None, error.message)
        # A chosen file cannot be chosen again for the person, but its text can be kept.
        form = _show_again(form, path, text)
    shown = get_context(
        request,
        gettext("Deploy a bot"),
        form=form,
        faults=faults,
        lines=_annotate(text, faults),
        **_describe_rights(request),
    )
    return render(request, "runs/deploy.html", shown)


@needs(Permission.MANAGE_BOTS)
@require_POST
def refresh_bots(request: HttpRequest) -> HttpResponse:
    """Deploy what has changed in the folder of bots, and tell what was."""
    try:
        done = refresh(request.user)
    except PostroomError as error:
        messages.error(request, error.message)
        return redirect("bots")
    shown = get_context(request, gettext("The folder of bots"), done=done, **_describe_rights(request))
    return render(request, "runs/refreshed.html", shown)


@needs(Permission.MANAGE_BOTS)
def show_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The text of a version, a line at a time, so that a step can lead to its line."""
    version = _get_version(pk, number)
    shown = get_context(
        request,
        gettext("%(bot)s, version %(number)d") % {"bot": version.bot.name, "number": version.number},
        version=version,
        bot=version.bot,
        lines=_annotate(version.text, []),
        **_describe_rights(request),
    )
    return render(request, "runs/version.html", shown)


@needs(Permission.MANAGE_BOTS)
def compare_versions(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What differs between a version and the one before it, or the one that `with` names."""
    version = _get_version(pk, number)
    wanted = request.GET.get("with", "")
    earlier = version.bot.versions.filter(number__lt=number)
    other = _get_version(pk, int(wanted)) if wanted.isdecimal() else earlier.order_by("-number").first()
    lines = list(deploying.compare(other.text if other else "", version.text))
    shown = get_context(
        request,
        gettext("What differs in version %(number)d of %(bot)s")
        % {"bot": version.bot.name, "number": number},
        version=version,
        bot=version.bot,
        other=other,
        others=version.bot.versions.exclude(number=number).defer("text"),
        lines=lines,
        **_describe_rights(request),
    )
    return render(request, "runs/differences.html", shown)


@needs(Permission.MANAGE_BOTS)
@require_POST
def go_back(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Deploy an earlier version again."""
    try:
        made = deploying.go_back(request.user, _get_version(pk, number))
        told = gettext("Version %(number)d is in use again, as version %(made)d.")
        messages.success(request, told % {"number": number, "made": made.number})
    except PostroomError as error:
        messages.error(request, error.message)
    return redirect("bot", pk=pk)


@needs(Permission.MANAGE_BOTS)
@require_http_methods(["GET", "POST"])
def edit_limits(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how many runs of a bot there may be at once, and how long they may last."""
    bot = get_object_or_404(Bot, pk=pk)
    form = LimitsForm(request.POST or None, initial=vars(bot))
    if request.method == "POST" and form.is_valid():
        deploying.change_limits(request.user, bot, **form.cleaned_data)
        messages.success(request, gettext("Saved."))
        return redirect("bot", pk=pk)
    title = gettext("Limits of %(bot)s") % {"bot": bot.name}
    return render(request, "runs/limits.html", get_context(request, title, form=form, bot=bot))


@needs(Permission.MANAGE_BOTS)
@require_http_methods(["GET", "POST"])
def withdraw_bot(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a bot out of use, after asking."""
    bot = get_object_or_404(Bot, pk=pk)
    if request.method == "POST":
        deploying.withdraw(request.user, bot)
        messages.success(request, gettext("“%(bot)s” is out of use.") % {"bot": bot.name})
        return redirect("bots")
    active = bot.runs.filter(status__in=(RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED)).count()
    going_on = ngettext(
        "%(n)d run of it is not over, and goes on.", "%(n)d runs of it are not over, and go on.", active
    ) % {"n": active}
    shown = get_context(
        request,
        gettext("Take %(bot)s out of use?") % {"bot": bot.name},
        bot=bot,
        going_on=going_on if active else "",
    )
    return render(request, "runs/withdraw.html", shown)


def _get_version(pk: int, number: int) -> BotVersion:
    version: BotVersion | None = (
        BotVersion.objects.filter(bot=pk, number=number).select_related("bot", "deployed_by").first()
    )
    if version is None:
        raise Http404
    return version


def _begin_with(request: HttpRequest) -> dict[str, str]:
    wanted = request.GET.get("bot", "")
    if not wanted.isdecimal():
        return {}
    newest = BotVersion.objects.filter(bot=int(wanted)).select_related("bot").order_by("-number").first()
    return {"path": newest.bot.path, "text": newest.text} if newest is not None else {}


def _show_again(form: DeployForm, path: str, text: str) -> DeployForm:
    again = DeployForm({**form.data.dict(), "path": path, "text": text})
    again._errors = form.errors
    return again


def _annotate(text: str, faults: list[Fault]) -> list[dict[str, Any]]:
    return [
        {"number": number, "text": line, "faults": [fault for fault in faults if fault.line == number]}
        for number, line in enumerate(text.splitlines(), 1)
    ]


def _show_row(bot: Any, run: Run | None) -> dict[str, Any]:
    return {
        "bot": bot,
        "run": run,
        "chip": CHIPS[run.status] if run is not None else "",
        "begins_by_hand": bot.withdrawn is None and not needs_session(bot.inputs or []),
    }


def _describe_rights(request: HttpRequest) -> dict[str, bool]:
    return {
        "may_run": request.user.may(Permission.RUN_BOTS),
        "may_deploy": request.user.may(Permission.MANAGE_BOTS),
    }
