"""From symbols as they are drawn to pieces of text: incomplete characters and beginnings of stop texts are held back.

Knows a tokenizer's decoder; knows no network. Used by the models that write.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elman.decoding.config import SamplingConfig
from elman.errors import OptionError
from elman.settings import build
from elman.text.pairs import decoder_with
from elman.text.tokenizer import Tokenizer


class TextWriter:
    """The text of several samples, each growing by symbols.

    Args:
        stop: texts at which a sample ends; they are not given out. before: the word that the samples go on from, so
            that a blank comes first; None where there is none. extra: the texts of the ids behind those of the
            tokenizer.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        samples: int,
        *,
        stop: tuple[str, ...],
        before: int | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self.decoders = [decoder_with(tokenizer, extra) for _ in range(samples)]
        if before is not None:
            for decoder in self.decoders:
                decoder.push(before)
        self.held = [""] * samples
        self.stopped = [False] * samples
        self.stop = tuple(text for text in stop if text)

    def push(self, k: int, symbol: int) -> str:
        """The piece of text that is settled now that sample k has gone on with a symbol."""
        return self._settle(k, self.decoders[k].push(symbol))

    def finish(self) -> Iterator[tuple[int, str]]:
        """What was still held back, for every sample that no stop text has ended."""
        for k, decoder in enumerate(self.decoders):
            if not self.stopped[k]:
                settled = self._settle(k, decoder.finish())
                piece, self.held[k] = settled + self.held[k], ""
                if piece:
                    yield k, piece

    def _settle(self, k: int, piece: str) -> str:
        text = self.held[k] + piece
        found = [place for place in (text.find(stop) for stop in self.stop) if place >= 0]
        if found:
            self.stopped[k], self.held[k] = True, ""
            return text[: min(found)]
        keep = max((_overlap(text, stop) for stop in self.stop), default=0)
        self.held[k] = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of the text are a beginning of the stop text."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)


def sampling_config(values: Mapping[str, Any]) -> SamplingConfig:
    """The config of values by name, with one text at which to stop, or a list of them, as users give it."""
    stop = values.get("stop", ())
    if isinstance(stop, (str, list)):
        stop = (stop,) if isinstance(stop, str) else tuple(stop)
    return build(SamplingConfig, {**values, "stop": stop})


def collected(pieces: Iterator[tuple[int, str]], *, samples: int, stream: bool) -> "str | list[str] | Iterator[str]":
    """What `generate` returns of pairs (number of the sample, piece of its text): a text; of several samples a list of
    texts; with `stream` an iterator of pieces.

    Raises:
        OptionError: several samples are to be streamed.
    """
    if stream:
        if samples > 1:
            raise OptionError("stream gives one text", where="stream", mend="leave out samples")
        return (piece for _, piece in pieces)
    texts = [""] * samples
    for k, piece in pieces:
        texts[k] += piece
    return texts[0] if samples == 1 else texts
