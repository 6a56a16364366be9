"""`stockpot soup` that learns: against an independent training in plain Python, at several numbers of ranks, stopped and
resumed, and what it refuses."""

import itertools
import json
import math
import os
import shutil
import signal
import time

import support
from mlp_case import EXAMPLES, MODELS, QUIET, WEIGHTS, WIDTHS, MlpCase, flat, forward, rounded
from support import INPUT, STOPPED, USAGE


def softmax(row):
    largest = max(row)
    powers = [math.exp(value - largest) for value in row]
    total = sum(powers)
    return [power / total for power in powers]


def gradient_of(model, examples, beta):
    """Sums over examples of loss, d loss / d beta and d loss / d tensor, the tensors flat."""
    loss, by_beta = 0.0, 0.0
    sums = {f"layers.{n}.weight": [0.0] * (i * o) for n, (i, o) in enumerate(itertools.pairwise(WIDTHS))}
    sums |= {f"layers.{n}.bias": [0.0] * o for n, o in enumerate(WIDTHS[1:])}
    for x, y in examples:
        inputs, logits = forward(model, x)
        shares = softmax([beta * value for value in logits])
        loss -= math.log(shares[y])
        shares[y] -= 1.0
        by_beta += sum(d * value for d, value in zip(shares, logits, strict=True))
        back = [beta * d for d in shares]
        for layer in reversed(range(len(WIDTHS) - 1)):
            weight = model[f"layers.{layer}.weight"]
            for o, d in enumerate(back):
                sums[f"layers.{layer}.bias"][o] += d
                for i, value in enumerate(inputs[layer]):
                    sums[f"layers.{layer}.weight"][o * WIDTHS[layer] + i] += d * value
            back = [
                sum(d * row[i] for d, row in zip(back, weight, strict=True)) if value > 0 else 0.0
                for i, value in enumerate(inputs[layer])
            ]
    return loss, by_beta, sums


def mixed(models, coefficients):
    """The soup, `coefficients` by tensor: sums in the order of the models."""

    def mix(values, shares):
        if not isinstance(values[0], float):
            return [mix(parts, shares) for parts in zip(*values, strict=True)]
        total = 0.0
        for share, value in zip(shares, values, strict=True):
            total += share * value
        return total

    return {name: mix([model[name] for model in models], shares) for name, shares in coefficients.items()}


GROUPS = {
    "tensor": lambda name: name,
    "layer": lambda name: name.rsplit(".", 1)[0],
    "model": lambda name: "model",
}


def trained(models, data, scope, epochs, batch_size, rate, decay, learns_beta):
    """The training as methods are written down: lines of (loss, alpha, beta, gradient, gradient of beta), coefficients."""
    names = sorted(models[0])
    groups = sorted({GROUPS[scope](name) for name in names})
    count = len(models)
    values = [1.0 / count] * (len(groups) * count) + [1.0]
    first, second = [0.0] * len(values), [0.0] * len(values)
    lines, step = [], 0

    def shares():
        rows = {g: softmax(values[t * count : (t + 1) * count]) for t, g in enumerate(groups)}
        return {name: rows[GROUPS[scope](name)] for name in names}, rows

    for _ in range(epochs):
        for begin in range(0, len(data), batch_size):
            batch = data[begin : begin + batch_size]
            by_tensor, rows = shares()
            loss, by_beta, sums = gradient_of(mixed(models, by_tensor), batch, values[-1])
            gradient = []
            for group in groups:
                dots = [
                    sum(
                        sum(g * v for g, v in zip(sums[name], flat(model[name]), strict=True)) / len(batch)
                        for name in names
                        if GROUPS[scope](name) == group
                    )
                    for model in models
                ]
                mean = sum(a * g for a, g in zip(rows[group], dots, strict=True))
                gradient += [a * (g - mean) for a, g in zip(rows[group], dots, strict=True)]
            gradient.append(by_beta / len(batch))
            lines.append((loss / len(batch), values[:-1], values[-1], gradient[:-1], gradient[-1]))
            step += 1
            for p, g in enumerate(gradient if learns_beta else gradient[:-1]):
                first[p] = 0.9 * first[p] + 0.1 * g
                second[p] = 0.999 * second[p] + 0.001 * g * g
                values[p] -= rate * decay * values[p]
                mean, spread = first[p] / (1 - 0.9**step), second[p] / (1 - 0.999**step)
                values[p] -= rate * mean / (math.sqrt(spread) + 1e-8)
    return groups, lines, shares()[1]


