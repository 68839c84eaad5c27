from pilvi.hosts.operations.signals import HostSignals


def test_one_host_or_all_are_told_and_then_forgotten() -> None:
    signals = HostSignals()
    one, same, other = (signals.subscribe(id) for id in ("a", "a", "b"))
    signals.announce("a")
    assert one.is_set() and same.is_set() and not other.is_set()
    third = signals.subscribe("a")
    assert not third.is_set()
    signals.announce_all()
    assert third.is_set() and other.is_set()
    signals.announce_all()
