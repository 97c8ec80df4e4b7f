# LibTorch as a distribution, pip or an archive gives it, for the CPU or for CUDA.

# A LibTorch for CUDA asks for the whole toolkit, nvcc included, unless this target exists. Nothing here is compiled for a
# GPU, and LibTorch finds the libraries it runs on by itself, so no toolkit is needed.
if(NOT TARGET torch::cudart)
  add_library(torch::cudart INTERFACE IMPORTED)
endif()
find_package(Torch REQUIRED)
# Its targets alone: the files it lists beside them are looked for anew, and found in the system's LibTorch if there is one.
list(FILTER TORCH_LIBRARIES EXCLUDE REGEX "^/")
message(STATUS "LibTorch ${Torch_VERSION} in ${TORCH_INSTALL_PREFIX}")

# Recent ones want a later C++ than ours. Not all say so in CMake; this header refuses an earlier one.
find_file(AFFEKT_ATEN_HEADER ATen/ATen.h PATHS ${TORCH_INCLUDE_DIRS} NO_DEFAULT_PATH NO_CACHE REQUIRED)
file(STRINGS ${AFFEKT_ATEN_HEADER} demand REGEX "#error C\\+\\+[0-9]+ or later")
if(demand MATCHES "C\\+\\+([0-9]+)" AND CMAKE_MATCH_1 GREATER CMAKE_CXX_STANDARD)
  message(STATUS "It wants C++${CMAKE_MATCH_1}: what includes it is compiled so")
  set_property(TARGET torch APPEND PROPERTY INTERFACE_COMPILE_FEATURES cxx_std_${CMAKE_MATCH_1})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 warns of impossible lengths in C++20's additions of strings (its bug 105651).
    set_property(TARGET torch APPEND PROPERTY INTERFACE_COMPILE_OPTIONS -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
  endif()
endif()

# Some use the old layout of std::string; then all that meets it has to.
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
  add_compile_definitions(_GLIBCXX_USE_CXX11_ABI=${CMAKE_MATCH_1})
  if(CMAKE_MATCH_1 EQUAL 0 AND (AFFEKT_WITH_FACES OR AFFEKT_WITH_LIBRARY))
    message(FATAL_ERROR "This LibTorch uses the old C++ ABI, the system's OpenCV and TagLib the new one: "
                        "-DAFFEKT_WITH_FACES=OFF -DAFFEKT_WITH_LIBRARY=OFF")
  endif()
endif()
