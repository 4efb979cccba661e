"""The one list of doors, and the application made of them."""

import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version

from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.pydantic import PydanticPlugin

from reuse import health, manual
from reuse.broker import Relay, embedded_worker
from reuse.catalogue import api as catalogue
from reuse.devices import api as devices
from reuse.documents import api as documents
from reuse.donations import api as donations
from reuse.exports import api as exports
from reuse.handovers import api as handovers
from reuse.house import House
from reuse.impact import api as impact
from reuse.jobs import api as jobs
from reuse.openapi import CompleteDocument, document_text
from reuse.passport import api as passport
from reuse.passport import pages as passport_pages
from reuse.people import api as people
from reuse.privacy import api as privacy
from reuse.problems import HANDLERS
from reuse.recalls import api as recalls
from reuse.reservations import api as reservations
from reuse.scans import api as scans
from reuse.wiping import api as wiping
from reuse.wiping import pages as wiping_pages
from reuse.workshop import api as workshop

DOORS = [
    *health.doors,
    *manual.doors,
    *people.doors,
    *jobs.doors,
    *documents.doors,
    *devices.doors,
    *donations.doors,
    *passport.doors,
    *passport_pages.doors,
    *impact.doors,
    *scans.doors,
    *wiping.doors,
    *wiping_pages.doors,
    *workshop.doors,
    *catalogue.doors,
    *reservations.doors,
    *exports.doors,
    *handovers.doors,
    *recalls.doors,
    *privacy.doors,
]
MAX_BODY = 21 * 1024 * 1024  # 20 MB of file and the form around it


@asynccontextmanager
async def _live(app: Litestar) -> AsyncIterator[None]:
    """Threads for the doors, the relay, and the worker where it lives in this process, for as long as the app does."""
    house: House = app.state.house
    app.state.executor = ThreadPoolExecutor(house.settings.threads, thread_name_prefix="door")
    relay = Relay(house)
    relay.start()
    try:
        with embedded_worker(house) if house.settings.broker_url is None else nullcontext():
            yield
    finally:
        relay.stop()
        app.state.executor.shutdown()


def create_app(house: House | None = None) -> Litestar:
    """The API over one house; with no broker set, its worker lives in the same process.

    Without a house it can only be asked for its document.
    """
    app = Litestar(
        route_handlers=DOORS,
        lifespan=[_live],
        exception_handlers=HANDLERS,
        logging_config=None,  # reuse/logs.py alone says where logs go
        request_max_body_size=MAX_BODY,
        plugins=[PydanticPlugin(prefer_alias=True)],  # answers are written by alias, so the document tells them so
        openapi_config=OpenAPIConfig(
            title="Filière",
            version=version("filiere"),
            description="The circular economy of digital equipment, from a donor's shelf to a family's table.",
            path="/schema",
            render_plugins=[CompleteDocument()],
            components=Components(
                security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description="flr_<id>_<secret>")}
            ),
            security=[{"key": []}],
        ),
    )
    app.state.house = house
    return app


if __name__ == "__main__":  # make openapi
    sys.stdout.write(document_text(create_app()))
