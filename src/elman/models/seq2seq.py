"""`Seq2Seq`: what a user holds of a trained model from text to text: translations, how likely they are, scores, files.

Knows its tokenizers and an engine behind numpy arrays; training is in `models.translating.preparing`, the folder in
`models.folder`. Called by users and by the command line.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from elman.data.config import PairReadConfig
from elman.data.pairs import read_pairs
from elman.decoding.config import BeamConfig, SamplingConfig
from elman.errors import InputError, ModelFileError, OptionError
from elman.models import card, folder
from elman.models.base import Model
from elman.models.config import Seq2SeqConfig
from elman.models.kinds import SEQ2SEQ
from elman.models.language_model import SYMBOLS
from elman.models.plans import Path_, Request, paths_of
from elman.models.progress import Progress
from elman.models.translating.config import Seq2SeqOutput
from elman.models.translating.judging import compare, judge
from elman.models.translating.reading import LONGEST_SOURCE, PairReader, Translation, reader_of, tell_cut
from elman.models.windows import windows
from elman.models.writing import collected, sampling_config
from elman.settings import build, names
from elman.text.tokenizer import Tokenizer, from_json

SHARED = {"shared": True}
"""Stands for the tokenizer of the source where it is that of the target."""
References = Sequence[Path_ | Sequence[Path_]]


class Seq2Seq(Model):
    """A trained model from text to text: an encoder reads the source, a decoder that it primes writes the target.

    Made by `Seq2Seq.train` or `elman.load`.

    Example:
        model = elman.Seq2Seq.train("train.tsv", source_column="en", target_column="de", budget="15m")
        model.predict(["a dog runs"])
    """

    kind = "seq2seq"
    commands = ("elman predict DIR FILE", "elman evaluate DIR FILE", 'elman generate DIR --prompt "…"')
    call = 'print(model.predict(["…"]))'

    def __init__(
        self, config: Seq2SeqConfig, tokenizers: tuple[Tokenizer, Tokenizer], engine: Any,
        *, record: folder.Record,
    ) -> None:  # fmt: skip
        self.config, self.engine, self.record = config, engine, record
        self.source, self.target = tokenizers
        self.reader = PairReader([engine], self.source, self.target, copy=config.decoder.copy)

    @classmethod
    def train(  # noqa: PLR0913 sources and targets may stand in files apart
        cls,
        train: Path_ | Sequence[Path_],
        *,
        train_target: Path_ | Sequence[Path_] | None = None,
        dev: Path_ | Sequence[Path_] | None = None,
        dev_target: Path_ | References | None = None,
        out: Path_ | None = None,
        overwrite: bool = False,
        from_: Path_ | None = None,
        replay: Path_ | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> "Seq2Seq":
        """Train on files of pairs of texts, and judge on the dev files.

        Args:
            train: one file or several, each with both sides, or, with `train_target`, with a source a line. dev:
                likewise; None sets aside every twentieth pair of the training files, "none" trains on all without
                choosing. dev_target: the targets of dev, line by line; lists of files for several references. out: a
                folder to save to. overwrite: replace an elman folder that is there. from_: a folder to start from.
                replay: a folder whose run is repeated to the bit. resume: go on from the checkpoint beside out.
                progress: called a few times a second. options: fields of the configs, by name.
        Raises:
            InputError: a file cannot be read or is not as its format wants it, or sources and targets are not as many.
                OptionError: an option is unknown, out of range, or does not go with another. TrainingError: the loss
                was not finite; what was best so far is saved to `out`. KeyboardInterrupt: stopped; there is a
                checkpoint.
        """
        files: dict[str, list[Any]] = {}
        if train_target is not None:
            files["train_target"] = paths_of(train_target)
        for number, one in enumerate(references_of(dev_target), 1):
            files["dev_target" if number == 1 else f"dev_target_{number}"] = one
        request = Request(
            SEQ2SEQ, train=paths_of(train), dev=dev if dev in (None, "none") else tuple(paths_of(dev)), out=out,
            overwrite=overwrite, start=from_, replay=replay, resume=resume, options=options, files=files,
        )  # fmt: skip
        from elman.models.fitting import fit  # torch's optimizers are needed for training alone
        from elman.models.translating.preparing import prepare

        found: Seq2Seq = fit(request, progress, prepare=partial(prepare, make=cls))
        return found

    @classmethod
    def restore(cls, stored: folder.Stored) -> "Seq2Seq":
        """The model of a folder whose manifest holds.

        Raises:
            ModelFileError: a file does not fit the others.
        """
        config = Seq2SeqConfig.from_json(stored.config)
        target = from_json(stored.document("tokenizer.json", entries=config.target_symbols))
        other = stored.document("source_tokenizer.json", entries=config.source_symbols)
        if (other == SHARED and other["shared"] is True) != config.is_joint:
            raise ModelFileError("the vocabularies are not those of config.json", where=str(stored.path))
        source = target if config.is_joint else from_json(other, where="source_tokenizer.json")
        found = (source.size, source.kind, target.size, target.kind)
        wanted = (
            config.source_symbols,
            config.text.of_source().tokenizer,
            config.target_symbols,
            config.text.tokenizer,
        )
        if found != wanted:
            raise ModelFileError(f"the tokenizers are {found}, config.json says {wanted}", where=str(stored.path))
        record = stored.record()
        engine, exported = _engine(stored, config)
        model = cls(config, (source, target), engine, record=record)
        model.exported = exported
        return model

    def documents(self) -> dict[str, Any]:
        """The JSON files of the folder that this kind alone has."""
        source = SHARED if self.config.is_joint else self.source.to_json()
        return {"tokenizer.json": self.target.to_json(), "source_tokenizer.json": source}

    def shape_rows(self) -> list[tuple[str, str]]:
        """What the card tells of reading and shape."""
        config, text = self.config, self.config.text
        size = f"{config.source_symbols:,}"
        if config.is_joint:
            reads = f"{SYMBOLS[text.tokenizer]}, one vocabulary of {size} for both sides"
        else:
            source = f"{SYMBOLS[text.of_source().tokenizer]} ({size})"
            reads = f"{source} to {SYMBOLS[text.tokenizer]} ({config.target_symbols:,})"
        decoder = config.decoder
        many = "layer" if decoder.decoder_layers == 1 else "layers"
        parts = [f"attention {decoder.attention}"]
        parts += [name.replace("_", " ") for name in ("input_feeding", "copy") if getattr(decoder, name)]
        parts += [f"coverage {decoder.coverage}"] if decoder.coverage else []
        return [
            ("reads", reads),
            ("encoder", f"{card.layers(config.stack)}, embedding {config.embedding.embedding}"),
            ("decoder", f"{decoder.decoder_layers} {many}, {', '.join(parts)}"),
        ]

    def predict(self, texts: Iterable[str], **beam: Any) -> list[str]:
        """The best target text of each source text.

        Args:
            beam: fields of `BeamConfig`, by name.
        Raises:
            InputError: a text is not a text. OptionError: an option is unknown or out of range.
        """
        return [found[0].text for found in self._found(texts, beam, attended=False)]

    def translate(self, texts: Iterable[str], **beam: Any) -> Iterator[list[Translation]]:
        """For each source text the `n_best` best target texts, best first, with log-probabilities and, where the model
        has attention, what each target symbol looked at.

        Args:
            beam: fields of `BeamConfig`, by name.
        Raises:
            InputError: a text is not a text. OptionError: an option is unknown or out of range.
        """
        return self._found(texts, beam, attended=True)

    def generate(self, prompt: str, *, stream: bool = False, **sampling: Any) -> "str | list[str] | Iterator[str]":
        """The target text of one source text, symbol by symbol.

        Args:
            stream: give an iterator of pieces as they are written. sampling: fields of `SamplingConfig`, by name;
                without a temperature the likeliest symbol is taken each time.
        Returns:
            A text; with `samples` above 1 a list of texts; with `stream` an iterator of pieces.
        """
        config = sampling_config({**SEQ2SEQ.sampling, **sampling})
        return collected(self.stream(prompt, config), samples=config.samples, stream=stream)

    def stream(self, prompt: str, config: SamplingConfig) -> Iterator[tuple[int, str]]:
        """Pairs (number of the sample, piece of its text), as they are written from a source text."""
        if not isinstance(prompt, str):
            raise InputError(f"this is not a text but of type {type(prompt).__name__}", mend="give a str")
        return self.reader.stream(prompt, config)

    def evaluate(
        self,
        files: Path_ | Sequence[Path_],
        *,
        target: Path_ | References | None = None,
        against: "Seq2Seq | Path_ | None" = None,
        ensemble: Sequence["Seq2Seq | Path_"] = (),
        reading: Mapping[str, Any] | None = None,
        **beam: Any,
    ) -> dict[str, Any]:
        """The score on files: `kind`, `seconds`, `tokens` (written), `tokens_per_second`, `parameters`, `metrics`, and
        `details` (signatures of the scorers, how many outputs were cut off).

        Args:
            target: the references of sources that are plain lines; lists of files for several. against: another model,
                or its folder: add `against`, its `metrics`, and the `difference` in chrF, sentence by sentence, with
                its 95 % `interval` and `p_value`, by a paired bootstrap. ensemble: models whose distributions are
                averaged with those of this one. reading: fields of `PairReadConfig` that differ from training. beam:
                fields of `BeamConfig`, by name.
        Raises:
            OptionError: no file is named, or the models cannot be compared. InputError: a file cannot be read.
        """
        started = time.monotonic()
        paths, read, config = paths_of(files), self.reading(reading), build(BeamConfig, beam)
        if config.n_best > 1:
            raise OptionError("the best text alone is judged", where="--n-best", mend="leave it out")
        other = folder.load(Path(against)) if isinstance(against, (str, PathLike)) else against
        if other is not None and getattr(other, "kind", None) != self.kind:
            raise OptionError("this is no seq2seq model", where="--against", mend="give another model")
        if other is not None:
            other.reader.check(config)
        reader, targets = reader_of(self._with(ensemble)), references_of(target)
        reader.check(config)
        pairs = list(read_pairs(paths, read, targets=targets, targeted=True))
        if not pairs:
            raise InputError("there is no pair to judge on", where=str(paths[0]), mend="give a file with pairs")
        found = judge(reader, pairs, config)
        tell_cut(found.cut, len(pairs))
        seconds = time.monotonic() - started
        report = {
            "kind": self.kind, "seconds": seconds, "tokens": found.tokens,
            "tokens_per_second": found.tokens / max(seconds, 1e-9), "parameters": self.engine.parameters(),
            "metrics": found.tally.metrics(), "details": found.details(),
        }  # fmt: skip
        return report if other is None else {**report, "against": compare(found, other.reader, pairs, config)}

    def predict_to(
        self,
        files: Sequence[Path_],
        write: Callable[[str], object],
        *,
        reading: Mapping[str, Any] | None = None,
        ensemble: Sequence["Seq2Seq | Path_"] = (),
        workers: int = 1,
        **wanted: Any,
    ) -> dict[str, Any]:
        """Write the files with the target of every source added; returns counts.

        Args:
            ensemble: models whose distributions are averaged with those of this one. workers: processes that answer a
                long text. wanted: fields of `BeamConfig` and `Seq2SeqOutput`, by name.
        """
        from elman.models.translating.predicting import write_predictions

        own = names(Seq2SeqOutput)
        output = build(Seq2SeqOutput, {name: value for name, value in wanted.items() if name in own})
        config = build(BeamConfig, {name: value for name, value in wanted.items() if name not in own})
        return write_predictions(
            self._with(ensemble), paths_of(files), write, reading=self.reading(reading), beam=config, output=output,
            workers=workers,
        )  # fmt: skip

    def reading(self, given: Mapping[str, Any] | None) -> PairReadConfig:
        """How files are read: the columns as in training; all else each file has its own of."""
        held = self.config.reading
        values = {"source_column": held.source_column, "target_column": held.target_column, **(given or {})}
        return build(PairReadConfig, values)

    def _with(self, others: Sequence["Seq2Seq | Path_"]) -> list["Seq2Seq"]:
        """This model and others, whose distributions can be averaged.

        Raises:
            OptionError: another model is of another kind, or has another vocabulary.
        """
        found = [self]
        for other in others:
            model = folder.load(Path(other)) if isinstance(other, (str, PathLike)) else other
            if getattr(model, "kind", None) != self.kind:
                raise OptionError("this is no seq2seq model", where="--ensemble", mend="give models of one vocabulary")
            mine, theirs = self.documents(), model.documents()
            if mine != theirs or model.config.decoder.copy != self.config.decoder.copy:
                raise OptionError("this model has another vocabulary, or copies otherwise", where="--ensemble",
                                  mend="train it on the same files with another --seed")  # fmt: skip
            found.append(model)
        return found

    def _found(self, texts: Iterable[str], beam: dict[str, Any], *, attended: bool) -> Iterator[list[Translation]]:
        """The best targets of texts; refuses what is wrong before the first is asked for."""
        config = build(BeamConfig, beam)
        self.reader.check(config)
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise InputError("these are not texts", mend="give a list of them, say ['a dog runs']")
        return self._translated(texts, config, attended=attended)

    def _translated(self, texts: Iterable[str], config: BeamConfig, *, attended: bool) -> Iterator[list[Translation]]:
        cut = count = 0
        for window in windows(_checked(texts), longest=LONGEST_SOURCE):
            found = self.reader.translate(window, config, attended=attended)
            cut, count = cut + sum(not some[0].finished for some in found), count + len(found)
            yield from found
        tell_cut(cut, count)


def _engine(stored: folder.Stored, config: Seq2SeqConfig) -> tuple[Any, folder.Exported | None]:
    """What runs the model of a folder, and what it was exported to, if it was."""
    if stored.engine == "onnx":
        from elman.models.engines.onnx_seq2seq import OnnxSeq2Seq

        exported = stored.exported({})
        return OnnxSeq2Seq(config.shape, exported), exported
    from elman.models.engines.torch_seq2seq import TorchSeq2Seq, build_seq2seq, seq2seq_shapes

    network = build_seq2seq(config.shape, start=stored.weights(seq2seq_shapes(config.shape)))
    return TorchSeq2Seq(network), None


def references_of(targets: Any) -> list[list[Any]]:
    """The files of each reference: of a path or a list of paths, which are one reference, or of a list of such lists.

    Raises:
        OptionError: this is something else.
    """
    if targets is None:
        return []
    if _is_list(targets) and targets and all(map(_is_list, targets)):
        return [paths_of(one) for one in targets]
    return [paths_of(targets)]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _checked(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InputError(f"text {number} is of type {type(text).__name__}", mend="give texts")
        yield text
