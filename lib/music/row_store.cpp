#include "music/row_store.h"

#include <algorithm>
#include <utility>

#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "music/cells.h"
#include "music/track_id.h"

namespace affekt {
namespace {

template <typename T>
void move_down(std::vector<T>& values, std::size_t from, std::size_t to, std::size_t count) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
  if (from != to) std::copy_n(begin, count, values.begin() + static_cast<std::ptrdiff_t>(to));
}

void push_text(TextSlice& slice, std::string_view text, bool in_place) {
  in_place ? slice.push_reference(text) : slice.push_copy(text);
}

/// @returns  length of the first of several names.
std::uint16_t push_names(TextSlice& slice, std::string_view text, bool in_place) {
  const std::string_view only = only_name(text);
  if (in_place && !only.empty()) {
    slice.push_reference(only);
    return 0;
  }
  const NameList list = name_list(text);
  slice.push_copy(list.text);
  return list.first_bytes;
}

}  // namespace

RowStore::RowStore(TrackTable& table, const ColumnChoice& choice, std::string_view bytes,
                   const std::shared_ptr<const void>& owner)
    : table_(table), choice_(choice), traits_(choice.numbers.size()) {
  for (const auto& text : choice.texts) has_artist_ = has_artist_ || text.role == TextRole::artist;
  table_.cells.resize(choice.cells.size());
  for (TextColumn* column : text_columns()) column->add_region(bytes, owner);
}

std::vector<TextColumn*> RowStore::text_columns() {
  std::vector<TextColumn*> columns;
  for (const auto& text : choice_.texts) columns.push_back(&text_column(table_, text.role));
  for (std::size_t i = 0; i < choice_.cells.size(); ++i) {
    if (choice_.cells[i]) columns.push_back(&table_.cells[i]);
  }
  columns.push_back(&table_.raw);
  return columns;
}

void RowStore::resize(std::size_t rows) {
  const auto texts = text_columns();
  const std::size_t columns = texts.size() + choice_.numbers.size() + 1;
  parallel_for(columns, 1, [&](std::size_t i, std::size_t) {
    if (i < texts.size()) {
      texts[i]->resize(rows);
    } else if (i + 1 < columns) {
      table_.column(choice_.numbers[i - texts.size()].feature()).resize(rows);
    } else if (has_artist_) {
      table_.primary_artist_bytes.resize(rows);
    }
  });
}

PartRows RowStore::begin_part(std::size_t first) {
  PartRows part;
  part.first = first;
  for (TextColumn* column : text_columns()) part.texts.emplace_back(*column, first);
  part.traits.resize(choice_.numbers.size());
  return part;
}

void RowStore::add(PartRows& part, const CsvReader& csv, std::string_view raw) {
  const std::size_t row = part.first + part.rows;
  for (std::size_t i = 0; i < choice_.texts.size(); ++i) {
    const TextRole role = choice_.texts[i].role;
    const CsvCell& cell = csv.row()[choice_.texts[i].column];
    std::string_view text = trim(cell.text);
    if (is_missing(text)) text = {};
    if (role == TextRole::id) text = track_id(text);
    std::uint16_t first_bytes = 0;
    if ((role == TextRole::artist || role == TextRole::genre) && is_name_list(text)) {
      first_bytes = push_names(part.texts[i], text, cell.in_place);
    } else {
      push_text(part.texts[i], text, cell.in_place);
    }
    if (role != TextRole::artist) continue;
    table_.primary_artist_bytes[row] = first_bytes;
    part.several_artists = part.several_artists || first_bytes > 0;
  }
  std::size_t slice = choice_.texts.size();
  for (const auto& column : choice_.cells) {
    if (column) push_text(part.texts[slice++], trim(csv.row()[*column].text), csv.row()[*column].in_place);
  }
  for (std::size_t i = 0; i < choice_.numbers.size(); ++i) {
    const NumberLoader& number = choice_.numbers[i];
    table_.column(number.feature())[row] = number.read(csv[number.column()], part.traits[i]);
  }
  part.texts.back().push_reference(raw);
  ++part.rows;
}

void RowStore::settle(PartRows& part) {
  for (TextSlice& slice : part.texts) slice.settle(table_.rows);
  for (std::size_t i = 0; i < choice_.numbers.size(); ++i) {
    traits_[i].join(part.traits[i]);
    move_down(table_.column(choice_.numbers[i].feature()), part.first, table_.rows, part.rows);
  }
  if (has_artist_) move_down(table_.primary_artist_bytes, part.first, table_.rows, part.rows);
  several_artists_ = several_artists_ || part.several_artists;
  table_.rows += part.rows;
}

void RowStore::end_rows() {
  resize(table_.rows);
  if (!several_artists_) table_.primary_artist_bytes = {};
}

}  // namespace affekt
