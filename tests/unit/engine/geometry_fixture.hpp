#pragma once

#include <cmath>
#include <map>
#include <numbers>

#include "merge_fixture.hpp"
#include "stockpot/engine/geometry_job.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::engine {

/// Items by "KIND/NAME", each with its numbers by name, `elements` among them.
using GeometryNumbers = std::map<std::string, std::map<std::string, std::vector<double>>>;

inline void add_item(GeometryNumbers& all, const io::GeometryItem& item) {
  auto& numbers = all[item.kind + "/" + item.name];
  numbers["elements"] = {static_cast<double>(item.elements)};
  for (const io::NamedNumbers& entry : item.numbers) numbers[entry.name] = entry.values;
}

/// The geometry of some tensors of K models, one after the other, from its definition in long double.
class GeometryOracle {
 public:
  GeometryOracle(const std::vector<const CheckpointBuilder*>& models, const CheckpointBuilder* base)
      : models_(models), base_(base) {}

  [[nodiscard]] std::map<std::string, std::vector<double>> measure(
      const std::vector<std::string>& tensors) const {
    const std::size_t count = models_.size();
    std::vector<long double> norm(count), zeros(count), center(count), gram(count * count);
    long double base_norm = 0, base_center = 0, conflicts = 0, elements = 0;
    for (const std::string& name : tensors) {
      std::vector<std::vector<double>> x;
      for (const CheckpointBuilder* model : models_) x.push_back(model->values(name));
      const std::vector<double> b = base_ == nullptr ? x.front() : base_->values(name);
      for (std::size_t e = 0; e < b.size(); ++e, ++elements) {
        long double mean = 0;
        for (std::size_t i = 0; i < count; ++i) mean += static_cast<long double>(x[i][e]);
        mean /= static_cast<long double>(count);
        bool up = false;
        bool down = false;
        for (std::size_t i = 0; i < count; ++i) {
          const long double value = x[i][e];
          norm[i] += value * value;
          center[i] += (value - mean) * (value - mean);
          zeros[i] += x[i][e] == 0.0 ? 1 : 0;
          up = up || x[i][e] > b[e];
          down = down || x[i][e] < b[e];
          for (std::size_t j = 0; j < count; ++j)
            gram[i * count + j] += (value - b[e]) * (x[j][e] - static_cast<long double>(b[e]));
        }
        base_norm += static_cast<long double>(b[e]) * b[e];
        base_center += (b[e] - mean) * (b[e] - mean);
        conflicts += up && down ? 1 : 0;
      }
    }
    std::map<std::string, std::vector<double>> out;
    const auto roots = [](const std::vector<long double>& squares) {
      std::vector<double> result;
      for (const long double square : squares) result.push_back(static_cast<double>(std::sqrt(square)));
      return result;
    };
    out["elements"] = {static_cast<double>(elements)};
    out["norm"] = roots(norm);
    out["distance_to_center"] = roots(center);
    for (const long double zero : zeros) out["sparsity"].push_back(static_cast<double>(zero / elements));
    if (base_ == nullptr) return out;
    out["base_norm"] = roots({base_norm});
    out["base_distance_to_center"] = roots({base_center});
    out["sign_conflict"] = {static_cast<double>(conflicts / elements)};
    for (std::size_t i = 0; i < count; ++i) {
      out["task_norm"].push_back(static_cast<double>(std::sqrt(gram[i * count + i])));
      for (std::size_t j = 0; j < count; ++j) {
        const long double norms = std::sqrt(gram[i * count + i]) * std::sqrt(gram[j * count + j]);
        const long double cosine = i == j && norms > 0 ? 1 : gram[i * count + j] / norms;
        out["gram"].push_back(static_cast<double>(gram[i * count + j]));
        out["cosine"].push_back(static_cast<double>(cosine));
        out["angle"].push_back(
            static_cast<double>(std::acos(cosine) * 180 / std::numbers::pi_v<long double>));
      }
    }
    return out;
  }

  /// Of every tensor named, every layer of these, and all.
  [[nodiscard]] GeometryNumbers measure_all(const std::vector<std::string>& tensors) const {
    GeometryNumbers all;
    std::map<std::string, std::vector<std::string>> layers;
    for (const std::string& name : tensors) {
      all["tensor/" + name] = measure({name});
      layers[layer_of(name)].push_back(name);
    }
    for (const auto& [layer, names] : layers) all["layer/" + layer] = measure(names);
    all["model/all"] = measure(tensors);
    return all;
  }

 private:
  std::vector<const CheckpointBuilder*> models_;
  const CheckpointBuilder* base_;
};

/// The same items and numbers; where NaN stands, both have one. Dots cancel: what they may lose is relative
/// to the product of norms.
inline void expect_near(const GeometryNumbers& actual, const GeometryNumbers& expected, double relative) {
  for (const auto& [item, numbers] : expected) {
    ASSERT_TRUE(actual.contains(item)) << item;
    EXPECT_EQ(actual.at(item).size(), numbers.size()) << item;
    for (const auto& [name, values] : numbers) {
      ASSERT_TRUE(actual.at(item).contains(name)) << item << " " << name;
      const std::vector<double>& found = actual.at(item).at(name);
      ASSERT_EQ(found.size(), values.size()) << item << " " << name;
      for (std::size_t i = 0; i < values.size(); ++i) {
        SCOPED_TRACE(item + " " + name + " " + std::to_string(i));
        if (std::isnan(values[i])) {
          EXPECT_TRUE(std::isnan(found[i])) << found[i];
          continue;
        }
        double scale = std::abs(values[i]);
        if (name == "gram") {
          const auto& norms = numbers.at("task_norm");
          scale = norms[i / norms.size()] * norms[i % norms.size()];
        }
        if (name == "cosine") scale = 1.0;
        if (name == "angle") scale = 180.0 / std::max(1e-3, std::sin(values[i] * std::numbers::pi / 180.0));
        EXPECT_NEAR(found[i], values[i], relative * scale);
      }
    }
  }
  EXPECT_EQ(actual.size(), expected.size());
}

/// Measures recipes on threads.
class GeometryFixture : public MergeFixture {
 protected:
  GeometryFixture() { options.statistics = file; }

  GeometryNumbers measure() {
    GeometryNumbers all;
    comm::run_threads(ranks(), [&](comm::Communicator& world) {
      const GeometrySummary mine = measure_geometry(
          world, recipe, options, [&all](const io::GeometryItem& item) { add_item(all, item); });
      if (world.is_root()) summary = mine;
    });
    return all;
  }
  [[nodiscard]] Failure measure_failure() const {
    return failure_of([&](comm::Communicator& world) { measure_geometry(world, recipe, options, {}); });
  }
  /// Neither the file nor one that was begun.
  void expect_no_file() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::HasSubstr(".h5")));
    }
  }

  std::filesystem::path file = folder / "geometry.h5";
  GeometrySummary summary;
};

}  // namespace stockpot::engine
