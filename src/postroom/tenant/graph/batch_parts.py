"""One part of a batch: counted, failed and answered for itself, as if it had come alone."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from postroom.tenant.fault_injection import WIRE_FAULT, make_answer
from postroom.tenant.graph.dispatch import dispatch, refusal_response
from postroom.tenant.graph.refusals import GraphRefusalError
from postroom.tenant.graph.throttling import UPLOADING_METHODS, find_counted_mailbox, throttled
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.limits import Admission
from postroom.tenant.request_log import note_part
from postroom.tenant.state import CloudState

_MADE_HEADERS = ("Retry-After", "WWW-Authenticate", "request-id")


@dataclass(frozen=True)
class PartAnswerer:
    """Answer the parts of the batch that came with this request; a refusal is an answer too."""

    outer: Request
    cloud: CloudState
    identity: dict[str, str]

    async def answer(self, part: GraphRequest) -> GraphResponse:
        """Answer one part, and note it in the log with the batch."""
        mailbox = find_counted_mailbox(part.path, part.caller, self.cloud)
        try:
            answer = await self._admit(part, mailbox)
        except GraphRefusalError as refused:
            answer = refusal_response(refused, self.cloud, self.identity)
        note_part(self.outer.scope, part.method, f"/v1.0{part.path}", answer.status, mailbox)
        return answer

    async def _admit(self, part: GraphRequest, mailbox: str | None) -> GraphResponse:
        if mailbox is None:
            return await self._work(part)
        upload_bytes = len(part.body) if part.method in UPLOADING_METHODS else 0
        with self.cloud.limits.within(part.caller.app.client_id, mailbox, upload_bytes) as admission:
            return await self._work_if_admitted(part, admission)

    async def _work_if_admitted(self, part: GraphRequest, admission: Admission) -> GraphResponse:
        if admission.excess is not None:
            raise throttled(admission.excess)
        return await self._work(part)

    async def _work(self, part: GraphRequest) -> GraphResponse:
        path = f"/v1.0{part.path}"
        fault = self.cloud.faults.find_striking(part.method, path)
        if fault is not None and fault.spoils_wire:
            # The parts share one answer, so that what spoils that of one spoils all.
            self.outer.scope["state"][WIRE_FAULT] = fault
        if fault is None or not fault.makes_answer:
            return await run_in_threadpool(dispatch, part)
        made = make_answer(fault, self.outer, path, self.cloud)
        headers = {name: made.headers[name] for name in _MADE_HEADERS if name in made.headers}
        return GraphResponse(made.status_code, bytes(made.body), headers, made.headers["content-type"])
