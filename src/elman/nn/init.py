"""First values of all weights, drawn from a generator that is handed in: the same seed, the same bits.

Knows the modules of `nn` by their weights' names. Called by the networks of `models`.
"""

import torch
from torch import Tensor, nn

from elman.nn.bags import TextBag
from elman.nn.embedding import Clusters, Embedding
from elman.nn.feed_forward import FeedForward
from elman.nn.labels import LabelHead
from elman.nn.softmax import AdaptiveSoftmax, Projection, Softmax
from elman.nn.stack import Direction
from elman.nn.words import WordEmbedding

FORGET_BIAS = 1.0
"""The forget gate begins open: Gers, Schmidhuber & Cummins 2000; Jozefowicz et al. 2015 measured what it is worth."""


@torch.no_grad()
def initialize(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all modules inside a network, in the order of the modules.

    W uniform within ±1/sqrt(D), U orthogonal in each gate (Saxe et al. 2014), biases 0 but for the forget gate's 1;
    embeddings normal, with deviation 1 where E is only read and 1/sqrt(D) where it is the output matrix too.
    """
    tied = {
        id(part) for head in network.modules() if isinstance(head, (Softmax, AdaptiveSoftmax)) for part in head._tied
    }
    for module in network.modules():
        if isinstance(module, Direction):
            _direction(module, generator)
        elif isinstance(module, Clusters):
            _clusters(module, generator)
        elif isinstance(module, Embedding) and module.clusters is None:
            deviation = module.width**-0.5 if id(module) in tied else 1.0
            module.E.normal_(0, deviation, generator=generator)
        elif isinstance(module, Projection) and hasattr(module, "P"):
            nn.init.orthogonal_(module.P, generator=generator)
        elif isinstance(module, LabelHead) or (isinstance(module, Softmax) and hasattr(module, "V")):
            _uniform(module.V, generator)
        elif isinstance(module, TextBag) and hasattr(module, "V"):
            _uniform(module.V, generator)  # E stays 0, as in `_words`
        elif isinstance(module, FeedForward):
            for W in module.W:
                _uniform(W, generator)
        elif isinstance(module, WordEmbedding):
            _words(module, generator)
        elif isinstance(module, AdaptiveSoftmax):
            module.C.normal_(0, module.C.shape[1] ** -0.5, generator=generator)


def _direction(module: Direction, generator: torch.Generator) -> None:
    _uniform(module.W, generator)
    module.b.zero_()
    if hasattr(module, "U"):
        for block in module.U.chunk(module.U.shape[0] // module.U.shape[1]):
            nn.init.orthogonal_(block, generator=generator)
    if hasattr(module, "b_u"):
        module.b_u.zero_()
    if module.cell == "lstm":
        H = module.hidden
        module.b[H : 2 * H] = FORGET_BIAS


def _words(module: WordEmbedding, generator: torch.Generator) -> None:
    """Vectors of words and characters are drawn; those of hashed features begin at 0, or are drawn too."""
    if hasattr(module, "E"):
        module.E.normal_(0, module.config.word_spread, generator=generator)
    if hasattr(module, "features") and module.config.feature_spread > 0:
        module.features.normal_(0, module.config.feature_spread, generator=generator)
    if hasattr(module, "alphabet"):
        module.alphabet.normal_(0, 1.0, generator=generator)


def _clusters(module: Clusters, generator: torch.Generator) -> None:
    """Rows of all clusters have the deviation 1/sqrt(D) as they are used, whatever the width of their table."""
    width = module.tables[0].shape[1]
    for table in module.tables:
        table.normal_(0, width**-0.5, generator=generator)
    for P in module.projections:
        P.normal_(0, P.shape[0] ** -0.5, generator=generator)


def _uniform(matrix: Tensor, generator: torch.Generator) -> None:
    bound = matrix.shape[1] ** -0.5
    matrix.uniform_(-bound, bound, generator=generator)
