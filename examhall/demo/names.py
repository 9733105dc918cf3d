"""Names for the demo's candidates: as many as there are, the same at every start, none of them anybody's."""

GIVEN = (
    "Amelia", "Bekzod", "Chloe", "Dilnoza", "Elif", "Farhod", "Grace", "Hiro", "Ines", "Jamshid", "Kamila",
    "Leo", "Malika", "Noah", "Olim", "Priya", "Quentin", "Ravshan", "Sofia", "Timur", "Umida", "Viktor",
    "Wanjiru", "Xenia", "Yusuf", "Zarina", "Aisha", "Bruno", "Camille", "Dastan", "Emre", "Freya", "Gulnora",
    "Hassan", "Ivana", "Jasur", "Kofi",
)  # fmt: skip
FAMILY = (
    "Abdullayev", "Becker", "Costa", "Demir", "Ergashev", "Fischer", "Garcia", "Hart", "Ibragimov", "Jensen",
    "Karimov", "Lindqvist", "Moreau", "Nguyen", "Okafor", "Papadaki", "Qodirov", "Rossi", "Sharma", "Tanaka",
    "Usmanov", "Varga", "Weber", "Xu", "Yilmaz", "Zhang", "Adeyemi", "Bianchi", "Dubois", "Horvat", "Kamau",
)  # fmt: skip


def name_of(number: int) -> str:
    """Of the candidate with this number: 1147 names before one comes again, and then it has a number too."""
    # 37 and 31 have no common factor: the pairs all come before they repeat.
    name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[11 * number % len(FAMILY)]}"
    round_, _ = divmod(number, len(GIVEN) * len(FAMILY))
    return f"{name} {round_ + 1}" if round_ else name
