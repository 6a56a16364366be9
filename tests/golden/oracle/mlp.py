"""A stack of linear layers with ReLU between them, in float64; whole matrices at a time."""

import numpy as np


class Mlp:
    def __init__(self, widths, generator):
        pairs = list(zip(widths, widths[1:]))
        self.weights = [generator.normal(size=(d_out, d_in)) / np.sqrt(d_in) for d_in, d_out in pairs]
        self.biases = [0.3 * generator.normal(size=d_out) for _, d_out in pairs]

    def parameters(self):
        tensors = {}
        for n, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            tensors[f"layers.{n}.weight"] = weight
            tensors[f"layers.{n}.bias"] = bias
        return tensors

    def layer_inputs(self, x):
        """What each layer takes, and the logits last."""
        values = [x]
        for n, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            y = values[-1] @ weight.T + bias
            values.append(y if n + 1 == len(self.weights) else np.maximum(y, 0))
        return values

    def example_gradients(self, x, logit_gradients):
        """name -> [examples, shape]: derivatives of sum(logit_gradients * logits) of each example alone."""
        values = self.layer_inputs(x)
        gradients = {}
        delta = logit_gradients
        for n in reversed(range(len(self.weights))):
            gradients[f"layers.{n}.weight"] = np.einsum("eo,ei->eoi", delta, values[n])
            gradients[f"layers.{n}.bias"] = delta
            delta = (delta @ self.weights[n]) * (values[n] > 0)
        return gradients


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def results(model, x, y):
    logits = model.layer_inputs(x)[-1]
    log_p = log_softmax(logits)
    p = np.exp(log_p)
    classes = np.eye(logits.shape[1])
    squares = {name: g**2 for name, g in model.example_gradients(x, classes[y] - p).items()}
    exact = {name: np.zeros_like(square[0]) for name, square in squares.items()}
    for c, one_hot in enumerate(classes):
        for name, g in model.example_gradients(x, one_hot - p).items():
            exact[name] += np.tensordot(p[:, c], g**2, axes=1) / len(x)
    gradient = {name: g.mean(axis=0) for name, g in model.example_gradients(x, p - classes[y]).items()}
    return {
        "logits": logits,
        "loss": -log_p[np.arange(len(y)), y].mean(),
        "accuracy": (logits.argmax(axis=1) == y).mean(),
        "gradient": gradient,
        "squared_gradients": squares,
        "exact_fisher": exact,
    }
