"""Which tests run on one worker because they share what is long to make."""

from xdist.scheduler import LoadScopeScheduling

# The journeys' portal and browser; the five million rows of the booking plans; the panels' county.
SHARING = (
    "tests/journeys/",
    "tests/integration/appointments/test_plans.py",
    "tests/integration/family_doctor/test_at_scale.py",
)


class BySharing(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Deals tests one by one to whoever is free, but those that share go to one worker together.

    pytest-xdist's own ``loadgroup`` does not see its marks with pytest 9.2: it deals all singly.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((scope for scope in SHARING if nodeid.startswith(scope)), nodeid)
