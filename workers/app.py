"""The Celery application of `filiere worker`: opens the house in each worker process."""

from typing import Any

from celery.signals import setup_logging, worker_process_init

from reuse.broker import Relay, attach, celery, configure
from reuse.house import open_house
from reuse.logs import configure_logs
from reuse.serving import spare_what_stays
from reuse.settings import Settings
from workers.presses import may_start_processes


def open_in_child(**_: Any) -> None:  # noqa: ANN401  # Celery's signal signature
    """Each prefork child opens its own connections (a forked one must not be shared) and publishes what it enqueues."""
    may_start_processes()
    house = open_house(Settings())
    attach(house)
    Relay(house).start()
    spare_what_stays()


def set_logs(**_: Any) -> None:  # noqa: ANN401  # Celery's signal signature
    """Celery leaves its own logging be once somebody answers this signal."""
    configure_logs(Settings().log_format)


setup_logging.connect(set_logs)  # pyright: ignore[reportUnknownMemberType]  # celery has no types
worker_process_init.connect(open_in_child)  # pyright: ignore[reportUnknownMemberType]  # celery has no types
configure(Settings())
app = celery
