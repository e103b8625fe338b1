"""The API of bots: which are deployed, their versions, and deploying."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.bots import deploying, folder
from postroom.controlroom.runs.models import Bot, BotVersion
from postroom.controlroom.runs.rights import SEE_BOTS, get_bot
from postroom.errors import RecordNotFoundError

router = Router(tags=["Bots"], auth=api_auth)


class InputAnswer(Schema):
    """What a bot is given under one name."""

    name: str
    kind: str = Field(
        description="text, integer, number, boolean, date, datetime, list, credential, session or other."
    )
    required: bool
    default: Any = Field(None, description="None where it is required.")
    help: str = ""


class BotAnswer(Schema):
    """A deployed bot."""

    path: str = Field(description="What finds it, such as “intake.bot.yaml”.")
    name: str
    description: str
    version: int = Field(description="The one that runs begin with now.")
    deployed: datetime
    inputs: list[InputAnswer]
    run_limit: int | None = Field(description="Most runs at once; None for no limit.")
    time_limit_seconds: int | None
    withdrawn: datetime | None = Field(description="Since when it is out of use; None while it is in use.")


class VersionAnswer(Schema):
    """A version of a bot."""

    number: int
    sha256: str
    commit: str = Field(
        description="The commit of the folder of bots that it came from; empty where it is none."
    )
    deployed: datetime
    deployed_by: str = Field(
        description="Empty where the account is gone, or it was the Control Room itself."
    )
    note: str


class VersionText(VersionAnswer):
    """A version with its text."""

    text: str


class NewBot(Schema):
    """A bot file to deploy."""

    path: str = Field(max_length=300, description="Its file name, such as “intake.bot.yaml”.")
    text: str = Field(max_length=deploying.LONGEST_TEXT)
    note: str = Field("", max_length=300, description="What is new, for the history.")


class DeployedAnswer(Schema):
    """What was deployed."""

    path: str
    version: int


class FaultAnswer(Schema):
    """A fault of a file."""

    file: str
    line: int
    message: str
    hint: str


class RefreshAnswer(Schema):
    """What a look into the folder of bots has brought."""

    commit: str
    deployed: list[DeployedAnswer]
    withdrawn: list[str] = Field(description="The paths of bots that the folder no longer has.")
    unchanged: int
    faults: list[FaultAnswer] = Field(description="Of files that were not deployed.")


@router.get("/bots", response=list[BotAnswer], summary="List the deployed bots")
def list_bots(request: HttpRequest, withdrawn: bool = False) -> list[dict[str, Any]]:
    """The bots by name. Needs *Run bots*, *Manage bots*, *View runs* or *Manage schedules and triggers*."""
    require(request, *SEE_BOTS)
    bots = Bot.objects.all() if withdrawn else Bot.objects.filter(withdrawn=None)
    newest: dict[int, BotVersion] = {}
    for version in BotVersion.objects.filter(bot__in=bots).defer("text").order_by("bot", "-number"):
        newest.setdefault(version.bot_id, version)
    return [_describe(bot, newest[bot.pk]) for bot in bots if bot.pk in newest]


@router.post("/bots", response={201: DeployedAnswer}, summary="Deploy a bot file")
def deploy_bot(request: HttpRequest, new: NewBot) -> Status[dict[str, Any]]:
    """Deploy a file that holds no fault, as the next version of its bot. Needs *Manage bots*.

    Where it has faults nothing is deployed, and `error.faults` names them all.
    """
    user = require(request, Permission.MANAGE_BOTS)
    version = deploying.deploy_file(user, new.path, new.text, new.note)
    return Status(201, {"path": version.bot.path, "version": version.number})


@router.post("/bots/refresh", response=RefreshAnswer, summary="Deploy what has changed in the folder of bots")
def refresh_bots(request: HttpRequest) -> dict[str, Any]:
    """Look into the folder of bots that the Control Room was started with. Needs *Manage bots*."""
    user = require(request, Permission.MANAGE_BOTS)
    done = folder.refresh(user)
    return {
        "commit": done.commit,
        "deployed": [{"path": one.bot.path, "version": one.number} for one in done.deployed],
        "withdrawn": [bot.path for bot in done.withdrawn],
        "unchanged": done.unchanged,
        "faults": [vars(fault) for fault in done.faults],
    }


@router.get("/bots/{path:path}/versions", response=list[VersionAnswer], summary="List the versions of a bot")
def list_versions(request: HttpRequest, path: str) -> list[dict[str, Any]]:
    """The versions, the newest first. Needs what the list of bots needs."""
    require(request, *SEE_BOTS)
    versions = get_bot(path).versions.select_related("deployed_by").defer("text")
    return [_describe_version(version) for version in versions]


@router.get(
    "/bots/{path:path}/versions/{number}", response=VersionText, summary="Get a version with its text"
)
def get_version(request: HttpRequest, path: str, number: int) -> dict[str, Any]:
    """A version. Needs *Manage bots*, as the text may hold an insecure string."""
    require(request, Permission.MANAGE_BOTS)
    version = _get_version(get_bot(path), number)
    return {**_describe_version(version), "text": version.text}


@router.post(
    "/bots/{path:path}/versions/{number}/go-back", response=DeployedAnswer, summary="Go back to a version"
)
def go_back(request: HttpRequest, path: str, number: int) -> dict[str, Any]:
    """Deploy an earlier version again, as the next one. Needs *Manage bots*."""
    user = require(request, Permission.MANAGE_BOTS)
    version = deploying.go_back(user, _get_version(get_bot(path), number))
    return {"path": version.bot.path, "version": version.number}


@router.delete("/bots/{path:path}", response={204: None}, summary="Take a bot out of use")
def withdraw_bot(request: HttpRequest, path: str) -> Status[None]:
    """Let nobody begin it any more; its versions and runs stay. Needs *Manage bots*."""
    user = require(request, Permission.MANAGE_BOTS)
    deploying.withdraw(user, get_bot(path))
    return Status(204, None)


def _get_version(bot: Bot, number: int) -> BotVersion:
    version: BotVersion | None = (
        bot.versions.select_related("bot", "deployed_by").filter(number=number).first()
    )
    if version is None:
        raise RecordNotFoundError(
            _("The bot “%(bot)s” has no version %(number)d.") % {"bot": bot.path, "number": number}
        )
    return version


def _describe(bot: Bot, newest: BotVersion) -> dict[str, Any]:
    names = ("path", "name", "description", "run_limit", "time_limit_seconds", "withdrawn")
    return {
        **{name: getattr(bot, name) for name in names},
        "version": newest.number,
        "deployed": newest.deployed,
        "inputs": newest.inputs,
    }


def _describe_version(version: BotVersion) -> dict[str, Any]:
    names = ("number", "sha256", "commit", "deployed", "note")
    by = version.deployed_by
    return {
        **{name: getattr(version, name) for name in names},
        "deployed_by": by.get_username() if by is not None else "",
    }
