"""Save and test connection: whether tokens could be asked for with what was entered, step by step.

For Microsoft Entra these are the legs of `postroom.outlook.doctor`, walked with the connection's own secrets; for
Custom providers a few of the same kind. Nobody signs in; where the app acts as itself, its token is kept, because there
is no sign-in that it could come of.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.clouds import Cloud
from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections.client_secrets import reveal_secret
from postroom.controlroom.connections.forms import find_url_problem
from postroom.controlroom.connections.grants import ask_for_itself, finish_sign_in, start_sign_in
from postroom.controlroom.connections.grants_refusals import create_refusal
from postroom.controlroom.connections.models import ClientSecret, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, find_cloud
from postroom.controlroom.connections.sign_ins import get_callback_url
from postroom.controlroom.connections.tokens import keep
from postroom.controlroom.words import say, translate
from postroom.errors import (
    PostroomError,
    SettingError,
    SignInError,
    SignInNeededError,
    SignInUnavailableError,
)
from postroom.network import create_http_client, network_errors
from postroom.outlook.authentication import ClientCredentials
from postroom.outlook.doctor import Case, Finding, Remedy
from postroom.outlook.doctor.administration import AUTHENTICATION, get_app_page
from postroom.outlook.doctor.delegated import REDIRECT_REFUSALS
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.network import NAMES, TRUST, WAY_OUT
from postroom.outlook.doctor.sign_in import CLIENT, CLOCK, CREDENTIAL, TENANT, prescribe_client
from postroom.outlook.doctor.sign_in_page import find_refusal
from postroom.values import Secret
from postroom.version import USER_AGENT

NO_CODE = "no-authorization-code"
"""Stands where a code would: a provider that takes the client refuses it as invalid_grant (RFC 6749 §5.2)."""


@dataclass(frozen=True)
class Step:
    """One step of the report: whether it holds (None: not reached), what was found, what to do, where."""

    title: str
    holds: bool | None
    sentence: str = ""
    fix: str = ""
    link: str = ""
    command: str = ""


def check_connection(connection: OAuthConnection, actor: User) -> bool:
    """Test a connection, keep the report with it, and say whether every step holds.

    Errors: VaultError where its secrets cannot be read; SignInError, NetworkError where the provider is gone meanwhile.
    """
    steps = list(examine(connection))
    holds = all(step.holds for step in steps)
    if holds and connection.grant_type == GrantType.CLIENT_CREDENTIALS:
        keep(connection, None, ask_for_itself(connection))
    connection.test_report = [asdict(step) for step in steps]
    connection.tested = timezone.now()
    connection.save(update_fields=["test_report", "tested"])
    failed = next((step.title for step in steps if step.holds is False), "")
    outcome = Outcome.DONE if holds else Outcome.FAILED
    record(Event.CONNECTION_TESTED, actor=actor, target=connection.name, outcome=outcome, failed_at=failed)
    return holds


def read_report(connection: OAuthConnection) -> list[Step]:
    """The report of the last test; empty where there was none."""
    return [Step(**step) for step in connection.test_report or ()]


def examine(connection: OAuthConnection) -> Iterator[Step]:
    """Look at each step up to the first that does not hold. Errors: VaultError."""
    cloud = find_cloud(connection.provider)
    return _examine_custom(connection) if cloud is None else _examine_entra(connection, cloud)


def _examine_entra(connection: OAuthConnection, cloud: Cloud) -> Iterator[Step]:
    secrets: list[ClientSecret | None] = list(connection.secrets.all())
    case = _open_case(connection, cloud, secrets[0] if secrets else None)
    try:
        for step in _walk(case, _plan_entra(connection)):
            yield _tell_expiry(step, secrets[0]) if secrets and step.title == _(CREDENTIAL.title) else step
        for older in secrets[1:]:
            yield from _check_older(connection, cloud, older)
    finally:
        case.close()


def _plan_entra(connection: OAuthConnection) -> list[Leg]:
    legs = [NAMES, WAY_OUT, TRUST, TENANT, CLOCK]
    # Either says whether the tenant has the app.
    legs.append(CLIENT if connection.grant_type == GrantType.CLIENT_CREDENTIALS else CALLBACK)
    proves = connection.client_authentication != ClientAuthentication.NONE
    return [*legs, CREDENTIAL] if proves else legs


def _open_case(connection: OAuthConnection, cloud: Cloud, secret: ClientSecret | None) -> Case:
    is_certificate = connection.client_authentication == ClientAuthentication.CERTIFICATE
    # A public client has no secret: no leg that would ask with one is in its plan.
    text = reveal_secret(secret) if secret is not None else Secret("-")
    authentication = ClientCredentials(
        client_id=connection.client_id,
        tenant_id=connection.tenant_id,
        client_secret=None if is_certificate else text,
        client_certificate=text if is_certificate else None,
        username=connection.client_id,
    )
    return Case(cloud.name, authentication, mailbox=None, variables=None, credentials=(), actions=())


def _walk(case: Case, legs: Iterable[Leg]) -> Iterator[Step]:
    holds = True
    for leg in legs:
        finding = leg.examine(case) if holds else leg.skip()
        holds = holds and finding.holds is True
        yield _describe(finding)


def _tell_expiry(step: Step, secret: ClientSecret | None) -> Step:
    """Say when it expires as far as we were told, which Entra ID tells only few."""
    if not step.holds or secret is None or secret.expires is None:
        return step
    told = _("It is accepted, and expires on %(date)s.") % {"date": secret.expires.isoformat()}
    return replace(step, sentence=told)


def _check_older(connection: OAuthConnection, cloud: Cloud, older: ClientSecret | None) -> Iterator[Step]:
    """The one that is kept during a change: where it is not good any more it may be removed."""
    case = _open_case(connection, cloud, older)
    try:
        finding = CREDENTIAL.examine(case)
    finally:
        case.close()
    sentence = say(finding.error) if finding.error else translate(finding.sentence or "")
    if not finding.holds:
        sentence = f"{sentence} {_('It is the older one: remove it.')}"
    # It may fail without harm, as the newest is tried first.
    yield Step(_("The older secret or certificate"), holds=True, sentence=sentence)


def _describe(finding: Finding) -> Step:
    remedy = finding.remedy or Remedy("")
    return Step(
        title=_(finding.title),
        holds=finding.holds,
        sentence=say(finding.error) if finding.error else translate(finding.sentence or ""),
        fix=translate(remedy.fix),
        link=remedy.link or "",
        command=remedy.command or "",
    )


def _check_callback(case: Case) -> str:
    url = get_callback_url()
    refusal = find_refusal(case, url)
    if refusal is None:
        return _("The app is there, and %(url)s is one of its redirect URLs.") % {"url": url}
    if refusal.aadsts not in REDIRECT_REFUSALS:
        raise refusal
    raise SettingError(
        _("The app does not have the callback URL %(url)s among its redirect URLs.") % {"url": url},
        code=refusal.code,
        aadsts=refusal.aadsts,
    )


def _prescribe_callback(case: Case, error: PostroomError) -> Remedy:
    if not isinstance(error, SettingError):
        return prescribe_client(case, error)
    return Remedy(
        _("An owner of the app adds it here (Add a platform → Web → Redirect URIs):"),
        get_app_page(case.place, AUTHENTICATION),
    )


CALLBACK = Leg("callback", "App and callback URL", _check_callback, _prescribe_callback)


def _examine_custom(connection: OAuthConnection) -> Iterator[Step]:
    is_for_itself = connection.grant_type == GrantType.CLIENT_CREDENTIALS
    checks: list[tuple[str, Callable[[OAuthConnection], str]]] = [(_("Addresses"), _check_addresses)]
    if is_for_itself:
        checks.append((_("Token"), _check_token))
    else:
        checks += [(_("Sign-in page"), _check_sign_in_page), (_("Client"), _check_client)]
    holds = True
    for title, check in checks:
        step = _take(title, check, connection) if holds else Step(title, None)
        holds = step.holds is True
        yield step


def _take(title: str, check: Callable[[OAuthConnection], str], connection: OAuthConnection) -> Step:
    try:
        return Step(title, holds=True, sentence=check(connection))
    except PostroomError as error:
        return Step(title, holds=False, sentence=say(error))


def _list_urls(connection: OAuthConnection) -> list[str]:
    return [url for url in (connection.authorization_url, connection.token_url) if url]


def _check_addresses(connection: OAuthConnection) -> str:
    hosts = dict.fromkeys(urlsplit(url).netloc for url in _list_urls(connection))
    for url in _list_urls(connection):
        if problem := find_url_problem(url):
            raise SettingError(f"{url}: {problem}")
        with _open_http() as http, network_errors(urlsplit(url).hostname or ""):
            http.head(url)
    return _("%(hosts)s can be reached, and what they show to prove themselves is trusted.") % {
        "hosts": ", ".join(hosts)
    }


def _check_sign_in_page(connection: OAuthConnection) -> str:
    url, _flow = start_sign_in(connection, get_callback_url(), "examination", "")
    with _open_http() as http, network_errors(urlsplit(url).hostname or ""):
        response = http.get(url)
    answer = dict(parse_qsl(urlsplit(response.headers.get("location", "")).query))
    if "error" in answer:
        raise create_refusal(response.status_code, answer)
    if response.is_server_error:
        raise SignInUnavailableError(
            _("The provider cannot answer at the moment (HTTP %(status)d). Try again in a few minutes.")
            % {"status": response.status_code}
        )
    if response.is_client_error:
        raise SignInError(
            _(
                "The provider refuses the way to its sign-in page (HTTP %(status)d). Check client ID, authorization "
                "URL and scopes, and that %(url)s is registered there as a redirect URL."
            )
            % {"status": response.status_code, "url": get_callback_url()}
        )
    return _("The provider shows where to sign in, and knows the client.")


def _check_client(connection: OAuthConnection) -> str:
    _url, flow = start_sign_in(connection, get_callback_url(), "examination", "")
    try:
        finish_sign_in(connection, flow, {"state": "examination", "code": NO_CODE})
    except SignInNeededError:
        return _("The provider takes the client, and what it proves itself with.")
    raise SignInError(
        _("What answers at the token URL gave a token for no code at all. Check the token URL.")
    )


def _check_token(connection: OAuthConnection) -> str:
    grant = ask_for_itself(connection)
    minutes = round((grant.expires - timezone.now()).total_seconds() / 60)
    return _("The provider takes the client, and gave a token that is good for %(minutes)d minutes.") % {
        "minutes": minutes
    }


def _open_http() -> Any:
    return create_http_client(USER_AGENT)
