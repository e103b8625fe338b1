"""Attaching files to a draft: small ones in one request, large ones range by range, none of them twice."""

from collections import Counter
from collections.abc import Sequence

from postroom.errors import SourceFileError
from postroom.graph.attachments import add_file_attachment, list_attachments
from postroom.graph.client import GraphClient
from postroom.graph.uploads import upload_file_attachment
from postroom.outlook.given import SourceFile


def attach_files(client: GraphClient, draft_id: str, files: Sequence[SourceFile]) -> None:
    """Attach the files to a draft, one after another."""
    for file in files:
        if file.content is not None:
            add_file_attachment(client, draft_id, file.name, file.content_type, file.content)
        else:
            _upload(client, draft_id, file)


def list_missing_files(
    client: GraphClient, draft_id: str, files: Sequence[SourceFile], brought_along: Counter[str]
) -> list[SourceFile]:
    """The files that a draft does not have yet, besides the attachments that it brought along, by their names."""
    if not files:
        return []
    there = Counter(attachment.name or "" for attachment in list_attachments(client, draft_id))
    there -= brought_along
    missing = []
    for file in files:
        if there[file.name] > 0:
            there[file.name] -= 1
        else:
            missing.append(file)
    return missing


def _upload(client: GraphClient, draft_id: str, file: SourceFile) -> None:
    try:
        opened = file.path.open("rb")
    except OSError as error:
        raise SourceFileError(
            f"The file {file.path} cannot be read any more ({type(error).__name__}). Nothing was sent."
        ) from error
    with opened:
        upload_file_attachment(client, draft_id, file.name, file.content_type, file.size, opened)
