#include "doctor_checks.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "affekt/core/plugin.h"
#include "affekt/core/text.h"

namespace affekt::cli {
namespace {

/// Files mapped into this process.
std::set<std::string> loaded_libraries() {
  std::set<std::string> names;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t slash = line.find('/');
    if (slash != std::string::npos) names.insert(line.substr(slash));
  }
  return names;
}

/// `text` broken at spaces; every line but the first begins with `indent`.
std::string wrapped(const std::string& text, std::size_t width, const std::string& indent) {
  std::string out;
  std::size_t column = 0;
  for (const std::string& word : split(text, ' ')) {
    const std::size_t length = count_code_points(word);
    if (column > 0 && column + 1 + length > width) {
      out += "\n" + indent;
      column = 0;
    }
    if (column > 0) out += ' ';
    out += word;
    column += length + (column > 0 ? 1 : 0);
  }
  return out + "\n";
}

}  // namespace

Json check(const std::string& name, const std::string& status, const std::string& found, const std::string& remedy) {
  return {{"name", name}, {"status", status}, {"found", found}, {"remedy", remedy}};
}

std::string loaded(const std::vector<std::string>& stems) {
  for (const auto& path : loaded_libraries()) {
    const std::string name = std::filesystem::path(path).filename().string();
    for (const auto& stem : stems) {
      if (name.rfind(stem, 0) == 0) return path;
    }
  }
  return "";
}

std::string text_of_plugin(const std::string& library, const char* symbol) {
  const auto function = reinterpret_cast<const char* (*)()>(plugin_symbol(library, symbol));
  return function != nullptr ? function() : "";
}

std::string doctor_table(const Json& checks) {
  constexpr std::size_t kName = 17, kStatus = 9, kColumns = 80;
  const std::string indent(kName + kStatus, ' ');
  std::string text;
  for (const auto& row : checks) {
    text += padded(row["name"], kName) + padded(row["status"], kStatus) +
            wrapped(row["found"], kColumns - indent.size(), indent);
    if (const std::string remedy = row["remedy"]; !remedy.empty())
      text += indent + "-> " + wrapped(remedy, kColumns - indent.size() - 3, indent + "   ");
  }
  return text;
}

}  // namespace affekt::cli
