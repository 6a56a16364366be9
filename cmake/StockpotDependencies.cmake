# Every third-party library the project links, found once. All are Debian 12 packages (see ./dev packages).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Eigen3 3.3 REQUIRED NO_MODULE)
find_package(Boost 1.70 REQUIRED COMPONENTS program_options)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json 3.7 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(highway REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C)
<<<<<<< HEAD
if(HDF5_IS_PARALLEL)
  find_package(MPI REQUIRED COMPONENTS C)  # only for its header, which hdf5.h includes
=======
if(HDF5_IS_PARALLEL)  # then its headers include mpi.h
  find_package(MPI 3.0 REQUIRED COMPONENTS C)
  target_link_libraries(hdf5::hdf5 INTERFACE MPI::MPI_C)
>>>>>>> dev
endif()
if(STOCKPOT_WITH_MPI)
  find_package(MPI 3.0 REQUIRED COMPONENTS CXX)
endif()
