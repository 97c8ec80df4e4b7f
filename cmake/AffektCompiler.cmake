# Warnings, sanitizers and ccache. The warnings sit on an internal target, so that consumers never inherit them.
find_program(AFFEKT_CCACHE ccache)
if(AFFEKT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${AFFEKT_CCACHE})
endif()

add_library(affekt_warnings INTERFACE)
target_compile_options(affekt_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast $<$<BOOL:${AFFEKT_WERROR}>:-Werror>)

if(AFFEKT_SANITIZE)
  add_compile_options(-fsanitize=${AFFEKT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AFFEKT_SANITIZE})
endif()
