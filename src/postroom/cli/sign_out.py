"""`postroom sign-out`: forget a person's sign-in on this machine."""

from postroom.cli.connection import Connection, with_connection
from postroom.cli.output import print_line

EPILOG = "Example: postroom sign-out --mode authorization-code --username ap@contoso.com"


@with_connection
def command(connection: Connection) -> None:
    """Forget the sign-in that is kept on this machine, so that the next connection asks for a new one."""
    from postroom.outlook import sign_out  # noqa: PLC0415 - start-up cost: doubles that of --help

    username = sign_out(
        cloud=connection.cloud,
        authentication=connection.create_authentication(),
        variables=connection.read_variables(),
    )
    print_line(f"No sign-in of {username} with this app is kept on this machine any more.")
