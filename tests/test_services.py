import signal
import socket

import psycopg
import pytest

import services


def test_a_test_gets_an_empty_postgresql_database_in_utf8(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_two_databases_do_not_see_each_other(postgresql_server: services.Server) -> None:
    with services.fresh_database(postgresql_server) as one, services.fresh_database(postgresql_server) as other:
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE device (id int)")
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT to_regclass('device')").fetchone() == (None,)


def test_a_killed_durable_postgresql_comes_back_with_what_it_had_committed() -> None:
    with services.postgresql_server(durable=True) as server:
        address = services.postgresql_address(server, "postgres")
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE device (id int)")
        server.process.kill()
        server.process.wait()
        again = services.launch_postgresql(server.folder, server.port, durable=True)
        try:
            with psycopg.connect(address) as connection:
                assert connection.execute("SELECT to_regclass('device')").fetchone() == ("device",)
                assert connection.execute("SHOW fsync").fetchone() == ("on",)
        finally:
            services.stop(again, signal.SIGINT)


@pytest.mark.parametrize("turn", [1, 2])
def test_redis_is_empty_at_the_start_of_each_test(redis_url: str, redis_server: services.Server, turn: int) -> None:
    assert redis_url == f"redis://127.0.0.1:{redis_server.port}/0"
    assert services.ask_redis(redis_server, "DBSIZE") == ":0"
    assert services.ask_redis(redis_server, f"SET left-behind {turn}") == "+OK"


def test_a_server_stops_even_when_it_was_left_frozen() -> None:
    with services.redis_server() as server:
        server.process.send_signal(signal.SIGSTOP)
    assert server.process.returncode is not None


def test_a_missing_program_is_told_with_its_remedy() -> None:
    with pytest.raises(FileNotFoundError, match="make setup"):
        services.program("no-such-server")


def test_nothing_beyond_this_machine_can_be_reached() -> None:
    with socket.socket() as outward, pytest.raises(Exception, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 80))
