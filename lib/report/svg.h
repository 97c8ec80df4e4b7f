// Private: SVG elements as text. Coordinates are written with two decimals, whatever the locale.
#pragma once

#include <string>

namespace affekt {

class Svg {
 public:
  Svg(int width, int height, const std::string& title);

  enum class Anchor { start, middle, end };

  void line(double x1, double y1, double x2, double y2, const std::string& color, double width = 1);
  void rectangle(double x, double y, double width, double height, const std::string& fill);
  void circle(double x, double y, double radius, const std::string& fill, const std::string& tooltip = "",
              double opacity = 1);
  /// @param points  "x,y x,y ..." as made by point().
  void polyline(const std::string& points, const std::string& color);
  void text(double x, double y, const std::string& words, Anchor anchor = Anchor::start,
            const std::string& color = "#333333", double size = 12, bool upright = false);

  static std::string point(double x, double y);
  std::string finish() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

}  // namespace affekt
