"""Books beside what hosts hold."""

from pilvi.testing.simulation.ledger import Books, check_sums, compare

VM, PORT = ("host1", "vm", "a"), ("host1", "port", "b")


def books(**fields: object) -> Books:
    empty: dict[str, object] = {
        "wanted": frozenset(),
        "leaving": frozenset(),
        "unsettled": {},
        "counts": {},
        "allocations": {},
    }
    return Books(**(empty | fields))  # type: ignore[arg-type]  # as the fields are declared


def test_hosts_that_hold_what_is_wanted_differ_in_nothing() -> None:
    assert list(compare(books(wanted=frozenset({VM, PORT})), {VM, PORT})) == []


def test_each_difference_is_named() -> None:
    found = books(
        wanted=frozenset({VM}), leaving=frozenset({PORT}), unsettled={VM: "the image to arrive"}
    )
    assert list(compare(found, {PORT})) == [
        "leaked: host1 holds the port b, which nobody wants",
        "missing: host1 does not hold the vm a",
        "stuck: the port b on host1 was withdrawn and is still in the books",
        "stuck: host1 does not agree on the vm a: the image to arrive",
    ]
    final = books(wanted=frozenset({VM}), unsettled={VM: '{"terminal":true}'})
    for held in ({VM}, set()):
        assert list(compare(final, held)) == [], "it says why it cannot be"


def test_claims_are_the_sum_of_flavors_and_addresses_are_given_once() -> None:
    row = {
        "deleted_at": None,
        "desired": '{"present":true,"resize":null}',
        "host_id": "h",
        "vcpus": 1,
        "memory_mib": 256,
        "way_back": None,
    }
    held = {"VCPU": 1, "MEMORY_MB": 256}
    assert list(check_sums(books(servers={"s": row}, allocations={"s": held}))) == []
    wrong = books(
        servers={"s": row, "t": row, "gone": {**row, "deleted_at": 1}},
        allocations={"s": {**held, "VCPU": 2}, "gone": held, "nobody": held},
        addresses={"n 10.0.0.3": ["p", "q"]},
    )
    problems = list(check_sums(wrong))
    assert [problem.split()[0:3] for problem in problems] == [
        ["the", "server", "s"],
        ["leaked:", "the", "deleted"],
        ["leaked:", "a", "claim"],
        ["the", "server", "t"],
        ["the", "address", "n"],
    ]
