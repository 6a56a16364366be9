#include "stockpot/comm/launcher.hpp"

#include <gtest/gtest.h>

namespace stockpot {
namespace {

using comm::Environment;
using comm::Launch;
using comm::read_launch;

void expect(const Environment& environment, int ranks, bool launched, const std::string& variable) {
  const Launch launch = read_launch(environment);
  EXPECT_EQ(launch.ranks, ranks);
  EXPECT_EQ(launch.launched, launched);
  EXPECT_EQ(launch.variable, variable);
}

TEST(Launcher, APlainProcess) {
  expect({}, 1, false, "");
}

TEST(Launcher, OpenMpiAndPmi) {
  expect({{"OMPI_COMM_WORLD_SIZE", "4"}, {"PMIX_RANK", "2"}}, 4, true, "OMPI_COMM_WORLD_SIZE");
  expect({{"OMPI_COMM_WORLD_SIZE", "1"}}, 1, true, "OMPI_COMM_WORLD_SIZE");
  expect({{"PMI_SIZE", "3"}, {"PMI_RANK", "0"}}, 3, true, "PMI_SIZE");
  expect({{"PMIX_RANK", "0"}}, 1, true, "PMIX_RANK");
}

TEST(Launcher, ATaskOfASlurmStep) {
  expect(
      {{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "3"}, {"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_NTASKS", "16"}},
      8, true, "SLURM_STEP_NUM_TASKS");
  expect({{"SLURM_STEP_ID", "5"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "2"}}, 2, true, "SLURM_NTASKS");
  // srun -n 1 --mpi=pmix has a server; srun -n 1 without one, or a shell in `srun --pty`, is a plain process.
  expect({{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}, {"PMIX_RANK", "0"}},
         1, true, "SLURM_STEP_NUM_TASKS");
  expect({{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}, 1, false, "");
}

TEST(Launcher, TasksThatCanNotFindOneAnother) {
  Environment environment{{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "3"}, {"SLURM_STEP_NUM_TASKS", "8"}};
  EXPECT_FALSE(read_launch(environment).has_server);
  EXPECT_EQ(read_launch(environment).rank, 3);
  environment["PMIX_RANK"] = "3";
  EXPECT_TRUE(read_launch(environment).has_server);
  EXPECT_TRUE(read_launch({{"OMPI_COMM_WORLD_SIZE", "8"}}).has_server);
  EXPECT_TRUE(read_launch({}).has_server);
}

TEST(Launcher, ABatchScriptIsAPlainProcess) {
  expect({{"SLURM_NTASKS", "8"}, {"SLURM_PROCID", "0"}, {"SLURM_JOB_ID", "17"}}, 1, false, "");
  expect({{"SLURM_NTASKS", "8"}}, 1, false, "");
  for (const char* special : {"4294967290", "4294967291", "4294967292", "4294967293", "-5", "batch", ""}) {
    expect({{"SLURM_STEP_ID", special}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}, 1, false, "");
  }
}

TEST(Launcher, MpirunInsideAStepCountsItsOwnRanks) {
  // The daemons that mpirun starts through srun are the step's tasks; the ranks below them are not.
  expect({{"SLURM_STEP_ID", "0"},
          {"SLURM_PROCID", "1"},
          {"SLURM_STEP_NUM_TASKS", "2"},
          {"OMPI_COMM_WORLD_SIZE", "64"}},
         64, true, "OMPI_COMM_WORLD_SIZE");
}

TEST(Launcher, NonsenseIsNotANumberOfRanks) {
  for (const char* text : {"", "0", "-3", "4x", " 4", "99999999999999999999", "4294967296"}) {
    expect({{"OMPI_COMM_WORLD_SIZE", text}}, 1, false, "");
    expect({{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", text}}, 1, false, "");
  }
}

}  // namespace
}  // namespace stockpot
