"""Questions to a model of each kind, and its answers as JSON holds them: names of any sort, and scores."""

from typing import Any

QUESTIONS = {
    "language-model": ["the cat sees it.", "새가 book", ""],
    "tagger": ["Ada Kim sees New York .", "새가 서울을 찾는다", "quux"],
    "classifier": ["the film is not dull .", "영화는 좋은!", ""],
    "seq2seq": ["abc", "deabc", "xyé"],
}


def answers(model: Any) -> list[list[Any]]:
    """What a model says to the questions of its kind: for each the names, then the scores."""
    texts = QUESTIONS[model.kind]
    if model.kind == "language-model":
        lines = model.predict(texts)
        return [[[one.symbol for one in line], [one.log_probability for one in line]] for line in lines]
    if model.kind == "tagger":
        return [
            [
                [label for column in one.labels.values() for label in column],
                [p for column in one.probabilities.values() for p in column],
            ]
            for one in model.tag(text.split() for text in texts)
        ]
    if model.kind == "classifier":
        names, p = model.probabilities(texts)
        return [[list(names), row.tolist()] for row in p]
    return [
        [[one.text for one in some], [one.log_probability for one in some]]
        for some in model.translate(texts, beam=3, n_best=2, maximum_length=8)
    ]
