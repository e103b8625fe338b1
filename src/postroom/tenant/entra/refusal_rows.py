"""What Entra ID says when it refuses, as data: one row an AADSTS number, with status, OAuth error and text.

Texts are Microsoft's where they are known; what nobody has recorded is marked as a choice.
"""

from typing import NamedTuple

DOCUMENTATION = (
    "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials"
)


class Row(NamedTuple):
    """Say how one number is answered; the text is filled with what the caller names."""

    status: int
    error: str
    text: str
    suberror: str | None = None


REFUSALS: dict[int, Row] = {
    16000: Row(
        400,
        "interaction_required",
        "Either multiple user identities are available for the current request or selected account is not supported "
        "for the scenario.",
    ),
    50011: Row(
        400,
        # [?] Another redirect URI at the token endpoint is `invalid_grant` (50011).
        "invalid_grant",
        "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for "
        "the application '{app_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how "
        "to troubleshoot this error.",
    ),
    50027: Row(401, "invalid_client", "JWT token is invalid or malformed."),
    50034: Row(
        400,
        "invalid_grant",
        "The user account {username} does not exist in the {tenant} directory. To sign into this application, the "
        "account must be added to the directory.",
    ),
    50049: Row(400, "invalid_instance", "Unknown or invalid instance."),
    50057: Row(400, "invalid_grant", "The user account is disabled."),
    50058: Row(
        400,
        "login_required",
        "Session information is not sufficient for single-sign-on. A silent sign-in request was sent but no user is "
        "signed in.",
    ),
    50076: Row(
        400,
        # [?] The demand for a second factor is `invalid_grant` (50076); interaction_required has been seen too.
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access '{resource}'.",
        "basic_action",
    ),
    50079: Row(
        400,
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "enroll in multi-factor authentication to access '{resource}'.",
        "basic_action",
    ),
    50089: Row(400, "invalid_grant", "Authentication failed due to flow token expired."),
    50126: Row(400, "invalid_grant", "Error validating credentials due to invalid username or password."),
    50147: Row(400, "invalid_request", "The code challenge parameter is missing or its size is not valid."),
    50149: Row(400, "invalid_request", "Invalid code_challenge_method parameter."),
    50173: Row(
        400,
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before "
        "which tokens are not valid) for this user is '{valid_from}'.",
    ),
    50194: Row(
        400,
        "invalid_request",
        "Application '{app_id}'({app_name}) is not configured as a multi-tenant application. Usage of the /common "
        "endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or "
        "configure the application to be multi-tenant.",
    ),
    50196: Row(
        # [?] A loop of requests (50196) is 400, one of the two statuses that are named for it.
        400,
        "temporarily_unavailable",
        "The server terminated an operation because it encountered a client request loop. Please contact your app "
        "vendor.",
    ),
    53003: Row(
        400,
        # [?] Conditional Access refuses with `invalid_grant` (53003) and the suberror message_only; access_denied was
        # seen too.
        "invalid_grant",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        "message_only",
    ),
    54005: Row(
        400,
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh "
        "token.",
    ),
    65001: Row(
        400,
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID '{app_id}' named '{app_name}'. "
        "Send an interactive authorization request for this user and resource.",
        "consent_required",
    ),
    65004: Row(400, "access_denied", "User declined to consent to access the app."),
    70000: Row(400, "invalid_grant", "Provided grant is invalid or malformed."),
    70003: Row(400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant_type}'."),
    70005: Row(
        400,
        "unsupported_response_type",
        "The provided value for the input parameter 'response_type' is not allowed for this client. Expected value is "
        "'code'.",
    ),
    70007: Row(
        400,
        "invalid_request",
        "'{response_mode}' is not a supported value of 'response_mode' when requesting a token.",
    ),
    70008: Row(
        400,
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource.",
    ),
    70011: Row(
        400,
        "invalid_scope",
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        "'scope' is not valid. The scope {scope} is not valid.",
    ),
    70016: Row(
        400,
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    ),
    70018: Row(400, "bad_verification_code", "Invalid verification code."),
    70020: Row(
        400,
        "expired_token",
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    ),
    70043: Row(
        400,
        "invalid_grant",
        "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token "
        "was issued on {issued} and the maximum allowed lifetime for this request is {seconds}.",
        "token_expired",
    ),
    90002: Row(
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    ),
    90023: Row(400, "invalid_request", "Unsupported 'prompt' value."),
    90038: Row(
        400,
        "invalid_request",
        "The specified tenant '{tenant}' belongs to the National Cloud '{other_cloud}'. Current cloud instance "
        "'{cloud}' does not federate with {other_cloud}.",
    ),
    90055: Row(
        # [?] Too many requests (90055) is 429, of the two statuses that are named for it the one that says so.
        429,
        "temporarily_unavailable",
        "There are too many incoming requests. Please try again later.",
    ),
    # [?] The OAuth error where an administrator must consent (90094) is `access_denied`.
    90094: Row(400, "access_denied", "The grant requires admin permission."),
    165000: Row(
        400,
        "invalid_request",
        "Invalid Request: The request tokens do not match the user context. Do not copy the user context values "
        "(cookies; form fields; headers) between different requests or user sessions; always maintain the ALL of the "
        "supplied values across a complete single user flow.",
    ),
    500011: Row(
        400,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    501481: Row(
        400,
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    501491: Row(400, "invalid_request", "The code_challenge parameter is not valid."),
    700005: Row(
        400,
        "invalid_grant",
        "Provided Authorization Code is intended to use against other tenant, thus rejected.",
    ),
    700016: Row(
        400,
        "unauthorized_client",
        "Application with identifier '{app_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700021: Row(
        401, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."
    ),
    700022: Row(
        400,
        "invalid_scope",
        "The provided value for the input parameter 'scope' is not valid because it contains more than one resource.",
    ),
    700023: Row(
        401,
        "invalid_client",
        f"Client assertion audience claim does not match Realm issuer. Review the documentation at {DOCUMENTATION} .",
    ),
    700024: Row(
        401,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from "
        f"{{valid_from}}, expiry time of assertion {{expires}}. Review the documentation at {DOCUMENTATION} .",
    ),
    700025: Row(
        401,
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
    700027: Row(
        401,
        "invalid_client",
        "Client assertion contains an invalid signature. [Reason - {reason}, Please visit the Azure Portal, Graph "
        "Explorer or directly use MS Graph to see configured keys for app Id '{app_id}'. Review the documentation at "
        "https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and "
        "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query "
        "request URL, such as '{graph}/beta/applications/{app_id}'].",
    ),
    700054: Row(
        400,
        "unsupported_response_type",
        "response_type '{response_type}' is not enabled for the application.",
    ),
    700082: Row(
        400,
        "invalid_grant",
        "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
        "{inactive}.",
    ),
    900023: Row(
        400,
        "invalid_request",
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
    ),
    900144: Row(
        400, "invalid_request", "The request body must contain the following parameter: '{parameter}'."
    ),
    900382: Row(400, "invalid_request", "Confidential Client isn't supported in Cross Cloud request."),
    900561: Row(
        400, "invalid_request", "The endpoint only accepts POST requests. Received a {method} request."
    ),
    900971: Row(400, "invalid_client", "No reply address provided."),
    1002012: Row(
        400,
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    7000112: Row(
        # [?] A disabled app (7000112) is 400.
        400,
        "unauthorized_client",
        "Application '{app_id}'({app_name}) is disabled.",
    ),
    7000215: Row(
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        "the client secret ID, for a secret added to app '{app_id}'.",
    ),
    7000218: Row(
        401,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: Row(
        401,
        "invalid_client",
        "The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
    ),
    9000411: Row(
        400,
        "invalid_request",
        "The request is not properly formatted. The parameter '{parameter}' is duplicated.",
    ),
    9001023: Row(
        400,
        "invalid_request",
        "The grant type isn't supported over the /common or /consumers endpoints. Please use the /organizations or "
        "tenant-specific endpoint.",
    ),
    9002313: Row(400, "invalid_grant", "Invalid request. Request is malformed or invalid."),
}
