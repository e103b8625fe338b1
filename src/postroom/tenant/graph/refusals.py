"""What Graph refuses, with Graph's status, code and text."""

from collections.abc import Mapping


class GraphRefusalError(Exception):
    """A request that Graph answers with an error body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.inner = dict(inner or {})  # what innerError says besides the usual


def bad_request(message: str, code: str = "BadRequest") -> GraphRefusalError:
    """Refuse a request that is malformed."""
    return GraphRefusalError(400, code, message)


def method_not_allowed(allowed: str) -> GraphRefusalError:
    """Refuse a method that no operation of this path has; `allowed` lists those that there are."""
    # [?] Code and text for a method that is not allowed are from memory.
    return GraphRefusalError(
        405,
        "ErrorInvalidRequest",
        "Specified HTTP method is not allowed for the request target.",
        {"Allow": allowed},
    )


def access_denied() -> GraphRefusalError:
    """Refuse a caller that lacks the permission, or the right to the mailbox."""
    return GraphRefusalError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def odata_disabled() -> GraphRefusalError:
    """Refuse an app a mailbox that an application access policy keeps it out of."""
    return GraphRefusalError(403, "ErrorAccessDenied", "Access to OData is disabled.")


def insufficient_privileges() -> GraphRefusalError:
    """Refuse a caller that may not read the directory."""
    return GraphRefusalError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def send_as_denied() -> GraphRefusalError:
    """Refuse to send in the name of somebody else."""
    return GraphRefusalError(
        403,
        "ErrorSendAsDenied",
        "The user account which was used to submit this request does not have the right to send mail on behalf of "
        "the specified sending account., Cannot submit message.",
    )


def item_not_found() -> GraphRefusalError:
    """Say that a message, folder or attachment is not there."""
    return GraphRefusalError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> GraphRefusalError:
    """Refuse an id that Exchange cannot have made."""
    return GraphRefusalError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def invalid_user(address: str) -> GraphRefusalError:
    """Say that there is no such mailbox."""
    # [?] An unknown mailbox is 404 ErrorInvalidUser; ResourceNotFound and MailboxNotEnabledForRESTAPI were seen too.
    return GraphRefusalError(404, "ErrorInvalidUser", f"The requested user '{address}' is invalid.")


def resource_not_found(name: str) -> GraphRefusalError:
    """Say that the directory has no such user."""
    return GraphRefusalError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_delegated_user() -> GraphRefusalError:
    """Refuse /me to an app that calls on its own."""
    return bad_request("/me request is only valid with delegated authentication flow.")


def folder_exists() -> GraphRefusalError:
    """Refuse a second folder of the same name."""
    # [?] The text of ErrorFolderExists is from memory.
    return GraphRefusalError(409, "ErrorFolderExists", "A folder with the specified name already exists.")


def invalid_recipients(reason: str) -> GraphRefusalError:
    """Refuse to send to nobody, or to what is no address."""
    return bad_request(f"At least one recipient is not valid., {reason}", "ErrorInvalidRecipients")


def invalid_mime() -> GraphRefusalError:
    """Refuse a MIME body that is not Base64."""
    return bad_request("Invalid base64 string for MIME content.", "ErrorMimeContentInvalidBase64String")


def time_zone_not_supported(name: str) -> GraphRefusalError:
    """Refuse a time zone that neither Windows nor the IANA database knows."""
    return bad_request(
        f"The following TimeZone value is not supported: '{name}'.", "TimeZoneNotSupportedException"
    )


def inefficient_filter() -> GraphRefusalError:
    """Refuse an order that the filter does not prepare."""
    return bad_request(
        "The restriction or sort order is too complex for this operation.", "InefficientFilter"
    )


def unknown_property(name: str, type_name: str) -> GraphRefusalError:
    """Refuse a property that the type does not have."""
    # [?] An unknown property in a query is RequestBroker--ParseUri with the type's old name, both from memory.
    return bad_request(
        f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices.{type_name}'.",
        "RequestBroker--ParseUri",
    )


def not_emulated(what: str) -> GraphRefusalError:
    """Say that the local tenant, unlike Graph, cannot do this."""
    return GraphRefusalError(501, "NotImplemented", f"{what}: the local tenant does not emulate this.")
