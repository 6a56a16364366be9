#include "soups/accuracy.hpp"

#include "model_files.hpp"
#include "sharing.hpp"
#include "stockpot/probe/ensemble.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::reproduce {

TestSets::TestSets(const SoupCase& seed) {
  sets_[0] = clean_examples(seed.splits, Split::validation);
  sets_[1] = clean_examples(seed.splits, Split::test);
  for (std::size_t c = 0; c < all_corruptions.size(); ++c) {
    const RandomStream stream(seed.seed, "test " + std::string(name(all_corruptions[c])));
    for (const std::size_t index : seed.splits.images(Split::test)) {
      const Digit& digit = digits()[index];
      sets_[2 + c].add(corrupt(all_corruptions[c], digit.image, stream, index * image_pixels), digit.label);
    }
  }
}

Subject model_subject(const std::filesystem::path& model) {
  return [model](const Examples& examples) {
    probe::Evaluation total;
    probe::open_mlp(read_model(model))->evaluate(examples.batch(), total);
    return total.metric("accuracy");
  };
}

Subject logits_subject(const std::vector<std::filesystem::path>& models) {
  return [models](const Examples& examples) {
    const probe::Batch batch = examples.batch();
    probe::LogitEnsemble ensemble(batch);
    for (const std::filesystem::path& model : models) ensemble.add(*probe::open_mlp(read_model(model)));
    return ensemble.evaluate().metric("accuracy");
  };
}

std::vector<Accuracy> judge(comm::Communicator& world, const TestSets& sets,
                            const std::vector<Subject>& subjects) {
  constexpr std::size_t count = TestSets::count;
  const std::vector<double> shares =
      shared_values(world, "evaluation", subjects.size() * count,
                    [&](std::size_t i) { return subjects[i / count](sets.at(i % count)); });
  std::vector<Accuracy> result;
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    Accuracy accuracy{.validation = shares[s * count], .id = shares[s * count + 1]};
    for (std::size_t c = 2; c < count; ++c) accuracy.ood += shares[s * count + c];
    accuracy.ood /= static_cast<double>(count - 2);
    result.push_back(accuracy);
  }
  return result;
}

Accuracy mean(const std::vector<Accuracy>& accuracies) {
  const auto number = static_cast<double>(accuracies.size());
  Accuracy sum;
  for (const Accuracy& accuracy : accuracies) {
    sum.validation += accuracy.validation;
    sum.id += accuracy.id;
    sum.ood += accuracy.ood;
  }
  return {.validation = sum.validation / number, .id = sum.id / number, .ood = sum.ood / number};
}

}  // namespace stockpot::reproduce
