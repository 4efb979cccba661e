from collections.abc import Iterable
from typing import Any

class Object:
    number: int | None
    generation: int
    free: str
    def __init__(self) -> None: ...
    @property
    def data(self) -> bytes: ...
    @property
    def compressible(self) -> bool: ...

class Array(list[Any]):
    def __init__(self, array: Iterable[Any] = ...) -> None: ...

class Dictionary(dict[str, Any]):
    reference: bytes

class PDF:
    objects: list[Any]
    catalog: dict[str, Any]
