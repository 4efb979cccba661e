from reportlab.pdfbase.pdfdoc import PDFDocument

class TTFontFace:
    charToGlyph: dict[int, int]

class TTFont:
    face: TTFontFace
    def __init__(self, name: str, filename: str) -> None: ...
    def splitString(self, text: str, doc: PDFDocument) -> list[tuple[int, bytes]]: ...
    def getSubsetInternalName(self, subset: int, doc: PDFDocument) -> str: ...
