from collections.abc import Callable
from datetime import datetime

import pydyf
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

class Document: ...

class CSS:
    def __init__(self, *, string: str, font_config: FontConfiguration, url_fetcher: URLFetcher) -> None: ...

class Attachment:
    def __init__(
        self,
        *,
        string: bytes,
        name: str,
        description: str,
        created: datetime,
        modified: datetime,
        relationship: str,
        url_fetcher: URLFetcher,
    ) -> None: ...

class HTML:
    def __init__(self, *, string: str, url_fetcher: URLFetcher) -> None: ...
    def write_pdf(
        self,
        *,
        finisher: Callable[[Document, pydyf.PDF], None],
        font_config: FontConfiguration,
        stylesheets: list[CSS],
        attachments: list[Attachment],
        pdf_variant: str,
        pdf_identifier: bytes,
    ) -> bytes: ...
