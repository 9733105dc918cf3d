"""How somebody's name is shown to whom."""

# Scripts that write a whole name in one word begin here (CJK radicals).
ONE_WORD_NAMES = 0x2E80


def short_name(full_name: str) -> str:
    """For those who have not signed in: Alice Example is Alice E., and Example, Alice the same."""
    surname, comma, given = full_name.partition(",")
    words = (f"{given} {surname}" if comma and given.strip() else full_name).split()
    if len(words) > 1:
        first, last = words[0], words[-1]
        # A number tells people apart who have no surname, and tells nothing else.
        return f"{first} {last if last.isdigit() else f'{last[0]}.'}"
    [word] = words or ["–"]
    return f"{word[0]}…" if len(word) > 1 and ord(word[0]) >= ONE_WORD_NAMES else word
