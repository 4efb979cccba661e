"""A worker must not fall silent because Redis went away while it acknowledged a message."""

import logging
import signal
import time
from pathlib import Path
from typing import Any

from kombu import Connection, Consumer, Producer, Queue

import services
from makers import SECRET
from reuse.broker import celery, configure
from reuse.settings import Settings


def test_a_worker_whose_acknowledgement_failed_takes_the_next_message(tmp_path: Path) -> None:
    taken: list[Any] = []

    def take(body: str, message: Any) -> None:
        taken.append((body, message))

    with services.redis_server() as server:
        configure(Settings(data_dir=tmp_path, broker_url=services.redis_address(server), secret_key=SECRET))
        queue = Queue("filiere")
        with celery.connection_for_write() as connection:
            send(connection, queue, "first")
            consumer = Consumer(connection.default_channel, [queue], callbacks=[take], prefetch_count=1)
            consumer.consume()
            connection.drain_events(timeout=10)
            services.stop(server, signal.SIGKILL)
            taken[0][1].ack_log_error(logging.getLogger("test"), connection.connection_errors)
            back = services.launch_redis(server.folder, server.port)
            try:
                with celery.connection_for_write() as another:
                    send(another, queue, "second")
                listen(connection, taken)
            finally:
                services.stop(back, signal.SIGTERM)


def listen(connection: Connection, taken: list[Any]) -> None:
    """Hear the next message, or that the connection is gone, on which Celery begins anew; silence fails."""
    until = time.monotonic() + 5
    while len(taken) < 2:
        assert time.monotonic() < until, "the worker hears nothing any more"
        try:
            connection.drain_events(timeout=1)
        except TimeoutError:
            continue
        except connection.connection_errors:
            return


def send(connection: Connection, queue: Queue, words: str) -> None:
    Producer(connection.default_channel).publish(words, routing_key=queue.name, declare=[queue])
