from litestar.params import FromPath
from sqlmodel import Session

from reuse.html import page
from reuse.passport.queries.finding import workshop_of_label
from reuse.web import Answer, door


@door("GET", "/d/{code:str}", is_public=True, summary="What a label tells anybody who scans it")
def show_card(session: Session, code: FromPath[str]) -> bytes:
    """Whose loop the labelled device belongs to and how to return it: nothing about the device, donor or persons."""
    return _card(session, code)  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def _card(session: Session, code: str) -> Answer:
    workshop = workshop_of_label(session, code)
    return page("card.html", status=200 if workshop else 404, code=code[:40], workshop=workshop)


doors = [show_card]
