# SPDX-License-Identifier: Apache-2.0
"""What the soak saves: small models, each of which says who it is, so that a mixture of two cannot pass."""

import random
import re

import numpy as np

CHANGING, FROZEN = 6, 4
TRAINED = "net."  # begins the names of tensors that change while they are saved; only verify checks their bytes


class Mixture(Exception):
    """What was loaded is not what anybody saved."""


def new_identity():
    return random.SystemRandom().getrandbits(48) | 1


def message_of(role, identity):
    return f"saved by {role}: {identity:x}"


def identity_in(message):
    """None for a message that the soak did not write, as that of a restored version may be."""
    found = re.fullmatch(r"saved by [a-z-]+: ([0-9a-f]+)", message)
    return int(found[1], 16) if found else None


def frozen():
    return {f"frozen.{i}": np.full(4096, i + 0.5, np.float32) for i in range(FROZEN)}


def model(identity):
    """Tensors that all depend on the identity, and some that never change, which every version shares."""
    state = {"identity": np.array([identity], np.int64), "body": np.full(200_000, identity % 251, np.uint8)}
    for i in range(CHANGING):
        state[f"layer.{i}"] = np.full((64, 64), float(identity % 99_991 + i), np.float32)
    return state | frozen()


def identity_of(state):
    """Checks every value, and returns whose they are. Raises Mixture."""
    state = {name: np.asarray(value) for name, value in state.items()}
    if "identity" not in state:
        raise Mixture(f"the tensor `identity` is missing; there are {', '.join(sorted(state)) or 'none'}")
    identity = int(state["identity"][0])
    trained = {name for name in state if name.startswith(TRAINED)}
    expected = frozen() if trained else model(identity)
    if expected.keys() != state.keys() - trained - ({"identity"} if trained else set()):
        raise Mixture(f"of {identity:x}: its names are {', '.join(sorted(state))}")
    for name, value in expected.items():
        found = state[name]
        if found.dtype != value.dtype or found.shape != value.shape or not np.array_equal(found, value):
            raise Mixture(f"of {identity:x}: `{name}` has values of another version")
    return identity
