"""What Entra ID's error numbers mean for the person in front of the form, and what to do.

Source: Microsoft Entra authentication and authorization error codes. The numbers may change at any time: they
choose words here and decide nothing.
"""

from postroom.clouds import Cloud

ADVICE = {
    7000215: "Microsoft refused the client secret: it is not one of app {client_id}. Enter the secret's value "
    "(not its ID), as the Azure portal shows it once, right after it is made.",
    7000222: "Microsoft refused the client secret: it has expired. Add a new one at {portal} (App registrations "
    "→ {client_id} → Certificates & secrets), then replace it in the credential.",
    7000218: "The app {client_id} must prove who it is, and no client secret or certificate was sent. Enter the "
    "client secret; or, where a person signs in, register the redirect URL under Mobile and desktop applications "
    "and allow public client flows at {portal} (App registrations → {client_id} → Authentication).",
    700025: "The app {client_id} is a public client, so it may not send a client secret or certificate. Leave "
    "it out, or register the app as a confidential (Web) client.",
    700024: "Microsoft refused the certificate's signature: the time in it is not now.",
    700027: "Microsoft refused the certificate: it is not registered with app {client_id}, or its key does not "
    "fit. Upload its public part at {portal} (App registrations → {client_id} → Certificates & secrets).",
    90002: "Microsoft does not know the tenant “{tenant_id}” in {cloud}. Check the Tenant ID (Azure portal → "
    "Microsoft Entra ID → Overview), and that the chosen Azure cloud is the tenant's.",
    900023: "“{tenant_id}” is neither a tenant's GUID nor a domain name. Copy the Tenant ID from the Azure portal "
    "(Microsoft Entra ID → Overview).",
    90038: "The tenant “{tenant_id}” does not belong to {cloud}. Choose the other Azure cloud, or correct the "
    "Tenant ID.",
    900382: "The tenant “{tenant_id}” does not belong to {cloud}. Choose the other Azure cloud, or correct the "
    "Tenant ID.",
    700016: "The tenant “{tenant_id}” has no app {client_id}. Check the Client ID (Application ID), the Tenant "
    "ID and the Azure cloud, and that an administrator has added the app to the tenant.",
    7000112: "The app {client_id} is switched off in the tenant. Ask an administrator to enable it at {portal} "
    "(Enterprise applications → {client_id} → Properties).",
    7000229: "The app {client_id} has no service principal in the tenant “{tenant_id}”. Ask an administrator to "
    "grant it consent, which adds it.",
    500011: "The tenant “{tenant_id}” does not know Microsoft Graph under the name that was asked for. Check that "
    "the Azure cloud is the tenant's.",
    900561: "Something between here and Microsoft changed the request: a proxy may have turned it into another. Check "
    "HTTPS_PROXY, and try again.",
    9001023: "An app signs in to one tenant of its own. Enter the Tenant ID (a GUID or a domain) instead of "
    "“{tenant_id}”.",
    50194: "The app {client_id} belongs to one tenant only. Enter that Tenant ID instead of “{tenant_id}”.",
    50011: "The app {client_id} does not have this redirect URL. Add it, exactly as it is written in the "
    "connection, at {portal} (App registrations → {client_id} → Authentication → Mobile and desktop "
    "applications).",
    900971: "The app {client_id} has no redirect URL at all. Add the one of the connection at {portal} (App "
    "registrations → {client_id} → Authentication → Mobile and desktop applications).",
    501481: "Microsoft refused the authorization code: it belongs to another sign-in (the code verifier does "
    "not fit). Sign in again, and see to it that nothing on this machine changes what the browser sends.",
    50147: "Microsoft did not accept the code challenge of this sign-in. Something between here and Microsoft "
    "may have changed the link: sign in again, with the link as it is.",
    501491: "Microsoft did not accept the code challenge of this sign-in. Something between here and Microsoft "
    "may have changed the link: sign in again, with the link as it is.",
    70000: "Microsoft does not accept what was kept of the earlier sign-in, or the authorization code: it is not "
    "one of app {client_id}. Sign in again.",
    9002313: "Microsoft could not read the authorization code: it came back damaged. Sign in again, and paste "
    "the whole address if you paste it.",
    70008: "The sign-in took too long or was not used for long, and has expired. Sign in again.",
    54005: "This authorization code was used already. A code is good for one sign-in: sign in again.",
    700005: "The authorization code was given by another tenant than “{tenant_id}”. Check the Tenant ID, and sign "
    "in with an account of that tenant.",
    50173: "The sign-in was ended: the password was changed, or an administrator revoked it. Sign in again.",
    700082: "The sign-in was not used for so long that it has expired. Sign in again; a bot that runs at least "
    "once in 90 days keeps it alive.",
    70043: "The tenant asks for a new sign-in from time to time (sign-in frequency), and it is due. Sign in "
    "again; for unattended bots, ask an administrator for an app of its own (client credentials).",
    65001: "The app {client_id} lacks consent for a permission that it needs. Sign in again and accept, or let "
    "an administrator consent for all at {consent}",
    65004: "The permissions that the app {client_id} asks for were declined. Sign in again and accept them, or "
    "let an administrator consent for all at {consent}",
    90094: "Only an administrator may consent to what the app {client_id} asks for. Ask one to open {consent}",
    90095: "Only an administrator may consent to what the app {client_id} asks for. Ask one to open {consent}",
    50057: "The user's account is disabled. Ask an administrator to enable it, or connect as another user.",
    50058: "Nobody is signed in at Microsoft in that browser. Sign in again.",
    50126: "The user name or the password is wrong. Sign in again.",
    50076: "The tenant asks for multi-factor authentication. Sign in again in the browser, and confirm it there; "
    "for unattended bots, ask an administrator for an app of its own (client credentials).",
    50079: "The tenant asks for multi-factor authentication, which this user has not set up yet. Sign in again in "
    "the browser, and set it up there.",
    70011: "Microsoft does not know one of the permissions that were asked for, or the app {client_id} may not "
    "ask for them in {cloud}. Check that the Azure cloud is the tenant's.",
    700022: "Permissions of two services were asked for at once, which Microsoft does not allow. Please report "
    "this as a defect of Postroom.",
    900144: "A part of the sign-in request is missing. Check that Client ID, Tenant ID and Redirect URL are "
    "complete.",
    70003: "Microsoft does not let the app {client_id} sign in this way. Allow public client flows at {portal} "
    "(App registrations → {client_id} → Authentication), or choose another authentication mode.",
    70016: "Nobody has entered the code yet.",
    70018: "Microsoft does not know that code. Start again, and enter the new code.",
    70020: "The code was not entered in time. Start again, and enter the new code.",
    53003: "A Conditional Access policy of the tenant blocks this sign-in. Ask an administrator which policy it "
    "is: the sign-in log names it.",
    90055: "Microsoft is turning away sign-ins of this tenant for now, because there are too many. Wait some "
    "minutes.",
    50196: "Microsoft has stopped this app because it signs in over and over. Wait some minutes, and let the bot "
    "keep its connection.",
}
"""The words by number, with places for what `find_advice` fills in."""


def find_advice(aadsts: int | None, cloud: Cloud, tenant_id: str, client_id: str) -> str | None:
    """The words for this AADSTS number, or None where we have none."""
    words = ADVICE.get(aadsts or 0)
    if words is None:
        return None
    return words.format(
        cloud=cloud.name,
        tenant_id=tenant_id,
        client_id=client_id,
        portal=f"https://{cloud.portal_host}",
        consent=cloud.admin_consent_url(tenant_id, client_id),
    )
