# Target StockpotPagmo: pagmo2, from its static library where there is one beside the shared one. A program then holds the
# few parts of it that it uses; the shared one registers hundreds of classes whenever a program starts (about 15 ms).
# It hands over matrices of Eigen, whose layout in memory depends on -march: both must be compiled for the same processors.
if(NOT TARGET StockpotPagmo)
  find_package(pagmo 2.18 REQUIRED)
  add_library(StockpotPagmo INTERFACE IMPORTED)
  get_target_property(pagmo_library Pagmo::pagmo LOCATION)
  get_filename_component(pagmo_folder "${pagmo_library}" DIRECTORY)
  find_library(STOCKPOT_STATIC_PAGMO libpagmo.a PATHS "${pagmo_folder}" NO_DEFAULT_PATH)
  find_library(STOCKPOT_TBB tbb)
  mark_as_advanced(STOCKPOT_STATIC_PAGMO STOCKPOT_TBB)
  if(STOCKPOT_STATIC_PAGMO AND STOCKPOT_TBB)
    get_target_property(pagmo_headers Pagmo::pagmo INTERFACE_INCLUDE_DIRECTORIES)
    get_target_property(pagmo_needs Pagmo::pagmo INTERFACE_LINK_LIBRARIES)
    set_target_properties(StockpotPagmo PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${pagmo_headers}"
      INTERFACE_LINK_LIBRARIES "${STOCKPOT_STATIC_PAGMO};${pagmo_needs};${STOCKPOT_TBB}")
  else()
    set_property(TARGET StockpotPagmo PROPERTY INTERFACE_LINK_LIBRARIES Pagmo::pagmo)
  endif()
endif()
