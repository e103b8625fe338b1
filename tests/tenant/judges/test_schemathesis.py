"""Requests that Schemathesis makes up from Graph's OpenAPI description, asked of the local tenant.

Nothing that is asked may end in an error of the server, or in an answer that is not as described. The ids in the
paths are mostly those of things that are there.
"""

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import Case, GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support import openapi
from support.prepared_mailbox import PreparedMailbox, sign_in_for_all
from support.tenant import RunningTenant
from support.webhook import open_webhook

pytestmark = pytest.mark.skipif(not openapi.DESCRIPTION.exists(), reason=openapi.MISSING)

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
NOT_EMULATED = 501
FEW, MANY = 3, 60
METHODS = frozenset({"get", "post", "patch", "put", "delete"})


def list_operations(*roots: str, without: str = "no path", takes_input: bool = False) -> list[str]:
    """List the described operations whose paths begin so, as `GET /me/messages`, but for those with this in them.

    `takes_input` leaves those that take a body or a query, for there is nothing to get wrong with the others.
    """
    if not openapi.DESCRIPTION.exists():
        return []
    paths = openapi.read_description()["paths"]
    return [
        f"{method.upper()} {path}"
        for path, item in paths.items()
        for method, described in item.items()
        if method in METHODS and path.startswith(roots) and without not in path
        if not takes_input or has_input(described)
    ]


def has_input(described: dict[str, Any]) -> bool:
    """Tell whether an operation takes a body that is no file, or a query; what is only referred to is a query."""
    if "requestBody" in described:
        return "application/octet-stream" not in described["requestBody"].get("content", ())
    return any(
        "$ref" in parameter or parameter["in"] == "query" for parameter in described.get("parameters", ())
    )


class Api:
    """The described operations, and the tenant that is to answer them."""

    def __init__(self, tenant: RunningTenant, token: str, webhook: str) -> None:
        self._tenant = tenant
        self._token = token
        self._webhook = webhook
        self._schema = schemathesis.openapi.from_dict(loosen(openapi.read_description()))
        self._session = requests.Session()
        self._session.trust_env = False

    def try_out(self, operation: str, mode: GenerationMode, examples: int) -> None:
        """Ask this many requests of an operation, and check every answer."""
        method, _, path = operation.partition(" ")
        self._tenant.reset()
        with self._tenant.client() as client:
            mailbox = PreparedMailbox(self._tenant, client, self._token, self._webhook)
            ids = find_ids(mailbox, path)
            strategy = self._schema[path][method.lower()].as_strategy(generation_mode=mode)

            @hypothesis.settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
                phases=[hypothesis.Phase.generate],
            )
            @hypothesis.given(case=strategy, nonsense=hypothesis.strategies.integers(0, 4))
            def ask(case: Case, nonsense: int) -> None:
                if nonsense:
                    case.path_parameters = (case.path_parameters or {}) | ids
                self._ask(case)

            ask()

    def _ask(self, case: Case) -> None:
        if isinstance(case.body, dict):
            case.body = lead_home(case.body, self._webhook)
        answer = case.call(
            base_url=f"{self._tenant.cloud()['graph']}/v1.0",
            session=self._session,
            verify=self._tenant.manifest["ca"],
            headers={"Authorization": f"Bearer {self._token}"},
        )
        if answer.status_code != NOT_EMULATED:
            case.validate_response(answer, checks=CHECKS)


@pytest.fixture(scope="module")
def api(running_tenant: RunningTenant) -> Iterator[Api]:
    """Sign in once, and give all operations."""
    running_tenant.reset()
    with open_webhook() as webhook:
        yield Api(running_tenant, sign_in_for_all(running_tenant), webhook)
    running_tenant.reset()


def loosen(described: Any) -> Any:
    """Take from a description what Microsoft's own responses do not keep to.

    MIME comes as text/plain, not as the octets of the description; a time of day has no zone, which the format `time`
    demands, and its pattern says enough.
    """
    if isinstance(described, list):
        return [loosen(part) for part in described]
    if not isinstance(described, dict):
        return described
    looser = {
        name: loosen(part)
        for name, part in described.items()
        if name != "format" or "pattern" not in described
    }
    if "application/octet-stream" in looser:
        looser["*/*"] = looser["application/octet-stream"]
    return looser


def find_ids(mailbox: PreparedMailbox, path: str) -> dict[str, str]:
    """Find for each parameter of a path something that is there."""
    makers: dict[str, Callable[[], str]] = {
        "user-id": lambda: mailbox.address,
        "message-id": lambda: mailbox.draft if path.endswith("/send") else mailbox.message,
        "mailFolder-id": lambda: "inbox" if "messageRules" in path else mailbox.folder,
        "mailFolder-id1": lambda: mailbox.other_folder,
        "attachment-id": lambda: mailbox.find_attachment(mailbox.message, "fileAttachment"),
        "messageRule-id": lambda: mailbox.rule,
        "outlookCategory-id": lambda: mailbox.category,
        "inferenceClassificationOverride-id": lambda: mailbox.override,
        "subscription-id": lambda: mailbox.subscription,
        "extension-id": lambda: mailbox.extend(mailbox.message, "Com.Contoso.Referral"),
        "TimeZoneStandard": lambda: "Iana",
    }
    return {name: make() for name, make in makers.items() if f"{{{name}}}" in path}


def lead_home(body: dict[str, Any], webhook: str) -> dict[str, Any]:
    """Let notifications go nowhere but to this machine."""
    return {
        name: webhook if name.lower().endswith("notificationurl") else value for name, value in body.items()
    }


OPERATIONS = list_operations("/me", "/subscriptions", without="{mailFolder-id1}")
"""What is reached by a way through two folders is reached by a way through one."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_described_is_answered_as_described(api: Api, operation: str) -> None:
    """Requests of every described operation, within its schema, get an answer within its schema."""
    api.try_out(operation, GenerationMode.POSITIVE, FEW)


@pytest.mark.parametrize(
    "operation", list_operations("/me", "/subscriptions", without="{mailFolder-id1}", takes_input=True)
)
def test_nonsense_is_no_error_of_the_server(api: Api, operation: str) -> None:
    """Requests that break the schema of an operation are refused, or taken, but never fail."""
    api.try_out(operation, GenerationMode.NEGATIVE, FEW)


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", list_operations("/"))
def test_many_requests_are_answered_as_described(api: Api, operation: str) -> None:
    """The same holds for many requests, and for mailboxes that are named."""
    api.try_out(operation, GenerationMode.POSITIVE, MANY)


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", list_operations("/", takes_input=True))
def test_much_nonsense_is_no_error_of_the_server(api: Api, operation: str) -> None:
    """The same holds for much nonsense."""
    api.try_out(operation, GenerationMode.NEGATIVE, MANY)
