"""Numbers that callers write as text."""


def parse_whole(text: str, *, digits_max: int = 18) -> int | None:
    """The whole number, 0 or more, that ASCII digits say; None for any other text. Pure.

    `str.isdigit` also holds for ² and १, and `int` refuses the one and more than 4300 digits;
    18 digits are what a database's integer holds.
    """
    if text.isascii() and text.isdigit() and len(text) <= digits_max:
        return int(text)
    return None
