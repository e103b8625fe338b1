"""A link in the documents leads somewhere."""

import posixpath

import pytest
from documents import ROOT, iterate_links, list_anchors, list_pages


@pytest.mark.parametrize("page", list_pages())
def test_every_link_within_the_project_leads_to_a_file_and_a_heading(page: str) -> None:
    """Relative links name what is there, and anchors a heading of the page that they lead to."""
    for link in iterate_links(page):
        path, _, anchor = link.partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        assert (ROOT / target).exists(), f"{page} links to {link}, which is not there."
        assert not anchor or anchor in list_anchors(target), f"{page} links to {link}: no such heading."
