"""The seven families of networks: which layers each has, and which of them paint well.

Whether a choice was looked at in pictures or only follows from what others published is said with
it: the weights of VGG16, VGG19 and Xception are in the repository, those of the others are not.
What every family has in common: only outputs of an activation are measured (raw convolutions of
networks with batch normalisation are known to paint worse), every layer's loss is relative to its
own target, and batch normalisation runs in inference mode.

References: Gatys, Ecker, Bethge 2016; Wang, Li, Vasconcelos 2021, "Rethinking and Improving the
Robustness of Image Style Transfer" (SWAG).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stransfer import layers

LayerWeights = Mapping[str, float]
Shift = tuple[int, int]

NO_SHIFT: tuple[Shift, ...] = ((0, 0),)

# A network whose first convolution has stride 2 hardly sees some patterns of single pixels, and
# optimisation hides its mistakes in them, as coloured grain. Moved by one pixel down and right,
# the picture shows them. Others move it at random in every step (Mordvintsev et al. 2018,
# "Differentiable Image Parameterizations"; their jitter), or give the convolution stride 1 (Singla
# 2017); to measure both positions at once keeps runs repeatable, and costs twice instead of four
# times. With Xception all three ways were compared, and both positions painted the cleanest.
BOTH_POSITIONS: tuple[Shift, ...] = ((0, 0), (1, 1))


@dataclass(frozen=True)
class Family:
    """What the members of a family share, given the depth of one of them.

    `module` is the one in `keras.applications` that holds the network's own `preprocess_input`.
    `minimum_size` is the shortest side in pixels at which every layer has a feature map, except
    for the layers in `larger_minimums`, which need more. The picture is measured once for each of
    `shifts`, moved by so many pixels down and to the right. Without training only the
    `untrained_layers` measure, each half as much as the one before it, and the last content.
    """

    module: str
    layers: tuple[str, ...]
    content_layers: LayerWeights
    style_layers: LayerWeights
    untrained_layers: tuple[str, ...]
    minimum_size: int = 32
    larger_minimums: Mapping[str, int] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = BOTH_POSITIONS


def vgg(module: str, convolutions: Sequence[int]) -> Family:
    """Return VGG16 or VGG19. Looked at in pictures, both.

    Gatys et al. 2016, section 3: style from the first convolution of every block, content from the
    second of the fourth. Keras fuses the ReLU into these layers, so their output is what the paper
    calls relu1_1 and so on.
    """
    return Family(
        module=module,
        layers=layers.vgg(convolutions),
        content_layers={"block4_conv2": 1.0},
        style_layers={f"block{block}_conv1": 1.0 for block in range(1, 6)},
        untrained_layers=("block1_conv1", "block2_conv1", "block3_conv1"),
        shifts=NO_SHIFT,
    )


def inception_v3() -> Family:
    """Return Inception V3. Not looked at: without its weights only the plumbing is tested.

    The layers are those of S. Singla ("Getting Inception Architectures to Work with Style
    Transfer", 2017), who measured style at Conv2d_4a_3x3 and the modules that Keras calls mixed0,
    mixed3 and mixed8, and content at Conv2d_4a_3x3, without the deepest, and with the stem's
    convolution at half size, which holds colours and fine strokes. Deeper layers count less, as
    Wang et al. 2021 found for networks that are not VGG. Singla's other remedy, to replace strides
    and pooling, changes the network that the weights were trained for and is left out.

    The stem pads nothing, so a small picture has nothing left for the last modules.
    """
    return Family(
        module="inception_v3",
        layers=layers.inception_v3(),
        content_layers={"mixed0": 1.0},
        style_layers={
            "conv2d_2b_3x3": 1.0,
            "conv2d_4a_3x3": 1.0,
            "mixed0": 1.0,
            "mixed2": 0.5,
            "mixed4": 0.25,
        },
        untrained_layers=("conv2d_2b_3x3", "conv2d_4a_3x3", "mixed0"),
        minimum_size=43,
        larger_minimums={f"mixed{module}": 75 for module in range(8, 11)},
    )


def xception() -> Family:
    """Return Xception. Looked at in pictures; no published choice of layers is known."""
    return Family(
        module="xception",
        layers=layers.xception(),
        content_layers={"block4_sepconv2_act": 1.0},
        style_layers={
            "block1_conv1_act": 1.0,
            "block1_conv2_act": 1.0,
            "block2_sepconv2_act": 1.0,
            "block3_sepconv2_act": 1.0,
            "block4_sepconv2_act": 0.5,
            "block5_sepconv2_act": 0.5,
        },
        untrained_layers=("block1_conv2_act", "block2_sepconv2_act", "block3_sepconv2_act"),
    )


def densenet(blocks: Sequence[int]) -> Family:
    """Return a DenseNet. Not looked at: without its weights only the plumbing is tested.

    The stylemod package takes the output of every dense block, the deeper the less, and marks that
    as not tuned. The same stages are taken here, but where each is normalised and activated, at
    the transition behind it; content at a quarter of the depth, because later blocks keep little
    of where things are.
    """
    return Family(
        module="densenet",
        layers=layers.densenet(blocks),
        content_layers={"pool3_relu": 1.0},
        style_layers={"conv1_relu": 1.0, "pool2_relu": 0.8, "pool3_relu": 0.6, "pool4_relu": 0.4},
        untrained_layers=("conv1_relu", "conv2_block1_1_relu", "conv2_block3_0_relu"),
    )


def resnet(blocks: Sequence[int]) -> Family:
    """Return a ResNet. Not looked at: without its weights only the plumbing is tested.

    Style at the end of each stage and content late, as Wang et al. 2021 measure ResNet50, but
    without its fifth stage, and content one stage earlier, because a position of their choice
    covers 16 pixels, as wide as the things a photo of 500 pixels shows. Of what they found, that
    residual sums grow few and strong peaks with depth, the remedy here is the weights that fall
    with depth, and the relative loss of each layer; their own, a softmax over each feature map,
    needs weights to be tuned with and is left out.
    """
    second, third, fourth, _ = blocks
    return Family(
        module="resnet",
        layers=layers.resnet(blocks),
        content_layers={f"conv3_block{third}_out": 1.0},
        style_layers={
            "conv1_relu": 1.0,
            f"conv2_block{second}_out": 1.0,
            f"conv3_block{third}_out": 0.5,
            f"conv4_block{fourth}_out": 0.25,
        },
        untrained_layers=("conv1_relu", "conv2_block1_out", "conv2_block2_out"),
    )


def resnet_v2(blocks: Sequence[int]) -> Family:
    """Return a ResNet V2. Not looked at: without its weights only the plumbing is tested.

    No published choice is known. The stages are those of `resnet`, each measured behind the first
    activation of its last block: what its blocks put out are sums that are neither normalised nor
    activated, and the last block of a stage already has the next one's stride.
    """
    second, third, fourth, _ = blocks
    return Family(
        module="resnet_v2",
        layers=layers.resnet_v2(blocks),
        content_layers={f"conv3_block{third}_preact_relu": 1.0},
        style_layers={
            "conv1_conv": 1.0,
            f"conv2_block{second}_preact_relu": 1.0,
            f"conv3_block{third}_preact_relu": 0.5,
            f"conv4_block{fourth}_preact_relu": 0.25,
        },
        untrained_layers=("conv1_conv", "conv2_block2_preact_relu", "conv2_block3_preact_relu"),
    )
