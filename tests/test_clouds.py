"""One value a cloud."""

import subprocess
from pathlib import Path

import pytest

from postroom.clouds import AZURE_GLOBAL, AZURE_US_GCC_HIGH, CLOUDS, get_cloud
from postroom.errors import SettingError

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_a_cloud_is_found_by_name_in_any_case(cloud: object) -> None:
    """Names are taken as people write them."""
    assert get_cloud(f" {cloud.name.upper()} ") is cloud  # type: ignore[attr-defined]


def test_an_unknown_cloud_names_the_known_ones() -> None:
    """GCC is a common mistake: the message says where it belongs."""
    with pytest.raises(SettingError, match=r"“Azure Global” or “Azure US GCC High” .*GCC without High"):
        get_cloud("GCC")


def test_clouds_share_no_host() -> None:
    """What belongs to one cloud never points at the other."""
    hosts = [{cloud.login_host, cloud.graph_host, cloud.portal_host} for cloud in CLOUDS]
    assert not hosts[0] & hosts[1]
    assert AZURE_GLOBAL.scope == "https://graph.microsoft.com/.default"
    assert AZURE_US_GCC_HIGH.authority("t") == "https://login.microsoftonline.us/t"


def test_no_other_module_names_a_microsoft_host() -> None:
    """Only `clouds.py` and the tenant name a host of Microsoft's."""
    pattern = r"microsoftonline|graph\.microsoft|portal\.azure|outlook\.office|windows\.net|chinacloudapi"
    found = subprocess.run(
        ["grep", "-rlE", "--include=*.py", pattern, "src/postroom"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    others = [
        name
        for name in found.stdout.split()
        if name != "src/postroom/clouds.py" and not name.startswith("src/postroom/tenant/")
    ]
    assert others == []
