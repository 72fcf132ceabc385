"""`LanguageModel`: what a user holds of a trained language model: judging, writing, feeding, keeping.

Knows its tokenizer, its config and an engine behind numpy arrays; training is in `models.fitting`, the folder in
`models.folder`. Called by users and by the command line.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.config import ReadConfig
from elman.decoding.config import SamplingConfig
from elman.decoding.stream import write as write_symbols
from elman.errors import InputError, ModelFileError, OptionError
from elman.models import card, folder
from elman.models.base import Model
from elman.models.config import LanguageModelConfig
from elman.models.kinds import LANGUAGE_MODEL
from elman.models.language_modelling.states import LanguageModelState, ScoredSymbol
from elman.models.plans import Path_, Request, paths_of
from elman.models.progress import Progress
from elman.models.writing import TextWriter, collected, sampling_config
from elman.settings import build, by_name, one_path, whole
from elman.text.tokenizer import Tokenizer, from_json
from elman.text.vocabulary import END, START, UNKNOWN

SYMBOLS = {"char": "characters", "byte": "bytes", "word": "words", "bpe": "byte-pair encodings"}
SEGMENT = 512
"""Steps that are read at a time where a text is long: memory is bounded by it, results do not depend on it."""


class LanguageModel(Model):
    """A trained language model: a distribution over the next symbol, given all symbols before.

    Made by `LanguageModel.train` or `elman.load`.

    Example:
        lm = elman.LanguageModel.train("corpus.txt", continuous=True, budget="5m")
        lm.generate("Once", max_tokens=80, temperature=0.8)
    """

    kind = "language-model"
    commands = ('elman generate DIR --prompt "…"', "elman evaluate DIR FILE", "elman predict DIR FILE")
    call = 'print(model.generate("…", max_tokens=80))'

    def __init__(
        self, config: LanguageModelConfig, tokenizer: Tokenizer, engine: Any, *, record: folder.Record
    ) -> None:
        self.config, self.tokenizer, self.engine, self.record = config, tokenizer, engine, record
        self._zero = self._state(engine.start(1), "")

    @classmethod
    def train(
        cls,
        train: Path_ | Sequence[Path_],
        *,
        dev: Path_ | Sequence[Path_] | None = None,
        out: Path_ | None = None,
        overwrite: bool = False,
        from_: Path_ | None = None,
        replay: Path_ | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> "LanguageModel":
        """Train on text files, and judge on the dev files.

        Args:
            train: one file or several. dev: likewise; None sets aside a twentieth of the training text, "none" trains
                on all without choosing. out: a folder to save to. overwrite: replace an elman folder that is there.
            from_: a folder to start from. replay: a folder whose run is repeated to the bit. resume: go on from the
                checkpoint beside out. progress: called a few
                times a second. options: fields of the configs, by name.
        Raises:
            InputError: a file cannot be read or holds no text. OptionError: an option is unknown, out of range, or does
                not go with another. TrainingError: the loss was not finite; what was best so far is saved to `out`.
                KeyboardInterrupt: stopped; there is a checkpoint.
        """
        request = Request(
            LANGUAGE_MODEL, train=paths_of(train), dev=dev if dev in (None, "none") else tuple(paths_of(dev)), out=out,
            overwrite=overwrite, start=from_, replay=replay, resume=resume, options=options,
        )  # fmt: skip
        from elman.models.fitting import fit  # torch's optimizers are needed for training alone
        from elman.models.language_modelling.preparing import prepare

        found: LanguageModel = fit(request, progress, prepare=partial(prepare, make=cls))
        return found

    @classmethod
    def restore(cls, stored: folder.Stored) -> "LanguageModel":
        """The model of a folder whose manifest holds.

        Raises:
            ModelFileError: a file does not fit the others.
        """
        config = LanguageModelConfig.from_json(stored.config)
        tokenizer = from_json(stored.document("tokenizer.json", entries=config.symbols))
        if tokenizer.size != config.symbols or tokenizer.kind != config.text.tokenizer:
            raise ModelFileError(
                f"the tokenizer has {tokenizer.size} symbols ({tokenizer.kind}), config.json says {config.symbols} "
                f"({config.text.tokenizer})",
                where=str(stored.path),
            )
        record = stored.record()
        engine, exported = _engine(stored, config)
        found = cls(config, tokenizer, engine, record=record)
        found.exported = exported
        return found

    def documents(self) -> dict[str, Any]:
        """The JSON files of the folder that this kind alone has."""
        return {"tokenizer.json": self.tokenizer.to_json()}

    def shape_rows(self) -> list[tuple[str, str]]:
        """What the card tells of reading and shape."""
        config, read = self.config, self.config.embedding
        how = "running text" if config.reading.continuous else "lines"
        inputs = f"embedding {read.embedding}"
        if read.ngrams > 1:
            inputs += f" and n-grams up to {read.ngrams} of {read.ngram_width} each"
        softmax = ["tied" if config.softmax.tied else "untied"] + ["adaptive"] * config.softmax.adaptive
        return [
            ("reads", f"{SYMBOLS[config.text.tokenizer]} of {how}, vocabulary of {config.symbols:,}"),
            ("network", f"{card.layers(config.stack)}, {inputs}"),
            ("softmax", ", ".join(softmax)),
        ]

    def feed(self, text: str, state: LanguageModelState | None = None, *, final: bool = False) -> LanguageModelState:
        """The state after reading a text behind what `state` has read; None begins a new text.

        The end of the text is held back while it may still become a longer symbol (a word that goes on); `final`
        settles it. The state that was given is not changed.
        """
        state = self._checked(state)
        ids, pending = self._settle(state, text, final=final)
        return self._state(self._read(self._arrays(state), ids), pending)

    def next(self, state: LanguageModelState | None = None, *, top: int = 10) -> list[tuple[str, float]]:
        """The likeliest next symbols and their probabilities; held-back text is not taken into account.

        Raises:
            OptionError: top is no whole number from 1 on. InputError: the state is not one of this model.
        """
        top = whole(top, where="top")
        logs = self.engine.log_probabilities(self._arrays(self._checked(state)))[0]
        likeliest = np.argsort(-logs, kind="stable")[:top]
        return [(self.tokenizer.symbols[i], float(np.exp(logs[i]))) for i in likeliest]

    def score(self, text: str, state: LanguageModelState | None = None, *, end: bool = False) -> list[ScoredSymbol]:
        """ln p of every symbol of a text behind what `state` has read; with `end`, of the `</s>` after it too."""
        state = self._checked(state)
        ids, _ = self._settle(state, text, final=True)
        if end:
            ids = np.append(ids, END)
        logs = -self._nats(self._arrays(state), ids)
        return [ScoredSymbol(self.tokenizer.symbols[i], float(p)) for i, p in zip(ids, logs, strict=True)]

    def generate(
        self, prompt: str = "", *, stream: bool = False, state: LanguageModelState | None = None, **sampling: Any
    ) -> "str | list[str] | Iterator[str]":
        """Text that goes on from a prompt (which is not repeated).

        Args:
            stream: give an iterator of pieces as they are written. sampling: fields of `SamplingConfig`, by name.
        Returns:
            A text; with `samples` above 1 a list of texts; with `stream` an iterator of pieces.
        """
        config = sampling_config(sampling)
        return collected(self.stream(prompt, config, state=state), samples=config.samples, stream=stream)

    def stream(
        self, prompt: str, config: SamplingConfig, *, state: LanguageModelState | None = None
    ) -> Iterator[tuple[int, str]]:
        """Pairs (number of the sample, piece of its text), as they are written behind the prompt.

        Raises:
            InputError: the prompt is not a text, or the state not one of this model. OptionError: this is no config.
        """
        if not isinstance(config, SamplingConfig):
            raise OptionError(f"{config!r} is not a SamplingConfig", where="config", mend="see generate for options")
        after = self._arrays(self.feed(prompt, state, final=True))
        rows = tuple(np.repeat(part, config.samples, axis=1) for part in after)
        writer = TextWriter(self.tokenizer, config.samples, stop=config.stop, before=self._word_before(state, prompt))
        forbidden = [UNKNOWN, START]
        if self.config.reading.continuous and self.config.text.tokenizer != "word":
            forbidden.append(END)
        ids = write_symbols(
            rows, np.repeat(self.engine.log_probabilities(after), config.samples, axis=0), step=self._step,
            choose=_choose, config=config, forbidden=tuple(forbidden),
            end=None if self.config.reading.continuous else END, ended=lambda k, _: writer.stopped[k],
        )  # fmt: skip
        for k, symbol in ids:
            piece = writer.push(k, symbol)
            if piece:
                yield k, piece
        yield from writer.finish()

    def evaluate(
        self,
        files: Path_ | Sequence[Path_],
        *,
        dynamic: bool = False,
        against: "LanguageModel | Path_ | None" = None,
        reading: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The score on files: `kind`, `seconds`, `tokens`, `tokens_per_second`, `parameters`, `metrics`.

        Running text is read as one stream with the state carried, lines each from a fresh state, as in training.

        Args:
            dynamic: add `dynamic`, the figures of dynamic evaluation and of the neural cache, each scoring before it
                learns. against: another model, or its folder: add `against`, its `metrics`, and the `difference` of the
                two in bits a character with its 95 % `interval` and `p_value`, by a paired bootstrap over lines.
                reading: fields of `ReadConfig` that differ from training.
        Raises:
            OptionError: a file is not named, or the two models cannot be compared. InputError: a file cannot be read.
        """
        from elman.models.language_modelling.comparing import compare
        from elman.models.language_modelling.judging import judge

        if dynamic and self.exported is not None:
            raise OptionError("an exported model does not learn", where="--dynamic",
                              mend="leave it out, or take the folder that it was exported from")  # fmt: skip
        paths, read = paths_of(files), self.reading(reading)
        other = folder.load(Path(against)) if isinstance(against, (str, PathLike)) else against
        report = judge(self, paths, reading=read, dynamic=dynamic)
        return report if other is None else {**report, "against": compare(self, other, paths, reading=read)}

    def predict(
        self, texts: Iterable[str] | Path_, *, reading: Mapping[str, Any] | None = None
    ) -> Iterator[list[ScoredSymbol]]:
        """ln p of every symbol (and end mark) of each text, in order; texts or one file.

        Raises:
            InputError: a text is not a text, or the file cannot be read.
        """
        from elman.models.language_modelling.judging import score_lines

        if isinstance(texts, (str, PathLike)):
            return (item for _, item in score_lines(self, [texts], reading=self.reading(reading)))
        return (item for _, item in score_lines(self, _texts(texts), reading=None))

    def predict_to(
        self, files: Sequence[Path_], write: Callable[[str], object], *, reading: Mapping[str, Any] | None = None,
        workers: int = 1,
    ) -> dict[str, Any]:  # fmt: skip
        """Write each line of the files with its log-probability and those of its symbols; returns sums.

        Args:
            workers: processes that answer a long text whose lines are read each by itself.
        """
        from elman.models.language_modelling.judging import write_predictions

        return write_predictions(self, paths_of(files), write, reading=self.reading(reading), workers=workers)

    def save_state(self, state: LanguageModelState, path: Path_) -> None:
        """Write a state to a safetensors file.

        Raises:
            OptionError: the path is none. InputError: the state is not one of this model.
        """
        self._checked(state).save(one_path(path, where="path"))

    def load_state(self, path: Path_) -> LanguageModelState:
        """Read a state that this model, or a copy of it, has written.

        Raises:
            OptionError: the path is none. ModelFileError: the file is not such a state (names, shapes, types, values
                that are not finite).
        """
        return LanguageModelState.load(one_path(path, where="path"), like=self._zero, symbols=self.config.symbols)

    def reading(self, given: Mapping[str, Any] | None) -> ReadConfig:
        """How files are read: by lines or as running text as in training; all else each file has its own of."""
        values = by_name(given, where="reading")
        if values.pop("continuous", self.config.reading.continuous) != self.config.reading.continuous:
            raise OptionError("lines or running text is decided in training", where="continuous", mend="leave it out")
        return build(ReadConfig, {**values, "continuous": self.config.reading.continuous})

    def _word_before(self, state: LanguageModelState | None, prompt: str) -> int | None:
        """The word at the end of what was fed, for a model of words that has to set a blank behind it."""
        prompt = (state.pending if state is not None else "") + prompt
        if self.tokenizer.kind != "word" or not prompt.split() or prompt.endswith((" ", "\n")):
            return None
        return int(self.tokenizer.encode(prompt)[-1])

    def _names(self) -> list[str]:
        names = ["h", "c"] if self.config.stack.cell == "lstm" else ["h"]
        return [*names, "recent"] if self.config.embedding.ngrams > 1 else names

    def _state(self, arrays: tuple[NDArray[Any], ...], pending: str) -> LanguageModelState:
        return LanguageModelState(dict(zip(self._names(), arrays, strict=True)), pending)

    def _checked(self, state: LanguageModelState | None) -> LanguageModelState:
        """The state, if it is one of this model; a new one for None."""
        if state is None:
            return self._zero
        shapes = {name: (array.shape, array.dtype) for name, array in self._zero.arrays.items()}
        found = state.arrays if isinstance(state, LanguageModelState) else {}
        if shapes != {name: (array.shape, array.dtype) for name, array in found.items()}:
            raise InputError("the state is not one of this model", mend="take one that its feed has returned")
        return state

    def _arrays(self, state: LanguageModelState) -> tuple[NDArray[Any], ...]:
        return tuple(state.arrays.values())

    def _settle(self, state: LanguageModelState, text: str, *, final: bool) -> tuple[NDArray[np.int64], str]:
        if not isinstance(text, str):
            raise InputError(f"this is not a text but of type {type(text).__name__}", mend="give a str")
        text = state.pending + text
        settled = len(text) if final else self.tokenizer.settled(text)
        return self.tokenizer.encode(text[:settled]).astype(np.int64), text[settled:]

    def _step(
        self, state: tuple[NDArray[Any], ...], ids: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], tuple[NDArray[Any], ...]]:
        found: tuple[NDArray[np.float32], tuple[NDArray[Any], ...]] = self.engine.step(state, ids)
        return found

    def _read(self, arrays: tuple[NDArray[Any], ...], ids: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        for begin in range(0, len(ids), SEGMENT):
            arrays = self.engine.read(arrays, ids[None, begin : begin + SEGMENT])
        return arrays

    def _nats(self, arrays: tuple[NDArray[Any], ...], ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """-ln p of each symbol; the first is judged by the state as it stands, the others by what precedes them."""
        nats = np.zeros(len(ids))
        if len(ids):
            nats[0] = -self.engine.log_probabilities(arrays)[0, ids[0]]
        for begin in range(0, len(ids) - 1, SEGMENT):
            end = min(begin + SEGMENT, len(ids) - 1)
            found, arrays = self.engine.nats(arrays, ids[None, begin:end], targets=ids[None, begin + 1 : end + 1])
            nats[begin + 1 : end + 1] = found[0]
        return nats


def _engine(stored: folder.Stored, config: LanguageModelConfig) -> tuple[Any, folder.Exported | None]:
    """What runs the model of a folder, and what it was exported to, if it was."""
    if stored.engine == "onnx":
        from elman.models.engines.onnx_language_model import OnnxLanguageModel

        exported = stored.exported({})
        return OnnxLanguageModel(config, exported), exported
    from elman.models.engines.torch_language_model import TorchLanguageModel, build_network, weight_shapes
    from elman.models.networks.weights import put_arrays

    arrays = stored.weights(weight_shapes(config))
    network = build_network(config)
    put_arrays(network, arrays)
    return TorchLanguageModel(network), None


def _texts(texts: Iterable[str]) -> Iterator[str]:
    if not isinstance(texts, Iterable):
        raise InputError("these are not texts", mend="give a list of them, or the path of a file")
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InputError(f"text {number} is of type {type(text).__name__}", mend="give texts")
        yield text


def _choose(state: tuple[NDArray[Any], ...], rows: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    return tuple(part[:, rows] for part in state)
