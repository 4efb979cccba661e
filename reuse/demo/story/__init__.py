"""The ten steps of a donation, played through the HTTP API."""

from collections.abc import Callable

from reuse.demo.story import bench, counting, floor, giving, offering, wiping
from reuse.demo.story.scene import Scene as Scene

STEPS: tuple[Callable[[Scene], None], ...] = (
    giving.register,
    giving.receive,
    floor.label,
    floor.scan,
    floor.capture,
    wiping.wipe,
    bench.work,
    offering.offer,
    offering.hand_over,
    counting.count_impact,
)


def tell(scene: Scene) -> None:
    """Play every step; the first answer that is not as the story expects ends it with a Conflict."""
    for step in STEPS:
        step(scene)
    counting.sum_up(scene)
