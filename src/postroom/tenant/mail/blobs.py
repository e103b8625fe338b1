"""Contents in files named by their hash: the same bytes are kept once, and are streamed from where they lie."""

import hashlib
import secrets
import shutil
import threading
from pathlib import Path


class Blobs:
    """Keep bytes and give back the file that holds them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f"{folder.name}.*"):
            _remove(left)  # An earlier run ended before it had cleared away.

    def add(self, content: bytes) -> str:
        """Keep these bytes and return their SHA-256 in hexadecimal, which is their name here."""
        name = hashlib.sha256(content).hexdigest()
        path = self.path(name)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            unfinished = path.with_name(f"{name}.{secrets.token_hex(4)}")
            unfinished.write_bytes(content)
            unfinished.replace(path)
        return name

    def adopt(self, file: Path, name: str) -> None:
        """Keep the bytes of a file, which goes from where it lies; `name` is their SHA-256 in hexadecimal."""
        path = self.path(name)
        path.parent.mkdir(exist_ok=True)
        file.replace(path)

    def path(self, name: str) -> Path:
        """Return the file that holds the bytes of this name."""
        return self._folder / name[:2] / name

    def read(self, name: str) -> bytes:
        """Return the bytes of this name."""
        return self.path(name).read_bytes()

    def clear(self) -> None:
        """Forget everything at once; the files go one by one afterwards, for there may be very many."""
        gone = self._folder.with_name(f"{self._folder.name}.{secrets.token_hex(4)}")
        self._folder.rename(gone)
        self._folder.mkdir()
        threading.Thread(target=_remove, args=(gone,), daemon=True).start()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
