// Made-up tables with all that can go wrong in a CSV file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/random.h"

namespace affekt::test {

// Cells, line ends and quotes of all kinds, broken ones among them.
inline std::string ugly_table(std::uint64_t seed, bool latin1, bool stray_quotes) {
  affekt::RandomStream random(seed);
  const auto pick = [&random](const std::vector<std::string>& from) { return from[random.below(from.size())]; };
  const std::string end = pick({"\n", "\r\n", "\r"});
  const std::string mark = pick({",", ";", "\t"});
  std::string text = (!latin1 && random.below(2) == 0 ? "\xEF\xBB\xBF" : "") + std::string("id") + mark + "name" +
                     mark + "artists" + mark + "energy" + mark + "tempo" + end;
  std::vector<std::string> names = {"plain",
                                    "\"quoted" + mark + "cell\"",
                                    "\"two" + end + "lines\"",
                                    "\"a \"\"b\"\"\"",
                                    "",
                                    "\"\"",
                                    "\"\n\r\n\r\"",
                                    "\"\"\"\"",
                                    " padded ",
                                    latin1 ? "Caf\xE9" : "Caf\xC3\xA9 \xF0\x9F\x8E\xB5"};
  if (stray_quotes) names.insert(names.end(), {"12\" mix", "\"B\"x", "a\"b\"", "\"never closed"});
  const std::vector<std::string> artists = {"A",    "['A']", "\"['A', 'B']\"",       "\"['D\"\"x']\"",
                                            "A; B", "[]",    "\"['A" + end + "B']\""};
  const std::vector<std::string> numbers = {"0.5", "1", "-7.25e-3", "NA", "",   "\"0.25\"",
                                            "50%", "x", "1e400",    "0",  ".5", "12345678901234567890"};
  for (int row = 0; row < 25; ++row)
    text += "x" + mark + "y" + mark + "z" + mark + "0.5" + mark + "120" + end;  // tell the delimiter
  for (std::size_t rows = 40 + random.below(250); rows > 0; --rows) {
    if (random.below(15) == 0)
      text += pick({end, "short", std::string(text.size() > 5000 ? "z\0z" : "zzz", 3),
                    mark + mark + mark + mark + mark + mark}) +
              end;
    text += std::to_string(random.below(1000)) + mark + pick(names) + mark + pick(artists) + mark + pick(numbers) +
            mark + pick(numbers) + (rows == 1 && random.below(2) == 0 ? "" : end);
  }
  return text;
}

}  // namespace affekt::test
