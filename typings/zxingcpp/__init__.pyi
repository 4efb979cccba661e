from typing_extensions import Buffer
from enum import Enum

class BarcodeFormat(Enum):
    DataMatrix = ...

class Image(Buffer):
    @property
    def shape(self) -> tuple[int, int]: ...

class Barcode:
    def to_image(self, scale: int = ..., add_hrt: bool = ..., add_quiet_zones: bool = ...) -> Image: ...

def create_barcode(content: str, format: BarcodeFormat, *, force_square: bool = ...) -> Barcode: ...
