"""The networks of affekt-train in PyTorch, as its users write them: the peers of scripts/bench/train.

Each is built for 48 x 48 faces and 7 classes, with random weights and the same widths, heads and strides as ours.
"""
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 7


class Residual(nn.Module):
    """Block of `compact`: two 3 x 3 convolutions and a projected shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x), inplace=True)


def compact():
    return nn.Sequential(nn.Conv2d(1, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(True), nn.MaxPool2d(2),
                         Residual(32, 64, 1), Residual(64, 128, 2), Residual(128, 256, 2), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Dropout(0.25), nn.Linear(256, CLASSES))


def basic_cnn():
    layers, channels = [], 3
    for a, b in ((32, 64), (64, 128), (128, 256)):
        layers += [nn.Conv2d(channels, a, 3), nn.ReLU(True), nn.BatchNorm2d(a), nn.Conv2d(a, b, 3, padding=1), nn.ReLU(True),
                   nn.BatchNorm2d(b), nn.MaxPool2d(2, ceil_mode=True), nn.Dropout(0.25)]
        channels = b
    layers.append(nn.Flatten())
    width = 6400
    for n in (1024, 512, 256, 128, 64, 32):
        layers += [nn.Linear(width, n), nn.ReLU(True), nn.BatchNorm1d(n), nn.Dropout(0.25)]
        width = n
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


def classifier(width):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, CLASSES)]


def vgg16():
    layers, channels = [], 3
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *classifier(512))


class PreActivation(nn.Module):
    """He et al., "Identity Mappings in Deep Residual Networks", 2016; the stride in a stage's last block, as in Keras."""

    def __init__(self, inputs, width, stride, first):
        super().__init__()
        outputs = 4 * width
        self.preact = nn.BatchNorm2d(inputs)
        self.project = nn.Conv2d(inputs, outputs, 1) if first else None
        self.stride = stride
        self.body = nn.Sequential(nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True),
                                  nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True),
                                  nn.Conv2d(width, outputs, 1))

    def forward(self, x):
        y = F.relu(self.preact(x), inplace=True)
        if self.project is not None:
            shortcut = self.project(y)
        else:
            shortcut = x if self.stride == 1 else F.max_pool2d(x, 1, self.stride)
        return self.body(y) + shortcut


def resnet50v2():
    layers, channels = [nn.Conv2d(3, 64, 7, 2, 3), nn.MaxPool2d(3, 2, 1)], 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for b in range(blocks):
            layers.append(PreActivation(channels, width, 2 if b == blocks - 1 and stage < 3 else 1, b == 0))
            channels = 4 * width
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(True), *classifier(channels))


class Excite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.expand(F.silu(self.reduce(F.adaptive_avg_pool2d(x, 1)))))


class MBConv(nn.Module):
    """Tan & Le, "EfficientNet", ICML 2019, with drop-connect."""

    def __init__(self, inputs, outputs, expand, kernel, stride, drop):
        super().__init__()
        wide, layers = inputs * expand, []
        if expand > 1:
            layers += [nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.SiLU(True)]
        layers += [nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False), nn.BatchNorm2d(wide),
                   nn.SiLU(True), Excite(wide, max(1, inputs // 4)), nn.Conv2d(wide, outputs, 1, bias=False),
                   nn.BatchNorm2d(outputs)]
        self.body = nn.Sequential(*layers)
        self.residual, self.drop = stride == 1 and inputs == outputs, drop

    def forward(self, x):
        y = self.body(x)
        if not self.residual:
            return y
        if self.training and self.drop > 0:
            keep = torch.rand(len(x), 1, 1, 1) >= self.drop
            y = y * keep / (1 - self.drop)
        return y + x


def efficientnet_b0():
    layers, channels, number = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.SiLU(True)], 32, 0
    for expand, kernel, stride, width, blocks in ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3),
                                                  (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)):
        for b in range(blocks):
            layers.append(MBConv(channels, width, expand, kernel, stride if b == 0 else 1, 0.2 * number / 16))
            channels, number = width, number + 1
    return nn.Sequential(*layers, nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.SiLU(True), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, CLASSES))


NETWORKS = {"compact": (1, compact), "basic-cnn": (3, basic_cnn), "vgg16": (3, vgg16), "resnet50v2": (3, resnet50v2),
            "efficientnet-b0": (3, efficientnet_b0)}  # input channels, maker
