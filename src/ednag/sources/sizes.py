"""Sizes of files in words. Imports nothing, for `ednag doctor` where packages are missing."""


def size_in_words(size: int | None) -> str:
    """Bytes for people, in powers of 1000; `?` where unknown."""
    if size is None:
        return "?"
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
