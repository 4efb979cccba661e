"""What comes next, by status, category and milestones; and which language it is said in."""

import pytest

from reuse.devices.rules import (
    GateFacts,
    MediaPolicy,
    Milestone,
    Status,
    Step,
    best_language,
    next_steps,
    pseudonym,
    step_titles,
)

ALL = frozenset(milestone.value for milestone in Milestone)


def facts(*milestones: Milestone, media: MediaPolicy = MediaPolicy.always, flags: tuple[str, ...] = ()) -> GateFacts:
    return GateFacts(media, frozenset(milestones), frozenset(flags))


def test_the_steps_of_a_fresh_laptop_follow_the_order_of_the_floor() -> None:
    assert next_steps(Status.received, facts()) == (
        Step.label,
        Step.start_work,
        Step.check_locks,
        Step.capture,
        Step.wipe,
        Step.accept_sanitization,
        Step.test,
        Step.repair,
        Step.grade,
        Step.approve,
    )


def test_a_monitor_is_neither_unlocked_nor_captured_nor_wiped() -> None:
    steps = next_steps(Status.in_workshop, facts(Milestone.labelled, media=MediaPolicy.never))
    assert steps == (Step.test, Step.repair, Step.grade, Step.approve)


def test_a_flag_comes_before_all_work() -> None:
    assert next_steps(Status.in_workshop, facts(*Milestone, flags=("locked",))) == (Step.lift_flags, Step.approve)


@pytest.mark.parametrize("status", [Status.withdrawn, Status.refused, Status.recycled, Status.handed_over])
def test_at_an_end_nothing_comes_next(status: Status) -> None:
    assert next_steps(status, facts(flags=("legal_hold",))) == ()


@pytest.mark.parametrize("status", list(Status))
def test_every_step_of_every_status_has_a_title_in_each_language(status: Status) -> None:
    for step in next_steps(status, facts()):
        assert step_titles()[step]["fr"]
        assert step_titles()[step]["en"]


@pytest.mark.parametrize(
    ("accepted", "territory", "language"),
    [
        (None, "fr", "fr"),
        ("", "en", "en"),
        ("en-GB,en;q=0.9,fr;q=0.8", "fr", "en"),
        ("de,fr;q=0.5,en;q=0.6", "fr", "en"),
        ("en;q=0", "fr", "fr"),
        ("de", "ar", "fr"),
        ("en;q=high,fr;q=0.1", "en", "fr"),
    ],
)
def test_the_language_is_the_readers_or_the_territorys(accepted: str | None, territory: str, language: str) -> None:
    assert best_language(accepted, territory) == language


def test_a_pseudonym_is_the_same_for_one_person_and_tells_no_name() -> None:
    one = pseudonym(b"secret", None, "tech-1")
    assert one == pseudonym(b"secret", None, "tech-1")
    assert len({one, pseudonym(b"secret", None, "tech-2"), pseudonym(b"other", None, "tech-1")}) == 3
