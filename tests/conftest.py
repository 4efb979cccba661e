"""What every test may ask for: servers, started only when the first test asks, and fresh for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

import services
from makers import Town, make_house, open_doors, settle_town
from racks import Rack, rack_in
from reuse.house import House

# Two shared cores make a deadline per example a coin toss. The figures of single campaigns stand beside their tests.
settings.register_profile("house", deadline=None, print_blob=True)
settings.register_profile("deep", deadline=None, print_blob=True, max_examples=5_000)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers they ask for, so that `-m "not postgresql"` is honest without anyone's care."""
    for item in items:
        if isinstance(item, pytest.Function):
            if {"postgresql_server", "postgresql_url"} & set(item.fixturenames):
                item.add_marker("postgresql")
            if {"redis_server", "redis_url"} & set(item.fixturenames):
                item.add_marker("redis")


# Servers ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[services.Server]:
    """Share one PostgreSQL; a test that stops or kills one starts its own by `services.postgresql_server`."""
    with services.postgresql_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: services.Server) -> Iterator[str]:
    """Give the address of an empty database that only this test sees."""
    with services.fresh_database(postgresql_server) as address:
        yield address


@pytest.fixture(scope="session")
def redis_server() -> Iterator[services.Server]:
    """Share one Redis; a test that stops, freezes or kills one starts its own by `services.redis_server`."""
    with services.redis_server() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: services.Server) -> str:
    """Give the address of the Redis, which has just been emptied."""
    services.ask_redis(redis_server, "FLUSHALL")
    return services.redis_address(redis_server)


@pytest.fixture(scope="session")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    """Share one token that signs PDFs."""
    with rack_in(tmp_path_factory.mktemp("rack")) as made:
        yield made


# The house and who is in it: fixtures over makers.py ----------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Open a house on SQLite, empty."""
    with closing(make_house(tmp_path)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def any_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Open a house on each database in turn."""
    address = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    with closing(make_house(tmp_path, database_url=address)) as opened:
        yield opened


@pytest.fixture
def town(house: House) -> Iterator[Town]:
    """Open the doors of a house on SQLite, with one organisation of each kind and the embedded worker."""
    with open_doors(house) as client:
        yield settle_town(house, client)
