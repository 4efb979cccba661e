MODE_8BIT_BYTE: int

class QRData:
    def __init__(self, data: bytes, mode: int | None = ..., check_data: bool = ...) -> None: ...