class LearnedSoups(MlpCase):
    def recipe(self, search="", evaluate="", top="", data="validation"):
        lines = "".join(f"  - model: {self.folder}/m{number}\n" for number in range(MODELS))
        return self.write_recipe(
            f"merge_method: learned_soup\nmodels:\n{lines}{top}search: {{{search}}}\n"
            f"evaluate: {{probe: mlp, data: {self.quoted(data)}{evaluate}}}\n"
        )

    def test_equals_an_independent_training(self):
        cases = [("tensor", 3, 64, 0.05, 0.0, True), ("layer", 2, 100, 0.2, 0.1, True), ("model", 4, 0, 0.1, 0.5, False)]
        for scope, epochs, batch, rate, decay, learns_beta in cases:
            with self.subTest(scope=scope):
                shutil.rmtree(self.out, ignore_errors=True)
                recipe = self.recipe(
                    f"strategy: learned, scope: {scope}, epochs: {epochs}, batch_size: {batch}, learning_rate: {rate}, "
                    f"weight_decay: {decay}, shuffle: false, learn_temperature: {json.dumps(learns_beta)}, log_gradients: true"
                )
                self.soup(recipe)
                *steps, last = self.trace()
                groups, lines, coefficients = trained(
                    self.models, self.data["validation"], scope, epochs, batch or EXAMPLES, rate, decay, learns_beta
                )
                self.assertEqual(len(steps), len(lines))
                self.assertEqual(steps[0]["groups"], groups)
                for number, (step, line) in enumerate(zip(steps, lines, strict=True)):
                    self.assertEqual((step["candidate"], step["phase"], step["decision"]), (number, "learn", "step"))
                    self.assertEqual("groups" in step, number == 0)
                    loss, alpha, beta, gradient, by_beta = line
                    self.close([step["loss"], step["beta"], step["gradient_beta"]], [loss, beta, by_beta])
                    self.close(flat(step["alpha"]), alpha)
                    self.close(flat(step["gradient"]), gradient)
                self.assertEqual(list(last["coefficients"]), groups)
                for group in groups:
                    self.close(last["coefficients"][group], coefficients[group])
                self.expect_winner(last, scope)

    def expect_winner(self, last, scope):
        """The output is the coefficients' sum, in double, rounded once, and was scored as it stands."""
        soup = mixed(self.models, {name: last["coefficients"][GROUPS[scope](name)] for name in self.models[0]})
        stored = (self.out / WEIGHTS).read_bytes()
        rounded_soup = {}
        for name, values in soup.items():
            self.assertIn(support.f32(*flat(values)), stored)
            rounded_soup[name] = [list(map(rounded, v)) if isinstance(v, list) else rounded(v) for v in values]
        examples = self.data["validation"]
        right = sum(max(range(3), key=forward(rounded_soup, x)[1].__getitem__) == y for x, y in examples)
        self.assertEqual((last["phase"], last["decision"], last["candidate"]), ("final", "final", len(self.trace()) - 1))
        self.assertEqual(last["metrics"], {"accuracy": right / EXAMPLES})
        self.assertEqual((last["score"], last["best"]), (right / EXAMPLES, right / EXAMPLES))
        self.succeeds(["verify", self.out])

    def test_is_the_same_for_any_ranks(self):
        recipe = self.recipe("epochs: 3, batch_size: 130, log_gradients: true")
        found = set()
        for ranks in support.rank_counts(None, 1, 2, 3, 4):
            out = self.scratch / f"out-{ranks}"
            self.soup(recipe, "--seed", "5", out=out, ranks=ranks)
            weights = support.digests(out, ("stockpot_run.json", "soup_trace.jsonl"))
            found.add(json.dumps([self.timeless(self.trace(out)), weights]))
        self.assertEqual(len(found), 1)
        self.soup(recipe, "--seed", "6")
        self.assertNotEqual(self.timeless(self.trace()), json.loads(found.pop())[0])

    def test_finds_the_good_model(self):
        """Learned by the loss on one set; the soup's loss on another is reported."""
        final = f", final: {{probe: mlp, data: {self.quoted('test')}, metric: loss, mode: minimize}}"
        summary = self.soup(self.recipe("scope: model, epochs: 60, batch_size: 0", final))
        *steps, last = self.trace()
        self.assertEqual(len(steps), 60)
        self.assertLess(steps[-1]["loss"], 0.6 * steps[0]["loss"])
        self.assertNotIn("gradient", steps[0])
        self.assertAlmostEqual(sum(last["coefficients"]["model"]), 1.0, delta=1e-12)
        self.assertGreater(last["coefficients"]["model"][0], 0.7)
        self.assertGreater(last["best"], 0.85)
        self.assertIn("loss", last["metrics"])
        self.assertNotEqual(last["score"], last["best"])
        self.assertEqual(summary["winner"], {"coefficients": last["coefficients"], "beta": last["beta"]})
        self.assertEqual((summary["score"], summary["evaluations"]), (last["best"], 61))

    def test_goes_on_where_it_was_stopped(self):
        recipe = self.recipe("epochs: 1500, batch_size: 50")
        whole = self.scratch / "whole"
        self.soup(recipe, out=whole)
        expected = self.timeless(self.trace(whole))
        for ranks in support.rank_counts(None, 2):
            with self.subTest(ranks=ranks):
                shutil.rmtree(self.out, ignore_errors=True)
                process = support.start(["soup", recipe, self.out, *QUIET], ranks)
                partial = self.scratch / ".out.partial" / "soup_trace.jsonl"
                while not partial.exists() or partial.read_text().count("\n") < 20:
                    self.assertIsNone(process.poll(), "ended early")
                    time.sleep(0.005)
                for pid in support.ranks_of(self.out) if ranks else [process.pid]:
                    os.kill(pid, signal.SIGUSR1)
                self.assertEqual(support.finish(process).code, STOPPED)
                self.assertLess(partial.read_text().count("\n"), 4500, "it was over before it was stopped")
                with partial.open("a") as file:
                    file.write('{"candidate": 7')  # torn by a crash
                summary = self.soup(recipe, "--resume", ranks=ranks)
                self.assertGreaterEqual(summary["remembered"], 20)
                self.assertEqual(self.timeless(self.trace()), expected)
                self.assertEqual((self.out / WEIGHTS).read_bytes(), (whole / WEIGHTS).read_bytes())

    def test_learns_no_step_again_after_a_failed_report(self):
        """The last evaluation fails and ends the job; what was learned stands, but for the data that it came from alone."""
        flag = self.scratch / "flag"
        data = shutil.copy(self.folder / "validation.h5", self.scratch / "mine.h5")
        words = json.dumps(["sh", "-c", f"test -e {flag} && echo '{{\"accuracy\": 0.25}}'"])
        scratch = json.dumps(str(self.scratch))
        final = f", final: {{command: {words}, on_failure: error, retries: 0, scratch: {scratch}}}"
        recipe = self.recipe("epochs: 2, batch_size: 64", final, data=self.scratch / "mine")
        self.refuses(INPUT, ["soup", recipe, self.out, *QUIET], ["exit 1"])
        partial = self.scratch / ".out.partial" / "soup_trace.jsonl"
        steps = partial.read_text()
        self.assertEqual(steps.count("\n"), 6)
        flag.touch()
        shutil.copy(self.folder / "test.h5", data)
        self.refuses(USAGE, ["soup", recipe, self.out, "--resume", *QUIET], ["other examples"])
        shutil.copy(self.folder / "validation.h5", data)
        self.assertEqual(self.soup(recipe, "--resume", ranks=support.rank_counts(None, 2)[-1])["remembered"], 6)
        text = (self.out / "soup_trace.jsonl").read_text()
        self.assertTrue(text.startswith(steps))  # seconds of the steps included
        self.assertEqual(self.trace()[-1]["score"], 0.25)

    def test_refuses_what_it_cannot_learn_from(self):
        narrow = self.folder / "narrow.h5"
        if not narrow.exists():
            self.write_data("narrow", [([1.0, 2.0], 0)])
            self.write_data("unknown", [([1.0] * WIDTHS[0], 7)])
        cases = [
            (USAGE, {"top": f"base_model: {self.folder}/m0\nsparsify: {{method: ties, density: 0.5}}\n"}, ["sparsify"]),
            (INPUT, {"data": "narrow"}, ["2 values"]),
            (INPUT, {"data": "unknown"}, ["label 7"]),
            (INPUT, {"data": "missing"}, ["missing.h5"]),
        ]
        for code, parts, words in cases:
            recipe = self.recipe(**parts)
            for ranks in support.rank_counts(None, 3):
                with self.subTest(words=words, ranks=ranks):
                    self.refuses(code, ["soup", recipe, self.out, *QUIET], words, ranks)
                    self.leaves_nothing()
        self.refuses(USAGE, ["soup", self.recipe(), self.out, *QUIET, "--memory", "8KiB"], ["--memory", "in double"])
        self.refuses(USAGE, ["merge", self.recipe(), self.out, *QUIET], ["stockpot soup"])


if __name__ == "__main__":
    support.main()
