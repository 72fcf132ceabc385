"""The model card: what a trained model is, what it was trained on, how good it is, and how to run it.

Knows a model's config and record; knows no network. Written into every folder and shown by `elman show`.
"""

from typing import TYPE_CHECKING, Any

from elman.errors import one_line
from elman.nn.config import EmbeddingConfig

if TYPE_CHECKING:
    from elman.models.language_model import LanguageModel

SYMBOLS = {"char": "characters", "byte": "bytes", "word": "words", "bpe": "byte-pair encodings"}


def description(model: "LanguageModel") -> dict[str, Any]:
    """The card as values: kind, shape, data, machine, scores."""
    training = model.record.training
    return {
        "kind": model.kind,
        "config": model.config.to_json(),
        "parameters": model.engine.parameters(),
        "data": training.get("data", {}),
        "machine": training.get("machine", {}),
        "options": training.get("options", {}),
        "report": training.get("report", {}),
    }


def rows(model: "LanguageModel") -> list[tuple[str, str]]:
    """The card as names and values, in the order in which a person reads them."""
    config, training = model.config, model.record.training
    stack, report = config.stack, training.get("report", {})
    layers = "layer" if stack.layers == 1 else "layers"
    how = "running text" if config.reading.continuous else "lines"
    found = [
        ("kind", model.kind),
        ("reads", f"{SYMBOLS[config.text.tokenizer]} of {how}, vocabulary of {config.symbols:,}"),
        ("network", f"{stack.layers} {layers} of {stack.hidden} {stack.cell} units, {_inputs(config.embedding)}"),
        ("softmax", ", ".join(["tied" if config.softmax.tied else "untied"] + ["adaptive"] * config.softmax.adaptive)),
        ("parameters", f"{model.engine.parameters():,}"),
    ]  # fmt: skip
    for name, files in training.get("data", {}).items():
        if isinstance(files, list):
            found.append((f"{name} files", ", ".join(f"{one_line(f['name'])} ({f['bytes']:,} bytes)" for f in files)))
        else:
            found.append((f"{name} files", "a twentieth of the training text" if files is None else str(files)))
    if report:
        rate = f"{report['tokens_per_second']:,.0f} symbols a second"
        length = f"{report['steps']:,} steps, {report['epochs']:.2f} epochs"
        found.append(("trained", f"{report['seconds']:.0f} s, {length}, {rate}"))
        metrics = ", ".join(f"{one_line(name)} {_number(value)}" for name, value in report.get("metrics", {}).items())
        found.append(("dev scores", metrics or "none (trained without dev text)"))
    machine = training.get("machine", {})
    if machine:
        found.append(("machine", f"{machine['device']}, {machine['processor']}, {machine['threads']} threads, "
                                 f"{machine['precision']}, torch {machine['torch']}"))  # fmt: skip
    return found


def text(model: "LanguageModel") -> str:
    """The card as lines of text."""
    found = rows(model)
    width = max(len(name) for name, _ in found)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in found)


def markdown(model: "LanguageModel") -> str:
    """The card as a page, with the commands to run the model."""
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows(model))
    return f"""# A {model.kind} made with elman

| | |
|---|---|
{table}

## How to run it

    elman generate DIR --prompt "…"
    elman evaluate DIR FILE
    elman predict DIR FILE

or in Python:

    import elman
    model = elman.load("DIR")
    print(model.generate("…", max_tokens=80))

What it writes is as good and as bad as the text that it was trained on. Edit this page freely: it is not read by elman.
"""


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, (int, float)) else "out of range"


def _inputs(embedding: EmbeddingConfig) -> str:
    """What the network reads, in words."""
    if embedding.ngrams == 1:
        return f"embedding {embedding.embedding}"
    return f"embedding {embedding.embedding} and n-grams up to {embedding.ngrams} of {embedding.ngram_width} each"


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
