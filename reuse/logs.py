"""Where all logs go: to stderr, as text for people or JSON for machines; stdout belongs to the answers of commands."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import structlog

_SECRETS = (
    (re.compile(r"\b(flr_[0-9a-f]+_)[\w-]+"), r"\1…"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), r"\1…@"),  # the password in a database's or broker's address
)
_TALKATIVE = ("alembic", "celery.app.trace", "celery.worker.strategy", "fontTools", "httpcore", "httpx", "weasyprint")
"""Libraries whose INFO is about themselves and not about the work."""


def configure_logs(form: str, *, level: int = logging.INFO) -> None:
    """Send the product's logs and those of uvicorn, Celery and alembic to stderr in one form, `text` or `json`."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderer(form: str) -> structlog.types.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401  # fixed by structlog
    """Cut the secret out of every key and every address with a password, wherever in the event it stands."""
    for name, value in event.items():
        event[name] = _without_secrets(value)
    return event


def _without_secrets(value: Any) -> Any:  # noqa: ANN401  # any value that is logged
    if isinstance(value, str):
        for pattern, replacement in _SECRETS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {name: _without_secrets(inner) for name, inner in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(inner) for inner in cast("list[Any]", value)]
    return value
