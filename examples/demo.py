"""Watch a bot work: a local tenant with mail in it, and examples/invoices.py in both Azure clouds.

Run it with `make demo`. It needs no account, reaches nothing but this machine, and leaves nothing behind.
"""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn

from rich import box
from rich.console import Console
from rich.table import Table

from postroom.tenant.environment import app_environment, client_environment

HERE = Path(__file__).resolve().parent
APP = "Invoice bot"
START_TIMEOUT_SECONDS = 30
ATTEMPTS = 5
# Ports that the system does not hand out by itself: it begins at 32768.
PORTS = range(8443, 32000, 101)
# What a machine presets for its own network or its own Postroom must not lead the demo there.
FOREIGN = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE")
# Windows has no SIGHUP.
SIGNALS = [number for number in signal.Signals if number.name in ("SIGINT", "SIGTERM", "SIGHUP")]
REAL_TENANT = """\
[bold]The same script on a real tenant[/]

In the Azure portal, register an app, give it the application permissions
Mail.ReadWrite and Mail.Send of Microsoft Graph with admin consent, and make a
client secret. Then, in this folder:

  source .venv/bin/activate
  postroom credential set azure client_id
  postroom credential set azure tenant_id
  postroom credential set azure client_secret
  postroom credential set azure username      # the address of the mailbox
  python examples/invoices.py

For GCC High, first: export POSTROOM_CLOUD="Azure US GCC High"
Step by step: docs/how-to/real-tenant.md"""

console = Console(highlight=False, emoji=False)
console.width = min(console.width, 80)


class DemoError(Exception):
    """The demo cannot go on; the message is one sentence."""


class RunningTenant:
    """A local tenant that serves: its manifest, and its control endpoints."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        trust = ssl.create_default_context(cafile=manifest["ca"])
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )

    def count_messages(self, address: str) -> dict[str, int]:
        """Count the messages in each folder of a mailbox."""
        folders = self.ask("GET", f"/mailboxes/{address}")["folders"]
        return {folder["path"]: folder["total"] for folder in folders}

    def ask(self, method: str, path: str) -> Any:
        """Ask a control endpoint."""
        request = urllib.request.Request(self.manifest["control"] + path, method=method)
        with self._opener.open(request, timeout=30) as response:
            return json.load(response) if response.status == 200 else None


def main() -> int:
    """Show the demo, and give its exit code."""
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        with TemporaryDirectory(prefix="postroom-demo-") as folder:
            show(Path(folder))
    except (DemoError, OSError, subprocess.SubprocessError) as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo was interrupted. Nothing is left behind.", file=sys.stderr)
        return 130
    console.print("\nThe tenant has ended, and its files are removed.\n")
    console.print(REAL_TENANT)
    return 0


def stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """End by way of what must be put away, which nothing interrupts a second time."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def show(folder: Path) -> None:
    """Show it all, with this folder for whatever is written meanwhile."""
    console.print("[bold]Postroom: a bot works through unread invoices, in both Azure clouds[/]\n")
    mail = folder / "mail"
    # A process of its own, so that the demo runs from whichever folder it is started in.
    subprocess.run([sys.executable, str(HERE / "demo_mail.py"), str(mail)], check=True)
    with start_tenant(folder, mail) as tenant:
        console.print("A Microsoft 365 tenant serves on this machine, with mail in it.")
        for number, cloud in enumerate(tenant.manifest["clouds"], 1):
            console.print(f"\n[bold cyan]{number}. {cloud}[/]\n")
            show_cloud(tenant, cloud, folder / f"invoices-{number}")


@contextmanager
def start_tenant(folder: Path, mail: Path) -> Iterator[RunningTenant]:
    """Start a local tenant on free ports, and end it afterwards."""
    with console.status("Starting a Microsoft 365 tenant on this machine"):
        process = launch_tenant(folder, mail)
    try:
        yield RunningTenant(json.loads((folder / "tenant" / "tenant.json").read_bytes()))
    finally:
        end(process)


def launch_tenant(folder: Path, mail: Path) -> "subprocess.Popen[bytes]":
    """Launch the tenant, and come back when it serves."""
    ready, log = folder / "ready", folder / "tenant.log"
    options = ["--data", folder / "tenant", "--mail", mail, "--ready-file", ready]
    command = [sys.executable, "-m", "postroom", "tenant", "start", *map(str, options)]
    for port in find_free_ports():
        with log.open("wb") as output:
            process = start_process([*command, "--port", str(port)], make_environment(), output, output)
        try:
            if wait_until_ready(process, ready):
                return process
        except BaseException:
            end(process)
            raise
    raise DemoError(f"The local tenant did not start. {find_last_line(log)}")


