"""Texts that are cut into symbols in a way that is easily got wrong."""

import random

from elman.text.vocabulary import has_surrogate

TEXTS = [
    "", " ", "Don't panic!! 東京2024", "민수는 서울을 찾는다. ᄒᆞᆫ글", "ΣΑΣ ΟΔΟΣ Σ. ΑΣ́Β ÎİI ßẞ Ǆǅ",
    "a\u200db\u200cc ‘x’ it’s o'", "👩🏽\u200d🚀 👨\u200d👩\u200d👧 🇰🇷🇩🇪🇫 ☂\ufe0f 🏴\U000e0067\U000e0062\U000e007f",
    "e\u0301te\u0301 \u0301x नमस्ते ไทย", "a_b __ 3.14 ٣٤ ²x ⅷ", "\u3000x\u2028y\x1cz\x85\ufeffw", "カナ・漢字々〆 ｶﾅ",
    "Ａｂｃ１２", "\U00020000\U0002f800x", "x" * 60, "가" * 45 + "나다", "\u0345\u02b0ΑΣ\u0345 Σ\u00adα",
]  # fmt: skip


def any_text(seed: int) -> str:
    """Characters of all of Unicode, those that matter for cutting more often."""
    chooser = random.Random(seed)
    often = "aB1_'’\u200d\u200c Σσ é\u0301가ᄒ漢カ🇰👩🏽 .!\t\n\xa0\u3000\U000e0067"
    found = []
    for _ in range(chooser.randint(1, 60)):
        code = chooser.choice([chooser.randrange(0x250), chooser.randrange(0x3000), chooser.randrange(0x110000)])
        found.append(chooser.choice(often) if chooser.random() < 0.6 else chr(code))
    return "".join(one for one in found if not has_surrogate(one))
