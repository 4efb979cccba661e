"""Pages for people: rendered here, with a style of their own and nothing from elsewhere, under a strict policy."""

import hashlib
from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from reuse.shapes import Answer

HTML = "text/html"  # Litestar adds the charset, UTF-8
NO_PAGE = "default-src 'none'"


def wants_json(accept: str | None) -> bool:
    """Whether JSON is asked for before HTML; a browser names HTML first."""
    kinds = [part.split(";")[0].strip() for part in (accept or "").lower().split(",")]
    ranked = [kind for kind in kinds if kind in {"application/json", "text/html", "application/xhtml+xml"}]
    return bool(ranked) and ranked[0] == "application/json"


def public_headers(policy: str = NO_PAGE) -> dict[str, str]:
    """What a public answer says to browsers and caches."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }


def page(template: str, *, status: int = 200, **values: object) -> Answer:
    """A page of `reuse/templates`, with the style sheet written into it: it asks nobody else for anything."""
    style = _style()
    policy = (
        f"default-src 'none'; style-src 'sha256-{_hash_of(style)}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return Answer(rendered(template, **values), status=status, headers=public_headers(policy), media_type=HTML)


def rendered(template: str, **values: object) -> bytes:
    """A page of `reuse/templates` as bytes, complete in itself, to be served or kept."""
    return _environment().get_template(template).render(style=_style(), **values).encode()


def _hash_of(style: str) -> str:
    """The style's hash for the Content-Security-Policy (CSP level 3, 2.3.1): only exactly this style is applied."""
    return b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reuse", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    source, _, _ = PackageLoader("reuse", "templates").get_source(_environment(), "public.css")
    return source
