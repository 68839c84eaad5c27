from pilvi.agent.outbox import Outbox
from pilvi.host_api.contract import Kind, Observation


def seen(id: str, generation: int = 1, *, present: bool = True) -> Observation:
    return Observation(kind=Kind.VM, id=id, generation=generation, present=present, settled=True)


def test_only_what_changed_is_told() -> None:
    outbox = Outbox()
    outbox.publish(seen("a"))
    assert outbox.changed.is_set()
    assert outbox.take() == [seen("a")]
    assert not outbox.changed.is_set()
    outbox.publish(seen("a"))
    assert not outbox.changed.is_set() and outbox.take() == []
    outbox.publish(seen("a", 2))
    outbox.publish(seen("b"))
    outbox.publish(seen("a", 3))
    assert sorted(o.generation for o in outbox.take()) == [1, 3]


def test_everything_is_told_when_asked_for() -> None:
    outbox = Outbox()
    outbox.publish(seen("a"))
    outbox.take()
    outbox.publish(seen("b"))
    assert outbox.take(full=True) == [seen("a"), seen("b")]
    assert outbox.take() == []


def test_what_was_put_back_is_told_again_unless_there_is_newer() -> None:
    outbox = Outbox()
    outbox.publish(seen("a"))
    outbox.publish(seen("b"))
    taken = outbox.take()
    outbox.publish(seen("a", 2))
    outbox.take()
    outbox.put_back(taken)
    assert outbox.changed.is_set()
    assert {(o.id, o.generation) for o in outbox.take()} == {("a", 2), ("b", 1)}


def test_an_absent_object_is_forgotten_unless_it_came_back() -> None:
    outbox = Outbox()
    outbox.publish(seen("a", 2, present=False))
    outbox.publish(seen("b", 2))
    for id in "ab":
        outbox.forget(Kind.VM, id, 2)
    outbox.forget(Kind.VM, "a", 2)
    assert outbox.find(Kind.VM, "a") is None
    assert outbox.find(Kind.VM, "b") == seen("b", 2)
    outbox.publish(seen("a", 3))
    outbox.forget(Kind.VM, "a", 2)
    assert outbox.find(Kind.VM, "a") == seen("a", 3)
    assert outbox.has((Kind.VM, "a")) and not outbox.has((Kind.VM, "c"))
