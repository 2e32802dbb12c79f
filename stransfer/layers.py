"""The names of every network's layers, in computing order, without building the network.

Only layers that are worth measuring are named: outputs of an activation, and outputs of a whole
block. A convolution whose normalisation and activation are layers of their own is left out; what
it computes has an arbitrary scale. Names are Keras's, but for Inception V3's stem, whose layers
Keras numbers through anew with every network it builds.
"""

from __future__ import annotations

from collections.abc import Sequence

# Szegedy et al. 2016, table 1, under the names of their published code, in Keras's computing
# order. Each stands for the activation behind the convolution and its normalisation.
INCEPTION_STEM = (
    "conv2d_1a_3x3",
    "conv2d_2a_3x3",
    "conv2d_2b_3x3",
    "conv2d_3b_1x1",
    "conv2d_4a_3x3",
)


def vgg(convolutions: Sequence[int]) -> tuple[str, ...]:
    """Return the convolutions of a VGG network with so many in each block, ReLU included."""
    return tuple(
        f"block{block}_conv{index}"
        for block, count in enumerate(convolutions, start=1)
        for index in range(1, count + 1)
    )


def inception_v3() -> tuple[str, ...]:
    """Return the stem's activations and the concatenated outputs of the eleven modules."""
    return *INCEPTION_STEM, *(f"mixed{module}" for module in range(11))


def xception() -> tuple[str, ...]:
    """Return the activations of Xception.

    From block 3 to 13 the first activation of a block is that of the previous block's output.
    """
    names = ["block1_conv1_act", "block1_conv2_act", "block2_sepconv2_act"]
    for block in range(3, 14):
        count = 3 if 5 <= block <= 12 else 2
        names += [f"block{block}_sepconv{index}_act" for index in range(1, count + 1)]
    return *names, "block14_sepconv1_act", "block14_sepconv2_act"


def densenet(blocks: Sequence[int]) -> tuple[str, ...]:
    """Return the activations and block outputs of a DenseNet with so many blocks in each stage."""
    names = ["conv1_relu"]
    for stage, count in enumerate(blocks, start=2):
        for block in range(1, count + 1):
            names += _parts(stage, block, "0_relu", "1_relu", "concat")
        # A transition between two stages; behind the last one stands a plain activation.
        names.append("relu" if stage == len(blocks) + 1 else f"pool{stage}_relu")
    return tuple(names)


def resnet(blocks: Sequence[int]) -> tuple[str, ...]:
    """Return the activations of a ResNet, `out` being that of a whole block."""
    names = ["conv1_relu"]
    for stage, count in enumerate(blocks, start=2):
        for block in range(1, count + 1):
            names += _parts(stage, block, "1_relu", "2_relu", "out")
    return tuple(names)


def resnet_v2(blocks: Sequence[int]) -> tuple[str, ...]:
    """Return the activations and block outputs of a ResNet V2.

    Its first convolution has no activation, and is named all the same: nothing else there has half
    the picture's size. `out` is a sum without activation; the next block's `preact_relu` has one.
    """
    names = ["conv1_conv"]
    for stage, count in enumerate(blocks, start=2):
        for block in range(1, count + 1):
            names += _parts(stage, block, "preact_relu", "1_relu", "2_relu", "out")
    return *names, "post_relu"


def _parts(stage: int, block: int, *parts: str) -> list[str]:
    return [f"conv{stage}_block{block}_{part}" for part in parts]
