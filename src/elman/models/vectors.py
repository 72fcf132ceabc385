"""Word vectors that a user brings, joined to the words of the training files.

Knows features of words and the files of a job; knows no network. Used by the preparing of the kinds that read words.
"""

import logging
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from elman.data.vectors import read_vectors
from elman.errors import OptionError
from elman.models.plans import Job
from elman.text.features import WordFeatures

log = logging.getLogger("elman")
SPREAD = 0.1
"""Deviation of the first vectors of words that the file has not."""


def with_vectors(job: Job, features: WordFeatures, words: Iterable[str]) -> tuple[WordFeatures, NDArray[np.float32]]:
    """The features with those of the given words in the vocabulary that the file of vectors has, and the first vectors
    of all words, (size, D): those of the file, drawn for the others.

    Raises:
        OptionError: training starts from a folder, or another width is wanted. InputError: the file is no such file.
    """
    if job.start is not None:
        raise OptionError("the folder that is started from has its own vectors", where="--vectors", mend="leave it out")
    forms = {features.form(word) for word in words}
    (path,) = job.files["vectors"]
    names, found = read_vectors(path, lambda word: features.form(word) in forms)
    vectors: dict[str, NDArray[np.float32]] = {}
    for name, vector in zip(names, found, strict=True):
        form = features.form(name)
        if form not in vectors or name == form:
            vectors[form] = vector
    width = found.shape[1]
    if job.given.get("word_width", width) != width:
        raise OptionError(f"the vectors have {width} numbers", where="--word-width", mend="leave it out")
    features = features.extended(vectors)
    generator = np.random.default_rng(job.options.train.seed)
    matrix = generator.normal(0, SPREAD, (features.size, width)).astype(np.float32)
    for place, word in enumerate(features.vocabulary, 1):
        if word in vectors:
            matrix[place] = vectors[word]
    log.info("%s of %s words have a vector in %s", f"{len(vectors):,}", f"{features.size - 1:,}", path)
    return features, matrix
