"""A graph of an exported folder, opened in ONNX Runtime: checked first, run on numpy arrays, its faults made ours.

Knows ONNX Runtime and files; knows no kind of model. Used by the other ONNX engines.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state

from elman.errors import ModelFileError
from elman.files.graphs import Door, read_graph
from elman.models.threads import threads

RUNTIME = "com.microsoft"
OPERATORS = frozenset(
    [("", name) for name in (
        "Add", "And", "Cast", "Concat", "Div", "Expand", "GRU", "Gather", "GatherElements", "GatherND", "Greater",
        "GreaterOrEqual", "Identity", "LSTM", "Less", "Log", "LogSoftmax", "MatMul", "Max", "Mean", "Min", "Mul",
        "NonZero", "RNN", "Range", "ReduceLogSumExp", "ReduceMax", "ReduceSum", "Relu", "Reshape", "ReverseSequence",
        "ScatterND", "Scan", "Shape", "Sigmoid", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Tanh",
        "Transpose", "Unsqueeze", "Where",
    )] + [(RUNTIME, "DynamicQuantizeLSTM"), (RUNTIME, "DynamicQuantizeMatMul")]
)  # fmt: skip
"""All that exported graphs are made of."""
FAULTS: tuple[type[Exception], ...] = (
    RuntimeError,
    UnicodeDecodeError,  # a message with bytes of the file that are no text
    *(one for one in vars(onnxruntime_pybind11_state).values() if isinstance(one, type) and issubclass(one, Exception)),
)
"""What ONNX Runtime raises: an exception for each sort of fault, which have nothing in common."""
Doors = Mapping[str, Door]


class Session:
    """Runs one graph.

    Args:
        path: of the file. inputs, outputs: what it must have, no more and no less.
    Raises:
        ModelFileError: the file is not a graph of elman's, or has other inputs or outputs.
    """

    def __init__(self, path: Path, *, inputs: Doors, outputs: Doors) -> None:
        self.where = str(path)
        content, found = read_graph(path, OPERATORS)
        if (found.inputs, found.outputs) != (dict(inputs), dict(outputs)):
            raise ModelFileError("its inputs or outputs are not those of this model", where=self.where)
        self.inputs, self.outputs = list(inputs), list(outputs)
        self._given = [(np.dtype(kind), shape) for kind, shape in outputs.values()]
        try:
            self._session = onnxruntime.InferenceSession(
                content, _options(), providers=["CPUExecutionProvider"],
                enable_fallback=0,  # which would print to stdout, and try the same once more
            )  # fmt: skip
        except FAULTS as error:
            raise ModelFileError(f"ONNX Runtime does not take this graph: {_first(error)}", where=self.where) from error

    def run(self, **arrays: NDArray[Any]) -> list[NDArray[Any]]:
        """The outputs, in their order, of arrays by the names of the inputs."""
        try:
            found: Sequence[NDArray[Any]] = self._session.run(self.outputs, arrays)
        except FAULTS as error:
            raise ModelFileError(f"ONNX Runtime cannot run this graph: {_first(error)}", where=self.where) from error
        if not all(map(_fits, found, self._given)):
            raise ModelFileError("this graph gives arrays of other shapes than it tells", where=self.where)
        return list(found)


def _fits(array: NDArray[Any], given: tuple[np.dtype[Any], tuple[int | None, ...]]) -> bool:
    """Is an array of the type that was told, and of its sizes, but for those that vary?"""
    dtype, shape = given
    if array.dtype != dtype or array.ndim != len(shape):
        return False
    return all(wanted is None or size == wanted for size, wanted in zip(array.shape, shape, strict=True))


def ids32(lengths: NDArray[np.int64]) -> NDArray[np.int32]:
    """Lengths as ONNX's recurrent operators want them."""
    return lengths.astype(np.int32)


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads(), 1
    options.log_severity_level = 4  # what goes wrong is raised; the log would only repeat it on stderr
    options.enable_mem_pattern = False  # shapes differ from batch to batch
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
