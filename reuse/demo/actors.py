"""Who takes part in the demonstration, each with a key of their own and nothing but the HTTP API."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from reuse.errors import Conflict

PATIENCE_SECONDS = 75
"""How long a job may take on a machine that has other things to do."""
LOOK_SECONDS = 0.03
ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, by pseudonym, at a keyboard: an organisation's key and the address of the API."""

    name: str
    organisation: str
    organisation_id: str
    key: str
    http: httpx.Client

    def ask(self, method: str, path: str, *, expects: int = 200, **more: Any) -> Any:  # noqa: ANN401  # JSON, and what httpx takes
        """Ask, and give the JSON answer; any other status than the story expects ends the demonstration."""
        answer = self._send(method, path, **more)
        if answer.status_code != expects:
            raise stopped(f"{self.name} asked {method} {path} and expected {expects}", answer)
        return answer.json()

    def post(self, path: str, body: object = None, *, expects: int = 201, **more: Any) -> Any:  # noqa: ANN401  # JSON
        """Post a JSON body."""
        return self.ask("POST", path, expects=expects, **({"json": body} if body is not None else {}), **more)

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Get something."""
        return self.ask("GET", path)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        joint = "&" if "?" in path else "?"
        cursor = ""
        while True:
            page = self.get(f"{path}{joint}limit=200{cursor}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def refused(self, path: str, body: object, *, expects: int = 409) -> dict[str, Any]:
        """Ask for what must be refused, and give the problem; to be allowed it would end the demonstration."""
        problem: dict[str, Any] = self.post(path, body, expects=expects)
        return problem

    def upload(self, path: str, name: str, content: bytes, *, expects: int, **fields: str) -> Any:  # noqa: ANN401  # JSON
        """Send a file as a browser's form would."""
        return self.ask("POST", path, expects=expects, files={"file": (name, content)}, data=fields)

    def download(self, path: str) -> bytes:
        """The bytes of a document."""
        answer = self._send("GET", path)
        if not answer.is_success:
            raise stopped(f"{self.name} wanted to read {path}", answer)
        return answer.content

    def wait_for(self, path: str, is_done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Look at something until it is as awaited."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            now: dict[str, Any] = self.get(path)
            if is_done(now):
                return now
            time.sleep(LOOK_SECONDS)
        raise Conflict(
            f"The demonstration stopped: {path} was not as awaited after {PATIENCE_SECONDS} seconds.",
            code="demo_stopped",
        )

    def result_of(self, job: dict[str, Any]) -> dict[str, Any]:
        """What came of a job, once it has succeeded."""
        now = self.wait_for(f"/v1/jobs/{job['id']}", lambda seen: seen["state"] in ENDED)
        if now["state"] != "succeeded":
            raise Conflict(
                f"The demonstration stopped: the job {now['kind']} ended as {now['state']}: {now['problem']}",
                code="demo_stopped",
            )
        return now["result"] or {}

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401  # what httpx takes
        try:
            return self.http.request(method, path, headers={"Authorization": f"Bearer {self.key}"}, **more)
        except httpx.HTTPError as error:
            raise Conflict(
                f"The demonstration stopped: {method} {path} was not answered ({error}).", code="demo_stopped"
            ) from error


def stopped(what: str, answer: httpx.Response) -> Conflict:
    """The sentence with which the demonstration ends when an answer is not what the story expects."""
    return Conflict(
        f"The demonstration stopped: {what}; the answer was {answer.status_code}: {answer.text[:600]}",
        code="demo_stopped",
    )
