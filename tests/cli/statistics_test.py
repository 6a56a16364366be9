"""`stats gram`, `stats fisher` and `stats combine` of a model that is run: the same file whatever the machine, refusals
and failures that leave what stood, options and JSON. Values are checked where sample files can be written: in the unit
tests and in tests/python/statistics_agreement.py."""

import itertools
import json
import random
import signal
import struct
import time

import support
from support import INPUT, STOPPED, SYSTEM_IO, USAGE

WIDTHS = (10, 24, 16, 4)
EXAMPLES = 5000  # more than one leaf of rows
QUIET = ["--progress", "none", "--durability", "none"]
MOST_POINTS = 60


class Statistics(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.new_scratch()
        cls.addClassCleanup(support.shutil.rmtree, cls.folder)
        cls.model = cls.write_mlp("mlp", 1)
        cls.data = cls.write_data("data", EXAMPLES, WIDTHS[0])

    @classmethod
    def write_mlp(cls, name, seed, widths=WIDTHS):
        generator = random.Random(seed)
        tensors = {}
        for layer, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
            for kind, shape in (("weight", [outputs, inputs]), ("bias", [outputs])):
                count = outputs * (inputs if kind == "weight" else 1)
                values = [generator.gauss(0, 0.5) for _ in range(count)]
                tensors[f"layers.{layer}.{kind}"] = ("F32", shape, support.f32(*values))
        return support.write_model(cls.folder / name, tensors)

    @classmethod
    def write_data(cls, name, examples, width):
        """/x and /y: what a conversion of two tensors of these names leaves."""
        generator = random.Random(name)
        x = support.f32(*[generator.gauss(0, 1) for _ in range(examples * width)])
        y = struct.pack(f"<{examples}q", *[generator.randrange(WIDTHS[-1]) for _ in range(examples)])
        tensors = {"x": ("F32", [examples, width], x), "y": ("I64", [examples], y)}
        folder = support.write_model(cls.folder / f"{name}-tensors", tensors, config=False)
        target = cls.folder / f"{name}.h5"
        result = support.run(["convert", folder, target, *QUIET])
        assert result.code == 0, result.err
        return target

    def setUp(self):
        super().setUp()
        self.file = self.scratch / "s.h5"

    def take(self, command, *options, out=None, ranks=None, **how):
        source = ["--probe", "mlp", "--data", self.data, "--model", self.model, "--out", out or self.file]
        result = self.succeeds(["stats", command, *source, "--json", *QUIET, *options], ranks, **how)
        return json.loads(result.out), (out or self.file).read_bytes()

    def test_the_same_file_whoever_measures(self):
        for command, options in (("gram", []), ("fisher", ["--labels", "exact", "--block", "bias$"])):
            _, expected = self.take(command, *options, "--threads", 1)
            settings = [(None, 3), *((ranks, 1) for ranks in support.rank_counts(1, 2, 3, 4))]
            for ranks, threads in settings:
                with self.subTest(command=command, ranks=ranks, threads=threads):
                    self.assertTrue(self.take(command, *options, "--threads", threads, ranks=ranks)[1] == expected)

    def test_json_says_what_was_written(self):
        told, _ = self.take("gram", "--labels", "sampled", "--seed", 3)
        self.assertEqual((told["examples"], told["tokens"], told["labels"]), (EXAMPLES, EXAMPLES, "sampled"))
        self.assertEqual(set(told["gram"]), {"layers.0", "layers.1", "layers.2"})
        self.assertEqual(told["gram_output"]["layers.0"], {"tokens": EXAMPLES, "shape": [24 * 25 // 2]})
        inspected = json.loads(self.succeeds(["inspect", self.file, "--json"]).out)
        digest = json.loads(self.succeeds(["inspect", self.model, "--json"]).out)["model_digest"]
        self.assertEqual((told["model_digest"], inspected["model_digest"]), (digest, digest))
        told, _ = self.take("gram", "--full", "--dtype", "float32")
        self.assertEqual(told["gram"]["layers.1"]["shape"], [24, 24])
        told, _ = self.take("fisher", "--block", "2.bias")
        self.assertEqual(told["fisher"]["layers.1.weight"], {"examples": EXAMPLES, "shape": [16, 24]})
        self.assertEqual(told["fisher_block"], {"layers.2.bias": {"examples": EXAMPLES, "shape": [10]}})

    def test_labels_and_seeds(self):
        choices = (("empirical", 0), ("exact", 0), ("sampled", 0), ("sampled", 1), ("sampled", 0))
        files = [self.take("fisher", "--labels", labels, "--seed", seed)[1] for labels, seed in choices]
        self.assertEqual(len(set(files)), 4)
        self.assertTrue(files[2] == files[4])
        self.assertTrue(self.take("fisher")[1] == files[0])

    def test_extend_and_combine(self):
        self.take("gram")
        told, expected = self.take("fisher", "--extend")
        self.assertEqual(set(told) & {"gram", "gram_output", "fisher"}, {"gram", "gram_output", "fisher"})
        for ranks in support.rank_counts(2, 3):
            self.take("gram", ranks=ranks)
            self.assertTrue(self.take("fisher", "--extend", ranks=ranks)[1] == expected)
        twice = self.scratch / "twice.h5"
        combined = set()
        for ranks in support.rank_counts(None, 2, 3):
            result = self.succeeds(["stats", "combine", self.file, self.file, "--out", twice, "--json", *QUIET], ranks)
            told = json.loads(result.out)
            self.assertEqual((told["examples"], told["gram"]["layers.0"]["tokens"]), (2 * EXAMPLES, 2 * EXAMPLES))
            combined.add(twice.read_bytes())
        self.assertEqual(len(combined), 1)
        self.succeeds(["inspect", twice])

    def refuses_all(self, code, arguments, words, counts=(None,)):
        before = sorted(path.name for path in self.scratch.iterdir())
        for ranks in support.rank_counts(*counts):
            with self.subTest(arguments=[str(a) for a in arguments], ranks=ranks):
                self.refuses(code, ["stats", *arguments, "--progress", "none"], words, ranks)
                self.assertEqual(sorted(path.name for path in self.scratch.iterdir()), before)

    def test_options_that_make_no_sense(self):
        model, out = ["--model", self.model], ["--out", self.file]
        run = ["--probe", "mlp", "--data", self.data]
        for command in ("gram", "fisher"):
            self.refuses_all(USAGE, [command, *model, *out], ["--probe mlp --data"])
            self.refuses_all(USAGE, [command, *run, *out], ["--model"], (None, 2))
            self.refuses_all(USAGE, [command, *run, *model], ["--out"])
            self.refuses_all(USAGE, [command, self.data, *run, *model, *out], ["one or the other"])
            samples = [command, self.data, *model, *out]
            self.refuses_all(USAGE, [*samples, "--labels", "exact"], ["--labels belongs to --probe"])
            self.refuses_all(USAGE, [*samples, "--data", self.data], ["--data belongs to --probe"])
            self.refuses_all(USAGE, [command, "--probe", "mlp", *model, *out], ["--data"])
            self.refuses_all(USAGE, [command, "--probe", "mpl", *run[2:], *model, *out], ["did you mean 'mlp'"])
            whole = [command, *run, *model, *out]
            self.refuses_all(USAGE, [*whole, "--labels", "extact"], ["exact"])
            self.refuses_all(USAGE, [*whole, "--dtype", "float16"], ["float32 or float64"])
            self.refuses_all(USAGE, [*whole, "--block", "("], ["--block '('"], (None, 3))
            self.refuses_all(USAGE, [*whole, "--block", "weight"], ["layers.0.weight", "no vector"])
            self.refuses_all(USAGE, [*whole, "--memory", "1MiB"], ["smallest that works"], (None, 3))
        self.refuses_all(USAGE, ["fisher", *run, *model, *out, "--full"], ["--full"])
        self.refuses_all(USAGE, ["combine", *out], ["statistics files"])
        self.refuses_all(USAGE, ["combine", self.data], ["--out"])

    def test_inputs_that_do_not_fit(self):
        model, out = ["--model", self.model], ["--out", self.file]
        narrow = self.write_data("narrow", 10, WIDTHS[0] - 1)
        for ranks in support.rank_counts(None, 3):
            run = ["gram", "--probe", "mlp", *model, *out]
            self.refuses_all(INPUT, [*run, "--data", narrow], ["narrow.h5", "9 values an example"], (ranks,))
            self.refuses_all(INPUT, [*run, "--data", self.scratch / "no.h5"], ["no.h5"], (ranks,))
            self.refuses_all(INPUT, [*run, "--data", self.data, "--extend"], ["s.h5"], (ranks,))
            self.refuses_all(INPUT, ["gram", self.data, *model, *out], ["data.h5"], (ranks,))
            self.refuses_all(INPUT, ["combine", self.data, *out], ["data.h5"], (ranks,))
        run = ["gram", "--probe", "mlp", "--data", self.data, *out]
        self.refuses_all(INPUT, [*run, "--model", self.scratch / "absent"], ["absent"])

    def test_other_models_and_other_labels_are_not_added(self):
        _, before = self.take("fisher")
        other = self.write_mlp("other", 2)
        run = ["fisher", "--probe", "mlp", "--data", self.data, "--out", self.file, "--extend"]
        self.refuses_all(INPUT, [*run, "--model", other], ["s.h5", "of another model"], (None, 3))
        self.refuses_all(INPUT, [*run, "--model", self.model, "--labels", "exact"], ["s.h5", "labels"], (None, 3))
        grams = self.scratch / "grams.h5"
        self.take("gram", out=grams)
        out = self.scratch / "combined.h5"
        self.refuses_all(INPUT, ["combine", self.file, grams, "--out", out], ["grams.h5", "is missing"], (None, 3))
        self.assertTrue(self.file.read_bytes() == before)

    def at_points(self, first, action, ranks, rank, check):
        """Every fifth point; the unit tests fail at all of them."""
        _, stood = self.take("gram")
        expected = self.take("fisher", "--extend", out=self.copy())[1]
        for nth in itertools.count(first, 5):
            self.assertLess(nth, MOST_POINTS, "no end of points")
            file = self.copy()
            run = ["fisher", "--probe", "mlp", "--data", self.data, "--model", self.model, "--extend", "--out", file]
            fault = {"STOCKPOT_FAULT": f"agree:{action}:nth={nth}:rank={rank}"}
            result = support.run(["stats", *run, *QUIET], ranks, env=fault)
            if result.code == 0:
                break
            with self.subTest(f"{action} at point {nth} of rank {rank} of {ranks}"):
                self.assertLess(result.seconds, support.SECONDS_TO_FAIL)
                check(result, rank)
                if file.read_bytes() != expected:  # the last points follow the publication
                    self.assertTrue(file.read_bytes() == stood)
        self.assertGreater(nth, 10, "few points were reached")
        self.assertTrue(file.read_bytes() == expected)

    def copy(self):
        target = self.scratch / "copy.h5"
        target.write_bytes(self.file.read_bytes())
        return target

    def check_error(self, result, rank):
        self.assertEqual(result.code, SYSTEM_IO, result.err)
        self.assertEqual(len(result.failures), 1, result.err)
        self.assertIn(f"rank {rank}: ", result.failures[0])
        self.assertEqual([path.name for path in self.scratch.iterdir() if "partial" in path.name], [])

    def check_death(self, result, rank):
        del rank
        self.assertNotEqual(result.code, 0)
        self.assertEqual(result.failures, [], "the dead say nothing, and no one blames another rank")

    def test_a_rank_fails_at_an_agreement(self):
        for ranks in support.rank_counts(2):
            self.at_points(3, "eio", ranks, 1, self.check_error)

    def test_a_rank_dies_at_an_agreement(self):
        for ranks in support.rank_counts(2):
            self.at_points(5, "kill", ranks, 0, self.check_death)

    def test_a_full_disk(self):
        _, before = self.take("gram")
        run = ["gram", "--probe", "mlp", "--data", self.data, "--model", self.model, "--out", self.file]
        for ranks in support.rank_counts(None, 2):
            result = support.run(["stats", *run, *QUIET], ranks, env={"STOCKPOT_FAULT": "write:enospc:bytes=2000"})
            self.assertEqual(result.code, SYSTEM_IO, result.err)
            self.assertIn("s.h5", result.failures[0])
            self.assertEqual([path.name for path in self.scratch.iterdir()], ["s.h5"])
            self.assertTrue(self.file.read_bytes() == before)

    def test_a_stop_keeps_nothing_and_says_so(self):
        large = self.write_mlp("large", 3, (WIDTHS[0], 1000, 100, WIDTHS[-1]))
        slow = {"STOCKPOT_FAULT": "read:short"}  # bytes of the model come one by one
        for ranks in support.rank_counts(None, 2):
            arguments = ["stats", "gram", "--probe", "mlp", "--data", self.data, "--model", large, "--out", self.file]
            process = support.start([*arguments, *QUIET, "--threads", 1], ranks, slow)
            while not (pids := support.ranks_of(self.file)) or len(pids) < (ranks or 1):
                self.assertIsNone(process.poll(), "ended early")
                time.sleep(0.005)
            time.sleep(0.2)
            for pid in pids:
                support.os.kill(pid, signal.SIGUSR1)
            result = support.finish(process)
            self.assertEqual(result.code, STOPPED, result.err)
            self.assertIn("the same command begins anew", result.failures[0])
            self.assertEqual(list(self.scratch.iterdir()), [])

    def test_help(self):
        options = {
            "gram": ["--full", "--block", "--extend", "--probe", "--labels"],
            "fisher": ["--block", "--extend", "--data"],
            "combine": ["--out"],
        }
        for command, words in options.items():
            text = self.succeeds(["stats", command, "--help"]).out
            for word in words:
                self.assertIn(word, text)
            self.assertIn(command, self.succeeds(["stats", "--help"]).out)


if __name__ == "__main__":
    support.main()
