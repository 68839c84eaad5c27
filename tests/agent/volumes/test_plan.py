from hypothesis import given
from hypothesis import strategies as st

from pilvi.agent.volumes.driver import SeenTarget, SeenVolume, fingerprint
from pilvi.agent.volumes.plan import (
    AddTarget,
    MakeFile,
    RemoveFile,
    RemoveTarget,
    Step,
    plan_volume,
)
from pilvi.host_api.volumes import Export, VolumeSpec

NOTHING = SeenVolume(None, 0, ())


def export(name: str, password: str = "p") -> Export:
    return Export(attachment_id=name, iqn=f"iqn.x:{name}", lun=1, username=name, password=password)


def spec(size: int, *exports: Export) -> VolumeSpec:
    return VolumeSpec(volume_id="v1", project_id="p1", size_bytes=size, exports=list(exports))


def target(one: Export, size: int) -> SeenTarget:
    return SeenTarget(one.iqn, fingerprint(one), size)


def take(seen: SeenVolume, step: Step) -> SeenVolume:
    """What a host looks like after one step."""
    targets = list(seen.targets)
    size = seen.size_bytes
    match step:
        case MakeFile(size_bytes):
            size = max(size_bytes, size or 0)
        case RemoveFile():
            size = None
        case AddTarget(one):
            assert size is not None, "a target is never made before its file"
            targets = [t for t in targets if t.iqn != one.iqn] + [target(one, size)]
        case RemoveTarget(iqn):
            targets = [t for t in targets if t.iqn != iqn]
    return SeenVolume(size, seen.used_bytes, tuple(targets))


def test_a_new_volume_is_a_file_and_then_its_targets() -> None:
    a, b = export("a"), export("b")
    assert plan_volume(spec(8, a, b), NOTHING) == [MakeFile(8), AddTarget(a), AddTarget(b)]


def test_nothing_to_do_when_all_is_so() -> None:
    a = export("a")
    assert plan_volume(spec(8, a), SeenVolume(8, 4, (target(a, 8),))) == []
    assert plan_volume(None, NOTHING) == []


def test_an_unwanted_volume_loses_its_targets_before_its_file() -> None:
    a = export("a")
    seen = SeenVolume(8, 0, (target(a, 8),))
    assert plan_volume(None, seen) == [RemoveTarget(a.iqn), RemoveFile()]


def test_a_detached_export_is_removed_and_the_rest_left_alone() -> None:
    a, b = export("a"), export("b")
    seen = SeenVolume(8, 0, (target(a, 8), target(b, 8)))
    assert plan_volume(spec(8, b), seen) == [RemoveTarget(a.iqn)]


def test_a_half_made_target_is_made_again() -> None:
    a = export("a")
    seen = SeenVolume(8, 0, (SeenTarget(a.iqn, "", 0),))
    assert plan_volume(spec(8, a), seen) == [RemoveTarget(a.iqn), AddTarget(a)]


def test_a_changed_password_makes_the_target_again() -> None:
    old, new = export("a"), export("a", "other")
    seen = SeenVolume(8, 0, (target(old, 8),))
    assert plan_volume(spec(8, new), seen) == [RemoveTarget(old.iqn), AddTarget(new)]


def test_growing_makes_targets_again_after_the_file_grew() -> None:
    a = export("a")
    seen = SeenVolume(8, 0, (target(a, 8),))
    assert plan_volume(spec(16, a), seen) == [RemoveTarget(a.iqn), MakeFile(16), AddTarget(a)]
    cut = SeenVolume(16, 0, (target(a, 8),))
    assert plan_volume(spec(16, a), cut) == [RemoveTarget(a.iqn), AddTarget(a)]


def test_a_file_never_shrinks() -> None:
    assert plan_volume(spec(4), SeenVolume(8, 0, ())) == []


names = st.sampled_from("abc")
exports = st.builds(export, names, st.sampled_from(["p", "q"]))
wishes = st.none() | st.builds(
    lambda size, found: spec(size, *{e.iqn: e for e in found}.values()),
    st.integers(1, 3),
    st.lists(exports, max_size=3),
)
seens = st.builds(
    lambda size, found: SeenVolume(size, 0, tuple({t.iqn: t for t in found}.values())),
    st.none() | st.integers(0, 3),
    st.lists(
        st.builds(target, exports, st.integers(0, 3))
        | st.builds(lambda e: SeenTarget(e.iqn, "", 0), exports),
        max_size=3,
    ),
)


@given(seens, st.lists(st.tuples(wishes, st.integers(0, 4), st.booleans()), max_size=5), wishes)
def test_killed_anywhere_doubled_and_wished_anew_it_converges(
    seen: SeenVolume, past: list[tuple[VolumeSpec | None, int, bool]], wish: VolumeSpec | None
) -> None:
    for earlier, survived, is_doubled in past:
        for step in plan_volume(earlier, seen)[:survived]:
            seen = take(take(seen, step), step) if is_doubled else take(seen, step)
    for step in plan_volume(wish, seen):
        seen = take(seen, step)
    assert plan_volume(wish, seen) == []
    if wish is None:
        assert not seen.is_present
    else:
        assert seen.size_bytes is not None and seen.size_bytes >= wish.size_bytes
        assert {t.fingerprint for t in seen.targets} == {fingerprint(e) for e in wish.exports}
        assert all(t.size_bytes == seen.size_bytes for t in seen.targets)
