# How every folder of Seawall is built: one static library per folder of common/, one binary per node.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)

add_library(seawall_flags INTERFACE)
target_include_directories(seawall_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(seawall_flags INTERFACE -Wall -Wextra -Wnon-virtual-dtor
                       $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wshadow=local>)
target_compile_definitions(seawall_flags INTERFACE SEAWALL_VERSION="${PROJECT_VERSION}")
if(SEAWALL_WERROR)
  target_compile_options(seawall_flags INTERFACE -Werror)
endif()
if(SEAWALL_SANITIZE)
  add_compile_options(-fsanitize=${SEAWALL_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -O1
                      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # false alarms in Catch2
  add_link_options(-fsanitize=${SEAWALL_SANITIZE})
endif()
if(SEAWALL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SEAWALL_PGO STREQUAL "generate")
  # Both steps in one build folder: profiles have the names of objects.
  add_compile_options(-fprofile-generate -fprofile-update=prefer-atomic)
  add_link_options(-fprofile-generate)
elseif(SEAWALL_PGO STREQUAL "use")
  add_compile_options(-fprofile-use -fprofile-partial-training -Wno-missing-profile)
endif()
if(SEAWALL_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# llhttp: Debian 12 ships the generated C sources (node-llhttp), Debian 13 a library.
find_library(LLHTTP_LIBRARY llhttp)
if(LLHTTP_LIBRARY)
  add_library(llhttp INTERFACE)
  target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})
else()
  find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp REQUIRED)
  find_path(LLHTTP_HEADERS llhttp.h PATHS /usr/share/include/llhttp REQUIRED)
  add_library(llhttp STATIC ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c
              ${LLHTTP_SOURCES}/llhttp.c)
  target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_HEADERS})
  target_compile_options(llhttp PRIVATE -O3 -w)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    # Its header scanners have SSE4.2 paths (450 ns -> 262 ns for a browser's head); edge and shield
    # check the CPU at start.
    target_compile_options(llhttp PRIVATE -msse4.2)
    target_compile_definitions(llhttp PUBLIC SEAWALL_NEEDS_SSE42)
  endif()
endif()

# jemalloc for the store's objects alone (common/store/object_heap.h): its library defines malloc(),
# too, so the C and C++ libraries are named before it.
if(NOT SEAWALL_SANITIZE AND NOT SEAWALL_FUZZ)
  pkg_check_modules(JEMALLOC REQUIRED jemalloc)
  add_library(seawall_jemalloc INTERFACE)
  target_compile_definitions(seawall_jemalloc INTERFACE SEAWALL_JEMALLOC)
  target_link_options(seawall_jemalloc INTERFACE
                      "LINKER:--push-state,--no-as-needed,-lstdc++,-lc,--pop-state")
  target_link_libraries(seawall_jemalloc INTERFACE ${JEMALLOC_LINK_LIBRARIES})
endif()

# seawall_library(NAME [DEPENDS folders...] [PUBLIC targets...] [PRIVATE targets...])
function(seawall_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/common/${name}/*.cc")
  list(TRANSFORM ARG_DEPENDS PREPEND seawall_)
  if(sources)
    add_library(seawall_${name} STATIC ${sources})
    target_link_libraries(seawall_${name} PUBLIC seawall_flags ${ARG_DEPENDS} ${ARG_PUBLIC}
                          PRIVATE ${ARG_PRIVATE})
  else()
    add_library(seawall_${name} INTERFACE)
    target_link_libraries(seawall_${name} INTERFACE seawall_flags ${ARG_DEPENDS} ${ARG_PUBLIC}
                          ${ARG_PRIVATE})
  endif()
endfunction()

# seawall_node(edge): the binary build/PRESET/edge/edge
function(seawall_node name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${name}/*.cc")
  if(sources)
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE seawall_server Threads::Threads)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                          "${CMAKE_BINARY_DIR}/${name}")
  endif()
endfunction()
