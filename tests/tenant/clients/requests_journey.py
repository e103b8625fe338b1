"""A bot on `requests`, as people write it: JSON on standard input says where to, a report goes to standard output.

Which of Microsoft's libraries signs it in is told as `library`; what comes after is plain Graph over HTTPS.
"""

import json
import sys
from typing import Any

import msal
import requests
from azure.identity import CertificateCredential, ClientSecretCredential

TOLD: dict[str, Any] = json.load(sys.stdin)
MAILBOX = f"{TOLD['graph']}/v1.0/users/{TOLD['mailbox']}"
SCOPE = f"{TOLD['graph']}/.default"
CHUNK_BYTES = 10 * 320 * 1024


def main() -> None:
    """Do all of it, and report."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {get_token()}"
    listed, pages = list_unread(session)
    first = listed[0]
    report = {
        "subjects": [message["subject"] for message in listed],
        "pages": pages,
        "body": read(session, first["id"]),
        "delta": follow_changes(session, f"{MAILBOX}/mailFolders/inbox/messages/delta?$select=subject"),
        "moved": move(session, first["id"]),
        "batch": batch(session, [message["id"] for message in listed[1:4]]),
        "upload": send_large(session, bytes(range(256)) * (TOLD["attachment_bytes"] // 256)),
    }
    report["changes"] = follow_changes(session, report["delta"]["link"])
    print(json.dumps(report))


def get_token() -> str:
    """Sign the app in by the library that is wanted."""
    if TOLD["library"] == "msal":
        app = msal.ConfidentialClientApplication(
            TOLD["client_id"],
            authority=f"{TOLD['login']}/{TOLD['tenant_id']}",
            client_credential=TOLD["client_secret"],
        )
        return str(app.acquire_token_for_client([SCOPE])["access_token"])
    named = {"tenant_id": TOLD["tenant_id"], "client_id": TOLD["client_id"], "authority": TOLD["login"]}
    if TOLD["library"] == "azure-identity, certificate":
        return CertificateCredential(**named, certificate_path=TOLD["certificate"]).get_token(SCOPE).token
    return ClientSecretCredential(**named, client_secret=TOLD["client_secret"]).get_token(SCOPE).token


def checked(answer: requests.Response) -> Any:
    """Give the document of an answer, or end with what was refused."""
    if not answer.ok:
        raise SystemExit(
            f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text}"
        )
    return answer.json() if answer.content else None


def list_unread(session: requests.Session) -> tuple[list[dict[str, Any]], int]:
    """List unread messages, five a page."""
    url: str | None = f"{MAILBOX}/mailFolders/inbox/messages?$filter=isRead eq false&$top=5&$select=subject"
    found, pages = [], 0
    while url:
        page = checked(session.get(url))
        found += page["value"]
        url, pages = page.get("@odata.nextLink"), pages + 1
    return found, pages


def read(session: requests.Session, message_id: str) -> str:
    """Read a message as text."""
    headers = {"Prefer": 'outlook.body-content-type="text"'}
    return str(checked(session.get(f"{MAILBOX}/messages/{message_id}", headers=headers))["body"]["content"])


def move(session: requests.Session, message_id: str) -> str:
    """Move a message to a new folder, and give the subject of what lies there."""
    folder = checked(session.post(f"{MAILBOX}/mailFolders", json={"displayName": "Done"}))
    checked(session.post(f"{MAILBOX}/messages/{message_id}/move", json={"destinationId": folder["id"]}))
    (moved,) = checked(session.get(f"{MAILBOX}/mailFolders/{folder['id']}/messages"))["value"]
    return str(moved["subject"])


def batch(session: requests.Session, ids: list[str]) -> dict[str, int]:
    """Mark messages as read, and ask for one that is not there."""
    path = f"/users/{TOLD['mailbox']}/messages"
    headers = {"Content-Type": "application/json"}
    parts: list[dict[str, Any]] = [
        {
            "id": str(number),
            "method": "PATCH",
            "url": f"{path}/{one}",
            "headers": headers,
            "body": {"isRead": True},
        }
        for number, one in enumerate(ids)
    ]
    parts.append({"id": "missing", "method": "GET", "url": f"{path}/{ids[0][:-8]}AAAAAAA="})
    answer = checked(session.post(f"{TOLD['graph']}/v1.0/$batch", json={"requests": parts}))
    return {part["id"]: part["status"] for part in answer["responses"]}


def send_large(session: requests.Session, content: bytes) -> str:
    """Send a message with an attachment that needs an upload session; gives the code of a refusal."""
    recipient = {"emailAddress": {"address": TOLD["mailbox"]}}
    draft = checked(
        session.post(f"{MAILBOX}/messages", json={"subject": "Large", "toRecipients": [recipient]})
    )
    url = f"{MAILBOX}/messages/{draft['id']}"
    item = {"attachmentType": "file", "name": "large.bin", "size": len(content)}
    answer = session.post(f"{url}/attachments/createUploadSession", json={"AttachmentItem": item})
    if not answer.ok:
        return f"{answer.status_code} {answer.json()['error']['code']}"
    upload_url = answer.json()["uploadUrl"]
    for start in range(0, len(content), CHUNK_BYTES):
        chunk = content[start : start + CHUNK_BYTES]
        place = f"bytes {start}-{start + len(chunk) - 1}/{len(content)}"
        # No Authorization here: the address itself carries the right.
        checked_upload(requests.put(upload_url, data=chunk, headers={"Content-Range": place}, timeout=60))
    checked(session.post(f"{url}/send"))
    return "sent"


def checked_upload(answer: requests.Response) -> None:
    """End unless a part of an upload was taken."""
    if answer.status_code not in (200, 201, 202):
        raise SystemExit(f"upload: {answer.status_code} {answer.text}")


def follow_changes(session: requests.Session, url: str) -> dict[str, Any]:
    """Follow a round of changes to its end."""
    subjects, removed = [], 0
    while True:
        page = checked(session.get(url))
        subjects += [one["subject"] for one in page["value"] if "@removed" not in one]
        removed += sum("@removed" in one for one in page["value"])
        if "@odata.deltaLink" in page:
            return {"subjects": subjects, "removed": removed, "link": page["@odata.deltaLink"]}
        url = page["@odata.nextLink"]


if __name__ == "__main__":
    main()
