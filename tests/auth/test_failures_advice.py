"""Every failure that is known of Entra ID, as the tenant answers it, becomes a sentence that says what to do."""

import pytest

from postroom.auth.advice import find_advice
from postroom.auth.refusals import SignInPlace, create_sign_in_error
from postroom.clouds import get_cloud
from support.entra_failures import ROWS, Row, Stage
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_failure_becomes_advice(tenant: RunningTenant, cloud: str, row: Row) -> None:
    """The words are ours, number and trace id ride along, and another number would change the words only."""
    place = SignInPlace(
        get_cloud(cloud), tenant.cloud(cloud)["tenant_id"], tenant.app(cloud=cloud)["client_id"]
    )
    answer = row.bring_about(Stage(tenant, cloud))
    made = create_sign_in_error(answer.json(), place, answer.status_code)
    advice = find_advice(row.number, place.cloud, place.tenant_id, place.client_id)
    assert advice is not None, "There are no words of our own for this number."
    assert made.message == advice
    assert (made.code, made.aadsts, made.request_id) == (row.error, row.number, answer.json()["trace_id"])
    renumbered = answer.json() | {"error_codes": [1], "error_description": "AADSTS1: Renumbered."}
    assert type(create_sign_in_error(renumbered, place)) is type(made)
