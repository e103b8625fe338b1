"""The body of a request as it comes over HTTP: not larger than Graph takes, and in an encoding that it reads."""

from starlette.requests import ClientDisconnect, Request

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request

# The documents speak of 4 MB, and of files below 3 MB in one request, which Base64 makes 4 MB and what stands around.
LARGEST_BODY_BYTES = 4 * 1024 * 1024 + 64 * 1024


async def read_body(request: Request) -> bytes:
    """Return the body; what is too large is read to its end, so that the client is told, and not kept."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        # [?] A request whose body is compressed is refused; answers are never compressed.
        raise GraphRefusalError(
            415, "UnsupportedMediaType", f"The content encoding '{encoding}' is not supported."
        )
    body, length = bytearray(), 0
    try:
        async for chunk in request.stream():
            length += len(chunk)
            if length <= LARGEST_BODY_BYTES:
                body += chunk
    except ClientDisconnect:
        # Nobody reads this any more; the log of requests has it.
        raise bad_request("The client closed the connection before the request was complete.") from None
    if length > LARGEST_BODY_BYTES:
        # [?] Code and text for a body of more than 4 MB are from memory.
        raise GraphRefusalError(413, "RequestEntityTooLarge", "Maximum request length exceeded.")
    return bytes(body)
