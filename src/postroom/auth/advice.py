"""What Entra ID's error numbers mean for the person in front of the form, and what to do.

Source: Microsoft Entra authentication and authorization error codes. The numbers may change at any time: they
choose words here and decide nothing.
"""

from postroom.clouds import Cloud

_ADVICE = {
    7000215: "Microsoft refused the client secret: it is not one of app {client_id}. Enter the secret's value "
    "(not its ID), as the Azure portal shows it once, right after it is made.",
    7000222: "Microsoft refused the client secret: it has expired. Add a new one at {portal} (App registrations "
    "→ {client_id} → Certificates & secrets), then replace it in the credential.",
    7000218: "The app {client_id} must prove who it is, and no client secret or certificate was sent. Enter the "
    "client secret, or choose a mode for public clients.",
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
    9001023: "An app signs in to one tenant of its own. Enter the Tenant ID (a GUID or a domain) instead of "
    "“{tenant_id}”.",
    50194: "The app {client_id} belongs to one tenant only. Enter that Tenant ID instead of “{tenant_id}”.",
    53003: "A Conditional Access policy of the tenant blocks this sign-in. Ask an administrator which policy it "
    "is: the sign-in log names it.",
    90055: "Microsoft is turning away sign-ins of this tenant for now, because there are too many. Wait some "
    "minutes.",
    50196: "Microsoft has stopped this app because it signs in over and over. Wait some minutes, and let the bot "
    "keep its connection.",
}


def find_advice(aadsts: int | None, cloud: Cloud, tenant_id: str, client_id: str) -> str | None:
    """The words for this AADSTS number, or None where we have none."""
    words = _ADVICE.get(aadsts or 0)
    if words is None:
        return None
    return words.format(
        cloud=cloud.name, tenant_id=tenant_id, client_id=client_id, portal=f"https://{cloud.portal_host}"
    )
