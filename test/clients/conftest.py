"""One service for all tests that need no settings of their own."""

from collections.abc import Iterator

import pytest
from service import running


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """Its address, as http://HOST:PORT."""
    with running() as address:
        yield address
