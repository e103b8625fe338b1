"""`postroom credential`: keep credentials in the keychain of this machine, and see where they are found."""

import sys
from typing import Annotated

import typer

from postroom.cli.output import OutputFormat, OutputOption, print_json, print_line
from postroom.errors import CredentialNotFoundError, SettingError
from postroom.values import Credential, KeychainCredentials, Secret
from postroom.version import USER_AGENT

app = typer.Typer(
    name="credential",
    no_args_is_help=True,
    help="Keep client ids and secrets in the keychain of this machine.",
)

Name = Annotated[str, typer.Argument(help="The name of the credential. Example: azure", show_default=False)]
Attribute = Annotated[
    str,
    typer.Argument(help="What of it: client_id, tenant_id, client_secret, client_certificate or username."),
]


@app.command("set", epilog="Example: postroom credential set azure client_secret")
def set_credential(name: Name, attribute: Attribute, output: OutputOption = OutputFormat.TABLE) -> None:
    """Ask for a value without showing it, and keep it in the keychain.

    Where stdin is no terminal, all of it is the value, but for a last line break.
    """
    credential = Credential(name, attribute)
    keychain = KeychainCredentials()
    keychain.store_credential(credential, _ask(credential))
    _print_place(credential, keychain.describe_place(credential), "is now in", output)


@app.command("check", epilog="Example: postroom credential check azure client_secret")
def check_credential(name: Name, attribute: Attribute, output: OutputOption = OutputFormat.TABLE) -> None:
    """Tell where a credential is found, and never its value."""
    from postroom.remote import list_credential_sources  # noqa: PLC0415 - start-up cost: doubles that of --help

    credential = Credential(name, attribute)
    sources = list_credential_sources(USER_AGENT)
    for source in sources:
        if source.find_credential(credential) is not None:
            _print_place(credential, source.describe_place(credential), "is in", output)
            return
    places = " and in ".join(source.describe_place(credential) for source in sources)
    raise CredentialNotFoundError(
        f"The credential “{credential}” is not here. It was looked for in {places}. "
        f"`postroom credential set {name} {attribute}` asks for the value and keeps it in the keychain."
    )


def _ask(credential: Credential) -> Secret:
    if sys.stdin.isatty():
        value = Secret(typer.prompt(f"Value of {credential} (not shown)", hide_input=True, err=True))
    else:
        value = Secret(sys.stdin.read().rstrip("\r\n"))
    if not value.reveal().strip():
        raise SettingError(f"No value was given for {credential}, so nothing was kept. Type or pipe it in.")
    return value


def _print_place(credential: Credential, place: str, verb: str, output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        print_json({"credential": str(credential), "place": place})
    else:
        print_line(f"{credential} {verb} {place}.")
