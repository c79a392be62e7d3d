"""`torch.compile`, block by block."""

from torch import nn


def compile_blocks(network: nn.Module) -> None:
    """Compile each of `network.blocks` in place: they are alike, so that one compilation serves them all.

    Of any number of rows and any length, because training knows several, and each compilation takes seconds.
    """
    for block in network.get_submodule("blocks").children():
        block.compile(dynamic=True)
