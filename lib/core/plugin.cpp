#include "affekt/core/plugin.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "affekt/core/version.h"

namespace affekt {
namespace {

std::string loader_message() {
  const char* text = dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps it per thread
  return text != nullptr ? text : "unknown reason";
}

/// Folder of the library that holds this function; empty for a static build.
std::filesystem::path own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&version), &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

}  // namespace

void* plugin_symbol(const std::string& name, const char* symbol, std::string* why) {
  const std::string file = "lib" + name + ".so";
  const std::filesystem::path folder = own_folder();
  // With a soname number for the shared libraries, without for the modules.
  const std::vector<std::string> places{(folder / (file + ".0")).string(), (folder / file).string(), file + ".0", file};
  std::string reason;
  for (const std::string& place : places) {
    std::error_code ignored;
    if (place.find('/') != std::string::npos && !std::filesystem::exists(place, ignored)) continue;
    void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) {
      void* address = dlsym(library, symbol);
      if (address == nullptr && why != nullptr) *why = loader_message();
      return address;
    }
    if (reason.empty()) reason = loader_message();  // the nearest place tells most
  }
  if (why != nullptr) *why = reason;
  return nullptr;
}

std::string no_plugin_text(const std::string& name, const std::string& why, const std::string& option) {
  return "lib" + name + " is not part of this build or cannot be loaded (" + why + "); build with " + option;
}

}  // namespace affekt
