"""What is left open of a tagger's options, chosen for its data and its time.

Knows counts and seconds; knows no network. Used by `models.tagging.preparing`. The rules come from the ablations in
`docs/log.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

SPEEDS = {"bf16": {192: 15_000, 128: 22_000}, "fp32": {192: 5_000, 128: 8_000}}
"""Tokens a second that training reads with two layers of so many units a direction, by number format, on one thread of
a processor with AVX-512, or in fp32 with AVX2 alone; the speed of a run is measured on the way. No larger network was
better."""
SECOND_THREAD = 0.5
"""What a second thread adds; further ones add little, as batches are small."""
LETTERS, SEQUENCES = 6.0, 0.9
"""Characters of a word that take as long to read as the smallest network then takes for the word; and what is left of
such a speed where a CRF scores whole sequences."""
EPOCHS = 12
"""The larger network is taken only if it can read its text so often."""
FEW_TOKENS = 150_000
"""Below so many tokens with spans the smaller network is taken."""
SWAPPED, FEW_ALIKE = 0.5, 500
"""Share of the spans that change places where each type has fewer spans than this: so a name is met in other sentences
than its own. With 330 of a type that was a gain, with 700 none."""
MOST_EPOCHS = 14
"""So few tokens with spans are not read more often: they would be learnt by heart."""
SYLLABIC_EPOCHS = 9
"""Words of syllables are not read more often either: the networks that read their characters learn them by heart."""
ENOUGH_EPOCHS, ENOUGH_TOKENS = 9, 2_100_000
"""What one member should read, the greater of both: what is left of the time is worth more to another beside it."""
MANY_IN_TURN, PAIR = 16, 2
"""Members that take turns are large ones only if they can read the text so often, and of parts of speech a pair: the
third had nothing to add."""
LITTLE_LESS = 0.5
"""Members that are not to read more than so often may all together lack this share of what one of them would read."""
MOST_MEMBERS, LARGEST = 3, 19_500_000
"""Nothing was gained by more members that read the same: their mistakes are the same. And bytes of all of them, as a
folder is to be small; the words beside them take some more."""
TURNED = 100
"""Size of the network by which each second member reads the characters of words in place of hashed features, so that it
makes other mistakes: of parts of speech, and of spans in a small text, where these have several."""
SPELT, SEVERAL, MOSTLY = 50, 2.0, 0.5
"""Size of the network that reads the characters of words, where these have several, of parts of speech where more than
this share of them are syllables: most words of Hangul are met once, their syllables a thousand times; of spans in a
small text, whose names are met once or never. Of parts of speech of such words each of several members reads both, and
the characters by a network of the size above."""
ROW, MOST_ROWS, FEWEST_ROWS = 24, 1 << 18, 25_000
"""Bytes of the vector of a context, with the default width; how many there are at most, and how many a folder is to
have room for beside its members: with a quarter of those that EWT has, nothing was lost."""
SMALL_FOLDER = 17_500_000
"""Bytes of members and contexts together: documents come to two million more."""
CONTEXTS = 0.2
"""What contexts cost, as a share of the time of the smallest network."""
DEV_TOKENS = 40_000
"""Tokens of an evaluation on the way."""
ROWS = 32
MANY_EPOCHS, SMOOTHING = 9, 0.1
"""Where a text is read so often, parts of speech are learnt better at half the rate, and with smoothed labels."""


@dataclass(frozen=True)
class Facts:
    """What a choice depends on.

    Args:
        seconds: of the budget, or None with `epochs`. spans: whether the labels of the first column stand for
            spans. letters: how many characters a distinct token has, on average; syllables: share of them that are
            syllables, or words of themselves (Hangul, kana, Chinese). alike: how many spans a type has, on average,
            where spans can stand in place of others; else 0. parts: whether parts of words are hashed. contexts:
            whether what stands around tokens is read. words, features: bytes of the tables of whole words and of hashed
            features in the folder. labels: how many all columns have. read: numbers of a vector of a word. precision:
            number format of the products; threads: that compute them.
    """

    tokens: int
    sentences: int
    seconds: float | None
    epochs: int | None
    spans: bool
    letters: float = 1.0
    syllables: float = 0.0
    alike: float = 0.0
    parts: bool = True
    contexts: bool = False
    words: int = 0
    features: int = 0
    labels: int = 0
    read: int = 0
    precision: str = "fp32"
    threads: int = 1

    @property
    def is_syllabic(self) -> bool:
        """Whether words of several syllables are to be told apart, not spans."""
        return not self.spans and self.letters >= SEVERAL and self.syllables > MOSTLY

    @property
    def spelt(self) -> bool:
        """Whether words are to be read by their characters."""
        return self.is_syllabic or (self.letters >= SEVERAL and self.has_few_spans)

    @property
    def turns(self) -> bool:
        """Whether members are to take turns: one has hashed features, the next the characters of words."""
        return self.reads_both and not self.is_syllabic

    @property
    def reads_both(self) -> bool:
        """Whether several members read hashed features and characters, in turn or each of them both."""
        return self.parts and self.letters >= SEVERAL and (not self.spans or self.has_few_spans)

    @property
    def has_few_spans(self) -> bool:
        """Whether labels stand for spans in a small text."""
        return self.spans and self.tokens < FEW_TOKENS


@dataclass(frozen=True)
class Choice:
    """What was chosen, by option name, and why; steps of a first plan; dev tokens of an evaluation on the way; the
    epochs after which a run ends that has time for more."""

    values: dict[str, Any]
    reason: str
    steps: int
    dev_tokens: int
    most_epochs: int | None


def choose(facts: Facts, given: Mapping[str, Any]) -> Choice:
    """Values for the options that are left open.

    Entities stand in few sentences, and are not learnt where much is dropped; a part of speech is met often.
    """
    facts = replace(facts, contexts=given.get("context", True))
    if given.get("members") == 1 or given.get("character_hidden") == 0:
        facts = replace(facts, parts=False)
    hidden = given.get("hidden", _hidden(facts))
    few_spans = MOST_EPOCHS if facts.seconds and facts.has_few_spans else None
    most = SYLLABIC_EPOCHS if facts.seconds and facts.is_syllabic else few_spans
    members = _members(facts, hidden, few_spans)
    beside = given.get("members", members)
    epochs = min(_epochs(facts, hidden, beside), most or math.inf)
    is_often = epochs >= MANY_EPOCHS
    wanted: dict[str, Any] = {
        "hidden": hidden,
        "batch_size": ROWS,
        "layers": 2,
        "context": facts.contexts,
        "most_contexts": _rows(facts, hidden, beside),
        "members": members,
        "swap_spans": SWAPPED if 0 < facts.alike < FEW_ALIKE else 0.0,
        "character_hidden": TURNED if beside > 1 and facts.reads_both else SPELT if facts.spelt else 0,
        **_rates(facts.spans, often=is_often),
        "label_smoothing": SMOOTHING if is_often and not facts.spans and not given.get("crf") else 0.0,
        **_tables(facts.spans),
        **_dropout(facts.spans, given.get("dropout")),
    }
    values = {name: value for name, value in wanted.items() if name not in given}
    steps = max(1, int(epochs * facts.sentences / given.get("batch_size", ROWS)))
    reason = f"chosen for about {epochs:.0f} epochs: " + ", ".join(f"{k} {v}" for k, v in values.items())
    return Choice(values, reason, steps, DEV_TOKENS, most)


def _hidden(facts: Facts) -> int:
    """The largest size by which members can take turns, or else one network can read the text often enough; of few
    tokens with spans the smallest learns most."""
    sizes = SPEEDS[facts.precision]
    if facts.has_few_spans:
        return min(sizes)
    if facts.reads_both and _members(facts, min(sizes), None) > 1:
        largest = max(sizes)
        has_time = _members(facts, largest, None) > 1 and _epochs(facts, largest, PAIR) >= MANY_IN_TURN
        return largest if has_time else min(sizes)
    return next((hidden for hidden in sizes if _epochs(facts, hidden, 1) >= EPOCHS), min(sizes))


def _members(facts: Facts, hidden: int, most_epochs: int | None) -> int:
    """As many networks as can all read enough, and make a small folder."""
    if facts.seconds is None:
        return 1
    for count in range(PAIR if facts.reads_both and not facts.spans else MOST_MEMBERS, 1, -1):
        enough = max(ENOUGH_EPOCHS, ENOUGH_TOKENS / facts.tokens)
        if most_epochs:
            enough = most_epochs * (1 - LITTLE_LESS / count)
        least = _bytes(facts, hidden, count) + facts.contexts * FEWEST_ROWS * ROW
        if _epochs(facts, hidden, count) >= enough and least <= LARGEST:
            return count
    return 1


def _rows(facts: Facts, hidden: int, members: int) -> int:
    """As many contexts as leave the folder small."""
    left = (SMALL_FOLDER - _bytes(facts, hidden, members)) // ROW
    return min(MOST_ROWS, max(FEWEST_ROWS, left))


def _epochs(facts: Facts, hidden: int, members: int) -> float:
    """How often each of so many members can read the text."""
    if facts.epochs is not None or facts.seconds is None:
        return float(facts.epochs or 1)
    speeds = SPEEDS[facts.precision]
    speed = speeds[min(speeds, key=lambda size: abs(size - hidden))]
    spelling = facts.letters / LETTERS * speed / max(speeds.values())
    if members > 1 and facts.turns:
        work = members + members // 2 * spelling
    else:
        work = members * (1 + facts.spelt * spelling)
    work += facts.contexts * CONTEXTS * speed / max(speeds.values())
    share = (SEQUENCES if facts.spans else 1.0) * (1 + SECOND_THREAD * (facts.threads > 1))
    return facts.seconds * speed * share / work / facts.tokens


def _bytes(facts: Facts, hidden: int, members: int) -> int:
    """What members of two layers that read both ways take in a folder: tables, and a byte for each other weight."""
    turned = members // 2 if facts.turns else 0
    size = TURNED if members > 1 else SPELT
    spelt = turned * TURNED if facts.turns else members * size * facts.spelt
    weights = members * (facts.read + 4 * hidden) + 2 * spelt
    heads = members * facts.labels * 2 * hidden
    return members * facts.words + (members - turned) * facts.features + 8 * hidden * weights + heads


def _rates(spans: bool, *, often: bool) -> dict[str, float]:
    """Rates of all weights, and of tables as a multiple: entities are found by vectors that move little, parts of
    speech by ones that learn fast, however fast the rest does."""
    if spans:
        return {"lr": 6e-3, "table_rate": 0.5}
    return {"lr": 3e-3, "table_rate": 6.0} if often else {"lr": 6e-3, "table_rate": 3.0}


def _tables(spans: bool) -> dict[str, float]:
    """First values of the tables: those for entities are drawn, those for parts of speech begin near 0."""
    return {"word_spread": 1.0, "feature_spread": 0.3} if spans else {"word_spread": 0.1, "feature_spread": 0.0}


def _dropout(spans: bool, given: float | None) -> dict[str, float]:
    """What is dropped where; one number that is given stands for what the layers read and give too."""
    of_layers = given if given is not None else 0.33 if spans else 0.4
    return {
        "dropout": of_layers, "output_dropout": of_layers, "input_dropout": 0.33 if given is None else given,
        "feature_dropout": 0.1 if spans else 0.2, "word_dropout": 0.25 if spans else 0.5,
    }  # fmt: skip