def find_free_ports() -> Iterator[int]:
    """Find some ports that are free together with the two that follow."""
    free = (port for port in PORTS if all(is_free(port + number) for number in range(3)))
    for _, port in zip(range(ATTEMPTS), free, strict=False):
        yield port


def is_free(port: int) -> bool:
    """Say whether nothing listens on a port of this machine."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as probe:
            if probe.connect_ex((address, port)) == 0:
                return False
    return True


def wait_until_ready(process: "subprocess.Popen[bytes]", ready: Path) -> bool:
    """Wait until the tenant serves; False when it ended instead, as when another took a port first."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready.exists():
        if process.poll() is not None:
            return False
        if time.monotonic() > deadline:
            raise DemoError(f"The local tenant did not start within {START_TIMEOUT_SECONDS} seconds.")
        time.sleep(0.05)
    return True


def show_cloud(tenant: RunningTenant, cloud: str, target: Path) -> None:
    """Run the script in a cloud, and show what changed there."""
    domain = tenant.manifest["clouds"][cloud]["domain"]
    addresses = [f"{name}@{domain}" for name in ("ap", "adele", "megan")]
    before = {address: tenant.count_messages(address) for address in addresses}
    tenant.ask("DELETE", "/requests")
    run_script(tenant, cloud, target)
    after = {address: tenant.count_messages(address) for address in addresses}
    console.print()
    console.print(draw_folders(before, after))
    console.print()
    console.print(draw_files(target))
    console.print('\nOne came as "../../bank-details.csv", and stayed in the folder all the same.')
    check_requests(tenant, cloud)


def run_script(tenant: RunningTenant, cloud: str, target: Path) -> None:
    """Run the script, unchanged, and show what it prints as it prints it."""
    console.print("[dim]$ python examples/invoices.py[/]")
    environment = make_environment() | client_environment(tenant.manifest)
    environment |= app_environment(tenant.manifest, APP, cloud)
    errors = target.with_suffix(".log")
    command = [sys.executable, str(HERE / "invoices.py"), str(target)]
    with errors.open("wb") as log:
        process = start_process(command, environment, subprocess.PIPE, log)
    try:
        assert process.stdout is not None
        # What is read at once goes out at once: the script says step by step what it does.
        while part := os.read(process.stdout.fileno(), 4096):
            sys.stdout.buffer.write(part)
            sys.stdout.flush()
        if process.wait() != 0:
            console.print()
            raise DemoError(f"examples/invoices.py ended with an error. {find_last_line(errors)}")
    finally:
        end(process)


def draw_folders(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> Table:
    """Draw how many messages are where, in the folders in which that changed."""
    table = make_table("Messages in", "before", "after")
    for address, folders in after.items():
        for path, count in folders.items():
            earlier = before[address].get(path)
            if earlier != count:
                table.add_row(f"{address}  {path}", "-" if earlier is None else str(earlier), str(count))
    return table


def draw_files(folder: Path) -> Table:
    """Draw which files the script saved."""
    table = make_table("Files saved", "bytes")
    for file in sorted(folder.iterdir()):
        table.add_row(file.name, f"{file.stat().st_size:,}")
    return table


def make_table(first: str, *numbers: str) -> Table:
    """Make a table of one column of words, and numbers to its right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column(first, min_width=44, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right", min_width=6)
    return table


def check_requests(tenant: RunningTenant, cloud: str) -> None:
    """Show from the tenant's log that all requests went to this cloud. DemoError where one did not."""
    clouds = [request["cloud"] for request in tenant.ask("GET", "/requests")]
    for other in tenant.manifest["clouds"]:
        if other != cloud and other in clouds:
            raise DemoError(f"The script in {cloud} made {clouds.count(other)} requests to {other}.")
    others = " and ".join(f"none to {other}" for other in tenant.manifest["clouds"] if other != cloud)
    console.print(f"{len(clouds)} requests went to {cloud}, {others}.")


def make_environment() -> dict[str, str]:
    """Give this process's environment without what would lead elsewhere than to the local tenant."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() not in FOREIGN and not name.startswith("POSTROOM_")
    }
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}


def start_process(
    command: list[str], environment: dict[str, str], output: Any, errors: Any
) -> "subprocess.Popen[bytes]":
    """Start a process that Ctrl+C does not reach: the demo ends it, in its order."""
    return subprocess.Popen(command, env=environment, stdout=output, stderr=errors, start_new_session=True)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process if it still runs, and wait until it has."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_last_line(log: Path) -> str:
    """Find the last line that a process wrote, which is where Python says what went wrong."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return re.sub(r"^[\w.]+Error: ", "", lines[-1]) if lines else "It did not say why."


if __name__ == "__main__":
    sys.exit(main())
