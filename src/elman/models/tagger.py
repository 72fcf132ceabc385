"""`Tagger`: what a user holds of a trained tagger: labels for tokens, how sure they are, scores, files.

Knows its words, its label sets and an engine behind numpy arrays; training is in `models.tagging.preparing`, the folder
in `models.folder`. Called by users and by the command line.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

from elman.data.config import TokenReadConfig
from elman.data.formats.conll import columns_told
from elman.data.sentences import check_columns, check_numbers, format_of, read_sentences
from elman.errors import InputError, ModelFileError, OptionError, nearest
from elman.models import card, folder
from elman.models.base import Model
from elman.models.config import TaggerConfig
from elman.models.kinds import TAGGER
from elman.models.plans import Path_, Request, paths_of
from elman.models.progress import Progress
from elman.models.tagging.config import TaggerOutput
from elman.models.tagging.decoding import SHARE, LabelReader, TaggedSentence
from elman.models.tagging.judging import compare, judge, warned
from elman.settings import build, by_name, tupled, whole
from elman.text.context import Contexts
from elman.text.features import WordFeatures
from elman.text.labels import MOST_LABELS, OUTSIDE, LabelSet
from elman.text.seen import LARGEST as LARGEST_SEEN
from elman.text.seen import SeenWords
from elman.text.vocabulary import check_keys

CONTEXTS = "contexts.json"
"""The document that a folder has where the words around a token are read."""
LARGEST_OUTSIDE = 100.0
"""Nats that can be taken off the score of `O`."""


class Tagger(Model):
    """A trained tagger: a distribution over labels for every token of a sentence, in one or several columns.

    Made by `Tagger.train` or `elman.load`.

    Example:
        tagger = elman.Tagger.train("train.conllu", dev="dev.conllu", label_columns=["upos"], budget="5m")
        tagger.predict([["Time", "flies"]])
    """

    kind = "tagger"
    commands = ("elman predict DIR FILE", "elman evaluate DIR FILE")
    call = 'print(model.predict([["Time", "flies"]]))'

    def __init__(self, config: TaggerConfig, reader: LabelReader, *, seen: SeenWords, record: folder.Record) -> None:
        self.config, self.reader, self.seen, self.record = config, reader, seen, record
        self.features, self.labels, self.engine = reader.features, reader.labels, reader.engine

    @classmethod
    def train(  # noqa: PLR0913 what files there are, and what to do with them
        cls,
        train: Path_ | Sequence[Path_],
        *,
        dev: Path_ | Sequence[Path_] | None = None,
        out: Path_ | None = None,
        overwrite: bool = False,
        from_: Path_ | None = None,
        replay: Path_ | None = None,
        resume: bool = False,
        vectors: Path_ | None = None,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> "Tagger":
        """Train on files of tokens with labels, and judge on the dev files.

        Args:
            train: one file or several. dev: likewise; None sets aside every twentieth sentence of the training files,
                "none" trains on all without choosing. out: a folder to save to. overwrite: replace an elman folder that
                is there. from_: a folder to start from; labels may be added. replay: a folder whose run is repeated to
                the bit. resume: go on from the checkpoint beside out. vectors: a file of word vectors (word2vec,
                fastText or GloVe as text) to begin with. progress: called a few times a second. options: fields of the
                configs, by name.
        Raises:
            InputError: a file cannot be read or is not as its format wants it. OptionError: an option is unknown, out
                of range, or does not go with another. TrainingError: the loss was not finite; what was best so far is
                saved to `out`. KeyboardInterrupt: stopped; there is a checkpoint.
        """
        request = Request(
            TAGGER, train=paths_of(train), dev=dev if dev in (None, "none") else tuple(paths_of(dev)), out=out,
            overwrite=overwrite, start=from_, replay=replay, resume=resume, options=options,
            files={} if vectors is None else {"vectors": [vectors]},
        )  # fmt: skip
        from elman.models.fitting import fit  # torch's optimizers are needed for training alone
        from elman.models.tagging.preparing import prepare

        found: Tagger = fit(request, progress, prepare=partial(prepare, make=cls))
        return found

    @classmethod
    def restore(cls, stored: folder.Stored) -> "Tagger":
        """The model of a folder whose manifest holds.

        Raises:
            ModelFileError: a file does not fit the others.
        """
        where = str(stored.path)
        config = TaggerConfig.from_json(stored.config)
        words = stored.document("words.json", entries=config.words_known + config.characters_known)
        features = WordFeatures.from_json(words, where=f"{where}/words.json")
        most_labels = MOST_LABELS * len(config.reading.label_columns)
        labels, outside, share = _labels(
            stored.document("labels.json", entries=most_labels), config, where=f"{where}/labels.json"
        )
        seen = SeenWords.from_json(stored.document("seen.json", limit=LARGEST_SEEN), where=f"{where}/seen.json")
        if tuple(one.name for one in labels) != config.reading.label_columns:
            raise ModelFileError("the columns of labels are not those of config.json", where=where)
        known = (features.size, features.characters, features.features, features.config)
        if known != (config.words_known, config.characters_known, config.features_known, config.words):
            raise ModelFileError("the words are not those of config.json", where=where)
        contexts = _contexts(stored, config)
        record = stored.record()
        engine, exported = _engine(stored, config, labels, features=features)
        smoothing = config.head.label_smoothing
        reader = LabelReader(
            engine, features, labels, outside=outside, smoothing=smoothing, contexts=contexts, share=share
        )
        found = cls(config, reader, seen=seen, record=record)
        found.exported = exported
        return found

    def documents(self) -> dict[str, Any]:
        """The JSON files of the folder that this kind alone has."""
        return {
            "words.json": self.features.to_json(),
            "labels.json": {
                "columns": [one.to_json() for one in self.labels],
                "outside": self.reader.outside,
                **({} if self.reader.contexts is None else {"share": self.reader.share}),
            },
            "seen.json": self.seen.to_json(),
            **({} if self.reader.contexts is None else {CONTEXTS: self.reader.contexts.to_json()}),
        }

    def shape_rows(self) -> list[tuple[str, str]]:
        """What the card tells of reading and shape."""
        parts = ", ".join(card.word_parts(self.config))
        members = self.config.head.members
        network = card.layers(self.config.stack) + (f", {members} such side by side" if members > 1 else "")
        if self.config.turns:
            network += ", of which one has the hashed features and the next the characters"
        if self.config.contexts_known:
            network += f"; beside it a log-linear one of {self.config.contexts_known - 1:,} contexts"
        found = [("reads", f"tokens: vectors of {parts}"), ("network", network)]
        for k, one in enumerate(self.labels):
            scheme = "" if one.scheme is None else f", spans written in {one.scheme.name}"
            crf = ", CRF" if self.engine.transitions(k) else ""
            found.append((f"column {one.name}", f"{len(one.labels):,} labels{scheme}{crf}"))
        return found

    def predict(self, sentences: Iterable[Sequence[str]], *, column: str | None = None) -> list[list[str]]:
        """The labels of sentences, each a list of tokens, in one column (the first unless named).

        Raises:
            InputError: a sentence is not a list of texts. OptionError: there is no such column.
        """
        place = self._column(column)
        found = []
        for window in self._windows(sentences):
            ids = self.reader.labels_of(window)
            found += [self.labels[place].decode(row[place]) for row in ids]
        return found

    def tag(self, sentences: Iterable[Sequence[str]]) -> Iterator[TaggedSentence]:
        """Sentences with the labels of all columns, the probability of each, and the spans with theirs."""
        for window in self._windows(sentences):
            yield from self.reader.tagged(window)

    def top(self, tokens: Sequence[str], count: int, *, column: str | None = None) -> list[tuple[list[str], float]]:
        """The likeliest label sequences of a sentence with their probabilities, falling.

        Raises:
            OptionError: the count is no whole number from 1 on, or there is no such column.
        """
        count = whole(count, where="top")
        ((checked,),) = self._windows([tokens])
        return self.reader.top(checked, column=self._column(column), count=count)

    def evaluate(
        self,
        files: Path_ | Sequence[Path_],
        *,
        against: "Tagger | Path_ | None" = None,
        reading: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The score on files: `kind`, `seconds`, `tokens`, `tokens_per_second`, `parameters`, `metrics`, and `details`
        (confusions, types of spans).

        Args:
            against: another tagger of the same columns, or its folder: add `against`, its `metrics`, and the
                `difference` in accuracy of the first column with its 95 % `interval` and `p_value`, by a paired
                bootstrap over sentences. reading: fields of `TokenReadConfig` that differ from training.
        Raises:
            OptionError: no file is named, or the two models cannot be compared. InputError: a file cannot be read.
        """
        started = time.monotonic()
        paths, read = paths_of(files), self.reading(reading)
        self._check_numbers(paths, reading)
        check_columns(paths, read)
        other = folder.load(Path(against)) if isinstance(against, (str, PathLike)) else against
        columns = self.config.reading.label_columns
        if other is not None and (
            getattr(other, "kind", None) != self.kind or other.config.reading.label_columns != columns
        ):
            raise OptionError("this is no tagger of the same columns", where="--against", mend="give another model")
        sentences = read_sentences(paths, read, labelled=True, columns=columns)
        tally = judge(self.reader, warned(sentences, self.labels), self.seen)
        seconds = time.monotonic() - started
        report = {
            "kind": self.kind, "seconds": seconds, "tokens": tally.tokens,
            "tokens_per_second": tally.tokens / max(seconds, 1e-9), "parameters": self.engine.parameters(),
            "metrics": tally.metrics(), "details": tally.details(),
        }  # fmt: skip
        if other is None:
            return report
        again = read_sentences(paths, read, labelled=True, columns=columns)
        return {**report, "against": compare(tally, other.reader, again, other.seen)}

    def predict_to(
        self, files: Sequence[Path_], write: Callable[[str], object], *, reading: Mapping[str, Any] | None = None,
        workers: int = 1, **wanted: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Write the files with their labels filled in; returns counts.

        Args:
            workers: processes that answer a long text. wanted: fields of `TaggerOutput`, by name.
        Raises:
            OptionError: no file is named, an option is unknown, or it would change nothing. InputError: a file cannot
                be read, or a label cannot be written in its format.
        """
        from elman.models.tagging.predicting import check_given, write_predictions

        paths, read, output = paths_of(files), self.reading(reading), build(TaggerOutput, wanted)
        check_given(paths, read, reading=reading or {}, output=output)
        if output.is_own_format and len({format_of(path, read) for path in paths}) == 1:
            self._check_numbers(paths, reading)
        return write_predictions(self, paths, write, reading=read, output=output, workers=workers)

    def reading(self, given: Mapping[str, Any] | None) -> TokenReadConfig:
        """How files are read: as in training, but for what is given; the format of each is its own.

        Raises:
            OptionError: an option is unknown or out of range, or as many label columns as in training are not named.
        """
        held = self.config.reading
        values = {
            "token_column": held.token_column,
            "label_columns": held.label_columns,
            **by_name(given, where="reading"),
        }
        found = build(TokenReadConfig, {name: tupled(value) for name, value in values.items()})
        if len(found.label_columns) != len(self.labels):
            columns = ", ".join(one.name for one in self.labels)
            raise OptionError(f"the model has {columns_told(len(self.labels))} of labels", where="--label-column",
                              mend=f"name as many, in the order {columns}")  # fmt: skip
        return found

    def _check_numbers(self, paths: Sequence[Path_], reading: Mapping[str, Any] | None) -> None:
        """Refuse files whose columns the model would take for those that had their numbers in training."""
        if "label_columns" not in (reading or {}):
            check_numbers(paths, self.reading(reading), [one.name for one in self.labels])

    def _column(self, name: str | None) -> int:
        names = [one.name for one in self.labels]
        if name is not None and name not in names:
            raise OptionError(f"there is no column {name!r}", where="column", mend=nearest(str(name), names))
        return 0 if name is None else names.index(name)

    def _windows(self, sentences: Iterable[Sequence[str]]) -> Iterator[list[list[str]]]:
        """Sentences as lists of tokens, some at a time.

        Raises:
            InputError: a sentence is not a list of texts.
        """
        if isinstance(sentences, str) or not isinstance(sentences, Iterable):
            raise InputError("these are not sentences", mend="give lists of tokens, say [['Time', 'flies']]")
        each = enumerate(sentences, 1)
        while window := list(islice(each, 1024)):
            rows: list[list[str]] = []
            for number, tokens in window:
                is_list = isinstance(tokens, Iterable) and not isinstance(tokens, str)
                rows.append(list(tokens) if is_list else [])
                if not is_list or not _are_texts(rows[-1]):
                    raise InputError(f"sentence {number} is not a list of tokens", mend="give lists of texts")
            yield rows


def _are_texts(tokens: list[str]) -> bool:
    """Is each a text? That they are no more than texts is seen fastest."""
    return set(map(type, tokens)) <= {str} or all(isinstance(token, str) for token in tokens)


def _contexts(stored: folder.Stored, config: TaggerConfig) -> Contexts | None:
    """What is known of the words around a token, if that is read.

    Raises:
        ModelFileError: it is not one that `Tagger.documents` gives, or not of as many contexts.
    """
    if stored.has(CONTEXTS) != (config.contexts is not None):
        raise ModelFileError(f"{CONTEXTS} and config.json do not go together", where=str(stored.path))
    if config.contexts is None:
        return None
    where = str(stored.path / CONTEXTS)
    found = Contexts.from_json(stored.document(CONTEXTS), config=config.contexts, where=where)
    if found.rows != config.contexts_known:
        raise ModelFileError("the contexts are not those of config.json", where=where)
    return found


def _engine(
    stored: folder.Stored, config: TaggerConfig, labels: list[LabelSet], *, features: WordFeatures
) -> tuple[Any, folder.Exported | None]:
    """What runs the model of a folder, and what it was exported to, if it was."""
    if stored.engine == "onnx":
        from elman.models.engines.onnx_tagger import OnnxTagger, transition_shapes

        exported = stored.exported(transition_shapes(config, labels))
        return OnnxTagger(config, labels, exported), exported
    from elman.models.engines.torch_tagger import TorchTagger, build_tagger, tagger_shapes

    arrays = stored.weights(tagger_shapes(config, labels))
    return TorchTagger(build_tagger(config, labels, seen=features.counts, start=arrays)), None


def _labels(
    document: Mapping[str, Any], config: TaggerConfig, *, where: str
) -> tuple[list[LabelSet], list[float], float]:
    """The label sets of `labels.json`, what is taken off the score of `O` in each column, and what contexts count.

    Raises:
        ModelFileError: the document is not one that `Tagger.documents` gives.
    """
    check_keys(document, ("columns", "outside", *([] if config.contexts is None else ["share"])), where=where)
    columns, outside = document["columns"], document["outside"]
    if not isinstance(columns, list) or not columns:
        raise ModelFileError("there are no columns of labels", where=where)
    labels = [LabelSet.from_json(column, where=where) for column in columns]
    if not isinstance(outside, list) or len(outside) != len(labels):
        raise ModelFileError("outside is not a list of a number for each column", where=where)
    for less, one in zip(outside, labels, strict=True):
        is_number = isinstance(less, (int, float)) and not isinstance(less, bool) and 0 <= less <= LARGEST_OUTSIDE
        if not is_number or (less and OUTSIDE not in one.internal):
            raise ModelFileError(f"outside has {less!r}", where=where)
    share = document.get("share", SHARE)
    if not isinstance(share, (int, float)) or isinstance(share, bool) or not 0 <= share <= 1:
        raise ModelFileError(f"share is {share!r}", where=where)
    return labels, [float(less) for less in outside], float(share)
