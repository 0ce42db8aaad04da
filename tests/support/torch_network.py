"""The network of the paper in PyTorch, written from its description, for comparison.

Modules are named as in the authors' checkpoints, and pickled under the authors' class paths.
"""

import sys
import types

import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        half = outputs // 2
        self.bn, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, half, 1)
        self.bn1, self.conv2 = nn.BatchNorm2d(half), nn.Conv2d(half, half, 3, padding=1)
        self.bn2, self.conv3 = nn.BatchNorm2d(half), nn.Conv2d(half, outputs, 1)
        self.conv4 = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x):
        y = self.conv1(functional.relu(self.bn(x)))
        y = self.conv2(functional.relu(self.bn1(y)))
        y = self.conv3(functional.relu(self.bn2(y)))
        return y + (x if self.conv4 is None else self.conv4(x))


def residual_list(count, features):
    return nn.ModuleList([Residual(features, features) for _ in range(count)])


def apply_all(modules, x):
    for module in modules:
        x = module(x)
    return x


class Hourglass(nn.Module):
    def __init__(self, depth, count, features):
        super().__init__()
        self.up1_ = residual_list(count, features)
        self.low1_ = residual_list(count, features)
        if depth > 1:
            self.low2 = Hourglass(depth - 1, count, features)
        else:
            self.low2_ = residual_list(count, features)
        self.low3_ = residual_list(count, features)

    def forward(self, x):
        y = apply_all(self.low1_, functional.max_pool2d(x, 2))
        y = self.low2(y) if hasattr(self, "low2") else apply_all(self.low2_, y)
        y = functional.interpolate(apply_all(self.low3_, y), scale_factor=2, mode="nearest")
        return apply_all(self.up1_, x) + y


class HourglassNet3D(nn.Module):
    def __init__(self, stacks, residuals, features, depth_residuals, input_size):
        super().__init__()
        self.residuals, self.depth_residuals = residuals, depth_residuals
        self.conv1_, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64)
        self.r1, self.r4, self.r5 = Residual(64, 128), Residual(128, 128), Residual(128, features)
        self.hourglass = nn.ModuleList(Hourglass(4, residuals, features) for _ in range(stacks))
        self.Residual = residual_list(stacks * residuals, features)
        self.lin_ = nn.ModuleList(
            nn.Sequential(nn.Conv2d(features, features, 1), nn.BatchNorm2d(features), nn.ReLU())
            for _ in range(stacks)
        )
        self.tmpOut = nn.ModuleList(nn.Conv2d(features, 16, 1) for _ in range(stacks))
        self.ll_ = nn.ModuleList(nn.Conv2d(features, features, 1) for _ in range(stacks))
        self.tmpOut_ = nn.ModuleList(nn.Conv2d(16, features, 1) for _ in range(stacks))
        self.reg_ = residual_list(4 * depth_residuals, features)
        self.reg = nn.Linear(features * (input_size // 64) ** 2, 16)

    def forward(self, image):
        x = self.r1(functional.relu(self.bn1(self.conv1_(image))))
        x = self.r5(self.r4(functional.max_pool2d(x, 2)))
        heatmaps = []
        for s, hourglass in enumerate(self.hourglass):
            n = self.residuals
            y = apply_all(self.Residual[s * n : (s + 1) * n], hourglass(x))
            y = self.lin_[s](y)
            heatmaps.append(self.tmpOut[s](y))
            x = x + self.ll_[s](y) + self.tmpOut_[s](heatmaps[-1])
        for level in range(4):
            n = self.depth_residuals
            x = functional.max_pool2d(apply_all(self.reg_[level * n : (level + 1) * n], x), 2)
        return heatmaps, self.reg(x.flatten(1))


def random_network(*sizes) -> HourglassNet3D:
    """A network in inference mode whose batch statistics are not trivial either."""
    torch.manual_seed(0)
    network = HourglassNet3D(*sizes)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def _place(path, **classes):
    """Make the authors' module paths importable for as long as torch pickles."""
    module = types.ModuleType(path)
    for name, cls in classes.items():
        setattr(module, name, cls)
        cls.__module__ = path
    sys.modules[path] = module


_place("models")
_place("models.layers")
_place("models.layers.Residual", Residual=Residual)
_place("models.hg_3d", Hourglass=Hourglass, HourglassNet3D=HourglassNet3D)
