"""Every setting of the product, in one documented class."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment, each name with the prefix `FILIERE_`; `deploy/env.example` lists them all."""

    model_config = SettingsConfigDict(env_prefix="FILIERE_", frozen=True, extra="ignore")

    data_dir: Path = Field(default=Path("var"), description="Folder of the embedded default: database, files, keys.")
    database_url: str | None = Field(
        default=None,
        description="postgresql+psycopg://… for the full profile; without it SQLite under the data folder.",
    )
    broker_url: str | None = Field(
        default=None, description="redis://… for the full profile; without it the worker runs in the API's own process."
    )
    files_url: str | None = Field(
        default=None, description="s3://… or file:///… where documents are kept; without it the data folder."
    )
    public_url: str | None = Field(
        default=None,
        description="https address printed in labels and certificates; without it documents are marked as trial.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key of the HMACs of API keys, at least 32 characters; without it one is made in the data folder.",
    )
    keys_dir: Path | None = Field(
        default=None,
        description="Folder of the keys that sign certificates, shared by all; by default keys in the data folder.",
    )
    contact_keys_dir: Path | None = Field(
        default=None,
        description="Folder of the keys that seal contacts and recognise households, shared by all, backed up by no "
        "command of ours; by default contact-keys in the data folder.",
    )
    pdf_signing_file: Path | None = Field(
        default=None,
        description="PEM or PKCS#12 file that signs all PDFs (beside a token: the PEM of its certificates, where the "
        "token holds none); without either each organisation has a self-signed key.",
    )
    pdf_signing_password: SecretStr | None = Field(
        default=None, description="Password of FILIERE_PDF_SIGNING_FILE, where it has one."
    )
    pdf_signing_module: Path | None = Field(
        default=None,
        description="PKCS#11 library of the token that signs all PDFs; needs filiere[pkcs11] and the next three.",
    )
    pdf_signing_token: str | None = Field(default=None, description="Label of the token that signs PDFs.")
    pdf_signing_key: str | None = Field(default=None, description="Label of the private key on that token.")
    pdf_signing_pin_file: Path | None = Field(
        default=None, description="File that holds that token's PIN; only this service should be able to read it."
    )
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that the API listens on.")
    threads: int = Field(default=32, ge=1, le=256, description="Requests worked on at the same time in one process.")
    worker_threads: int = Field(
        default=2, ge=1, le=64, description="Jobs worked on at the same time by the embedded worker."
    )
    job_lease_seconds: float = Field(default=30, gt=0, description="How long a worker owns a job before it must renew.")
    sweep_seconds: float = Field(default=5, gt=0, description="How often lost jobs are looked for.")
    publish_again_seconds: float = Field(
        default=60, gt=0, description="A message that no worker took for so long is taken for lost and sent again."
    )
    hold_hours: float = Field(
        default=72, gt=0, description="How long a reservation is held before it must be confirmed."
    )
    log_format: str = Field(
        default="text", pattern="^(text|json)$", description="How logs are written to stderr: text or json."
    )
