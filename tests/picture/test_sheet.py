"""The paper of the SVG."""

from pilvi.picture.sheet import Sheet, cut


def test_words_are_cut_by_their_width() -> None:
    assert cut("short", 100) == "short"
    assert cut("", 10) == ""
    narrow, wide = cut("i" * 100, 200), cut("W" * 100, 200)
    assert narrow.endswith("…") and wide.endswith("…")
    assert len(narrow) > 2 * len(wide)


def test_nothing_leads_nowhere() -> None:
    sheet = Sheet()
    with sheet.leading("volumes", "v1"):
        sheet.text(0, 0, "words", 100)
    assert not any("<a" in part for part in sheet.parts)


def test_a_copy_has_its_direction() -> None:
    sheet = Sheet()
    sheet.curve((0, 0), (10, 5), "copy", "to the right")
    sheet.curve((10, 5), (0, 0), "copy", "to the left")
    sheet.curve((0, 0), (10, 5), "iscsi", "no direction")
    tips = [part for part in sheet.parts if "tip" in part]
    assert ["l-6" in tips[0], "l6" in tips[1], len(tips)] == [True, True, 2]
