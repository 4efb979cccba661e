"""Kombu's Redis transport, mended: a worker whose acknowledgement failed takes messages again.

Kombu keeps a message's place under the prefetch limit until Redis has heard the acknowledgement. Where Redis goes away
in just that moment, Celery logs «Couldn't ack» and goes on; with one place to a worker (worker_prefetch_multiplier=1)
none is then free, the worker listens to nothing any more, and so never learns that its connection is gone either.
"""

from typing import Any

from kombu.transport import redis
from kombu.transport.virtual import base


class Places(redis.QoS):
    """The messages taken and not yet acknowledged."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge; where Redis cannot be told, the place is free all the same, and the error raised as before.

        Redis gives such a message out again later, which does nothing: the job table is the truth.
        """
        try:
            super().ack(delivery_tag)  # pyright: ignore[reportUnknownMemberType]  # kombu has no types
        except Exception:
            base.QoS.ack(self, delivery_tag)  # pyright: ignore[reportUnknownMemberType]  # kombu has no types
            raise


class Channel(redis.Channel):
    """A channel that counts places so."""

    QoS: Any = Places


class Transport(redis.Transport):
    """What `broker_transport` names where the broker is Redis."""

    Channel: Any = Channel
