"""What a soup reports beside its winner, on data that chose nothing, and how its trace describes soups: both against plain
Python, at several numbers of ranks."""

import json
import math
import shutil

from mlp_case import MODELS, QUIET, MlpCase, flat, forward, rounded
from support import USAGE, main, run


def mean_of(models):
    """The soup as it is written: summed in the order of the recipe, in double, rounded once."""

    def mean(values):
        if not isinstance(values[0], float):
            return [mean(parts) for parts in zip(*values, strict=True)]
        total = 0.0
        for value in values:
            total += value
        return rounded(total / len(values))

    return {name: mean([model[name] for model in models]) for name in models[0]}


def measured(logits_of, data):
    right, loss = 0, 0.0
    for x, y in data:
        logits = logits_of(x)
        right += max(range(len(logits)), key=logits.__getitem__) == y
        largest = max(logits)
        loss += largest + math.log(sum(math.exp(z - largest) for z in logits)) - logits[y]
    return {"accuracy": right / len(data), "loss": loss / len(data)}


def of_model(model, data):
    return measured(lambda x: forward(model, x)[1], data)


def of_ensemble(models, data):
    def mean_logits(x):
        rows = [forward(model, x)[1] for model in models]
        return [sum(column) / len(models) for column in zip(*rows, strict=True)]

    return measured(mean_logits, data)


def vector(model):
    return [value for name in sorted(model) for value in flat(model[name])]


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


