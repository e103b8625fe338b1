"""Questions to Microsoft Graph, asked once: who waits for an examination is better told that Graph is busy."""

import uuid
from typing import Any
from urllib.parse import quote

import httpx2

from postroom.graph.refusals import Asked, create_graph_error
from postroom.network import network_errors
from postroom.outlook.doctor.case import Case
from postroom.values import Secret

ANSWER_TIMEOUT_SECONDS = 30.0


def ask_mailbox(case: Case, method: str, path: str, *, needs: str, body: Any = None) -> bytes:
    """Ask for something of the mailbox; `path` begins after it. Errors: GraphError, NetworkError, SignInError."""
    identity, address = case.resolved.identity, case.resolved.address
    user = identity.username if identity.delegated else None
    asked = Asked(method, path, address, needs, repeatable=True, user=user)
    return ask_graph(case, asked, f"/users/{quote(address, safe='@')}{path}", body)


def ask_graph(case: Case, asked: Asked, path: str, body: Any = None) -> bytes:
    """Ask for what this path names; a token that was refused is replaced once, as a Connect does."""
    token = case.get_token()
    response = _send(case, asked.method, path, body, token)
    if response.status_code == httpx2.codes.UNAUTHORIZED:
        renewed = case.resolved.identity.tokens.renew_token(token)
        response = _send(case, asked.method, path, body, renewed)
    if response.is_error:
        request_id = response.headers.get("request-id")
        raise create_graph_error(asked, response.status_code, response.content, request_id)
    return response.content


def _send(case: Case, method: str, path: str, body: Any, token: Secret) -> httpx2.Response:
    cloud = case.resolved.cloud
    headers = {"Authorization": f"Bearer {token.reveal()}", "client-request-id": str(uuid.uuid4())}
    with network_errors(cloud.graph_host):
        return case.http.request(
            method, f"{cloud.graph_url}{path}", json=body, headers=headers, timeout=ANSWER_TIMEOUT_SECONDS
        )
