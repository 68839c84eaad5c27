"""What is over a limit."""

from pilvi.block_storage.model.quota import DEFAULTS, UNLIMITED, Used, shortfall, too_large


def test_the_last_piece_fits_and_one_more_does_not() -> None:
    used = Used(volumes=9, gigabytes=990).by_name
    assert shortfall(DEFAULTS, used, {"volumes": 1, "gigabytes": 10}) == ""
    assert shortfall(DEFAULTS, used, {"volumes": 2, "gigabytes": 1}) == (
        "asked for 2 volumes, 9 of 10 are used"
    )
    assert shortfall(DEFAULTS, used, {"volumes": 1, "gigabytes": 11}) == (
        "asked for 11 gigabytes, 990 of 1000 are used"
    )


def test_without_a_limit_everything_fits() -> None:
    limits = {**DEFAULTS, "volumes": UNLIMITED, "gigabytes": UNLIMITED}
    assert shortfall(limits, Used(10**6, 10**6).by_name, {"volumes": 1, "gigabytes": 1}) == ""
    assert too_large(limits, 10**6) == ""
    assert too_large({**limits, "per_volume_gigabytes": 5}, 6) != ""
