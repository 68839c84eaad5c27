"""Steps are values: equal when they ask for the same, and never changed."""

import dataclasses
import typing

import pytest

from pilvi.agent.ports import steps


@pytest.mark.parametrize("kind", typing.get_args(steps.Step))
def test_a_step_cannot_be_changed_and_says_what_it_does(kind: type) -> None:
    assert kind.__doc__ and not kind.__doc__.startswith(kind.__name__)
    fields = dataclasses.fields(kind)
    made = [kind(**{field.name: field.name for field in fields}) for _ in range(2)]
    assert made[0] == made[1]
    for field in fields:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made[0], field.name, "other")
