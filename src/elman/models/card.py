"""The model card: what a trained model is, what it was trained on, how good it is, and how to run it.

Knows a model's config and record; knows no network. Written into every folder and shown by `elman show`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from elman.errors import one_line
from elman.nn.config import StackConfig


def description(model: Any) -> dict[str, Any]:
    """The card as values: kind, shape, data, machine, scores."""
    training = model.record.training
    return {
        "kind": model.kind,
        "config": model.config.to_json(),
        "parameters": model.engine.parameters(),
        **({} if model.exported is None else {"export": model.exported.about}),
        "data": training.get("data", {}),
        "machine": training.get("machine", {}),
        "options": training.get("options", {}),
        "report": training.get("report", {}),
    }


def rows(model: Any) -> list[tuple[str, str]]:
    """The card as names and values, in the order in which a person reads them."""
    training = model.record.training
    report = training.get("report", {})
    found = [("kind", model.kind), *model.shape_rows(), ("parameters", f"{model.engine.parameters():,}")]
    if model.exported is not None:
        found.append(("exported", "ONNX graphs, " + ("int8" if model.exported.about["int8"] else "fp32")))
    for key, files in training.get("data", {}).items():
        name = key.replace("_", " ")
        if isinstance(files, list):
            found.append((f"{name} files", ", ".join(f"{one_line(f['name'])} ({f['bytes']:,} bytes)" for f in files)))
        else:
            found.append((f"{name} files", "a twentieth of the training text" if files is None else str(files)))
    if report:
        rate = f"{report['tokens_per_second']:,.0f} tokens a second"
        length = f"{report['steps']:,} steps, {report['epochs']:.2f} epochs"
        found.append(("trained", f"{report['seconds']:.0f} s, {length}, {rate}"))
        metrics = ", ".join(f"{one_line(name)} {_number(value)}" for name, value in _flat(report.get("metrics", {})))
        found.append(("dev scores", metrics or "none (trained without dev text)"))
    machine = training.get("machine", {})
    if machine:
        found.append(("machine", f"{machine['device']}, {machine['processor']}, {machine['threads']} threads, "
                                 f"{machine['precision']}, torch {machine['torch']}"))  # fmt: skip
    return found


def text(model: Any) -> str:
    """The card as lines of text."""
    found = rows(model)
    width = max(len(name) for name, _ in found)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in found)


def markdown(model: Any) -> str:
    """The card as a page, with the commands to run the model."""
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows(model))
    return f"""# A {model.kind} made with elman

| | |
|---|---|
{table}

## How to run it

{_indented(model.commands)}

or in Python:

    import elman
    model = elman.load("DIR")
    {model.call}

What it gives is as good and as bad as the text that it was trained on. Edit this page freely: it is not read by elman.
"""


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, (int, float)) else "none"


def layers(stack: StackConfig) -> str:
    """The recurrent stack in words."""
    many = "layer" if stack.layers == 1 else "layers"
    how = " read both ways" if stack.bidirectional else ""
    return f"{stack.layers} {many} of {stack.hidden} {stack.cell} units{how}"


def word_parts(config: Any) -> list[str]:
    """What the vector of a word is made of, in words.

    Args:
        config: of a model that reads words.
    """
    read = config.embedding
    parts = [f"{read.word_width} for each of {config.words_known - 1:,} words"] if read.word_width else []
    parts += [f"{read.feature_width} from {config.features_known:,} hashed features"] if read.feature_width else []
    return parts + ([f"{2 * read.character_hidden} from characters"] if read.character_hidden else [])


def _flat(metrics: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}{key} ")
        else:
            yield f"{name}{key}", value


def _indented(lines: tuple[str, ...]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
