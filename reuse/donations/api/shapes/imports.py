from uuid import UUID

from reuse.web import Shape


class FaultOfRow(Shape):
    """One thing that is wrong in a row of a list; `row` is the line in the file, header = 1."""

    row: int
    column: str | None
    code: str
    message: str


class DeviceOfRow(Shape):
    """Which device a row of a list means; `is_new` where this import brought it."""

    device_id: UUID
    row: int
    is_new: bool
