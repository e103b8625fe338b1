"""Which codes were redeemed: remembered for as long as the codes would still be good."""


class Redemptions:
    """Remember the codes that were redeemed, so that none is redeemed twice."""

    def __init__(self) -> None:
        self._expiries: dict[str, float] = {}

    def add(self, code_id: str, expires: float, now: float) -> None:
        """Note that this code was redeemed; times are Unix seconds by the tenant's clock."""
        self._expiries = {known: expiry for known, expiry in self._expiries.items() if expiry > now}
        self._expiries[code_id] = expires

    def __contains__(self, code_id: str) -> bool:
        return code_id in self._expiries

    def clear(self) -> None:
        """Forget all of them."""
        self._expiries.clear()