class SoupReports(MlpCase):
    def recipe(self, search="", report="", method="greedy_soup", top=""):
        lines = "".join(f"  - model: {self.folder}/m{number}\n" for number in range(MODELS))
        metrics = "metrics: {accuracy: 1, loss: -0.001}"
        return self.write_recipe(
            f"merge_method: {method}\nmodels:\n{lines}{top}search: {{{search}}}\n"
            f"evaluate: {{probe: mlp, data: {self.quoted('validation')}, {metrics}, workers: 2,\n"
            f"  final: {{probe: mlp, data: {self.quoted('test')}, {metrics}{report}}}}}\n"
        )

    def check_metrics(self, found, expected):
        self.assertEqual(found["accuracy"], expected["accuracy"])
        self.assertAlmostEqual(found["loss"], expected["loss"], delta=1e-9)

    def test_reports_beside_the_winner(self):
        recipe = self.recipe("accept: '>='", ", report: [winner, singles, uniform, ensemble]")
        traces = []
        for ranks in (1, 2, 3):
            shutil.rmtree(self.out, ignore_errors=True)
            summary = self.soup(recipe, ranks=ranks)
            traces.append(self.timeless(self.trace()))
            self.assertEqual(summary["evaluations"], len(traces[-1]))
        self.assertEqual(traces[1:], traces[:1] * 2)
        winner = summary["winner"]["ingredients"]
        lines = traces[0][-(MODELS + 3) :]
        self.assertEqual({line["phase"] for line in lines}, {"final"})
        self.assertEqual({line["decision"] for line in lines}, {"final"})
        self.assertEqual({line["reason"] for line in lines}, {"reported"})
        self.assertEqual({line["best"] for line in lines}, {summary["score"]})
        kinds = [line.get("reported") for line in lines]
        self.assertEqual(kinds, [None] + ["single"] * MODELS + ["uniform", "ensemble"])
        data = self.data["test"]
        soups = [winner, *([number] for number in range(MODELS)), list(range(MODELS))]
        for line, soup in zip(lines, soups, strict=False):
            self.assertEqual(line["ingredients"], soup)
            self.check_metrics(line["metrics"], of_model(mean_of([self.models[i] for i in sorted(soup)]), data))
        self.assertEqual(lines[-1]["ingredients"], winner)
        self.assertNotIn("coefficients", lines[-1])
        self.check_metrics(lines[-1]["metrics"], of_ensemble([self.models[i] for i in sorted(winner)], data))

    def test_an_ensemble_beside_parameters_is_of_all_models(self):
        space = "strategy: random, budget: 3, space: {weight@0: {low: 0.1, high: 1}}"
        self.soup(self.recipe(space, ", report: [ensemble]", method="linear", top="parameters: {weight: 1}\n"))
        *_, last = self.trace()
        self.assertEqual((last["candidate"], last["reported"]), (3, "ensemble"))
        self.assertEqual(last["ingredients"], list(range(MODELS)))
        self.check_metrics(last["metrics"], of_ensemble(self.models, self.data["test"]))

    def test_a_stopped_report_goes_on(self):
        """The trace is cut after each line that `final` wrote; what stands there is not evaluated again."""
        recipe = self.recipe("", ", report: [singles, winner, ensemble]")
        self.soup(recipe)
        whole = self.trace()
        text = (self.out / "soup_trace.jsonl").read_text().splitlines(keepends=True)
        fault = {"STOCKPOT_FAULT": "rename:eio:nth=1"}
        for kept in range(len(whole) - MODELS - 2, len(whole) + 1):
            shutil.rmtree(self.out)
            self.assertNotEqual(run(["soup", recipe, self.out, *QUIET], env=fault).code, 0)
            trace = self.scratch / ".out.partial" / "soup_trace.jsonl"
            trace.write_text("".join(text[:kept]))
            summary = self.soup(recipe, "--resume")
            self.assertEqual((summary["remembered"], summary["evaluations"]), (kept, len(whole)))
            self.assertEqual(self.timeless(self.trace()), self.timeless(whole))

    def test_describes_soups(self):
        """Norms and cosines from inner products of the models, against the vectors themselves; with a base model, of task
        vectors."""
        for top, base in (("", None), (f"base_model: {self.folder}/m3\n", self.models[3])):
            with self.subTest(base=bool(base)):
                members = list(range(MODELS if base is None else MODELS - 1))
                lines = "".join(f"  - model: {self.folder}/m{number}\n" for number in members)
                recipe = self.write_recipe(
                    f"merge_method: greedy_soup\nmodels:\n{lines}{top}search: {{log_geometry: true, accept: '>='}}\n"
                    f"evaluate: {{probe: mlp, data: {self.quoted('validation')}, final: {{probe: mlp, "
                    f"data: {self.quoted('test')}, report: [uniform, ensemble]}}}}\n"
                )
                traces = []
                for ranks in (1, 3):
                    shutil.rmtree(self.out, ignore_errors=True)
                    self.soup(recipe, ranks=ranks)
                    traces.append(self.timeless(self.trace()))
                self.assertEqual(traces[0], traces[1])
                origin = vector(base) if base else [0.0] * len(vector(self.models[0]))
                vectors = [[v - o for v, o in zip(vector(self.models[i]), origin, strict=True)] for i in members]
                *soups, ensemble = traces[0]
                self.assertNotIn("norm", ensemble)
                for line in soups:
                    soup = [
                        math.fsum(c * v for c, v in zip(line["coefficients"], column, strict=True))
                        for column in zip(*vectors, strict=True)
                    ]
                    norm = math.sqrt(dot(soup, soup))
                    self.assertAlmostEqual(line["norm"], norm, delta=1e-10 * norm)
                    for found, member in zip(line["cosines"], vectors, strict=True):
                        expected = dot(soup, member) / norm / math.sqrt(dot(member, member))
                        self.assertAlmostEqual(found, expected, delta=1e-10)

    def test_refuses(self):
        cases = [
            ("strategy: learned", ", report: [uniform]", "reports its winner alone"),
            ("strategy: learned, log_geometry: true", "", "for soups of whole models"),
        ]
        for search, report, message in cases:
            recipe = self.recipe(search, report, method="learned_soup")
            self.refuses(USAGE, ["soup", recipe, self.out, *QUIET], [message])


if __name__ == "__main__":
    main()
