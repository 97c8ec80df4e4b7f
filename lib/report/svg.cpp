#include "report/svg.h"

#include "affekt/core/text.h"
#include "report/shown_text.h"

namespace affekt {
namespace {

std::string number(double value) {
  std::string text = format_fixed(value, 2);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string attribute(const char* name, double value) { return std::string(" ") + name + "=\"" + number(value) + "\""; }
std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + escape_xml(value) + "\"";
}

}  // namespace

Svg::Svg(int width, int height, const std::string& title) {
  const std::string w = std::to_string(width);
  const std::string h = std::to_string(height);
  body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + w + "\" height=\"" + h +
          "\" viewBox=\"0 0 " + w + " " + h + "\" font-family=\"system-ui, sans-serif\">\n<title>" + shown_text(title) +
          "</title>\n";
  rectangle(0, 0, width, height, "#ffffff");
}

void Svg::line(double x1, double y1, double x2, double y2, const std::string& color, double width) {
  body_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) +
           attribute("stroke", color) + attribute("stroke-width", width) + "/>\n";
}

void Svg::rectangle(double x, double y, double width, double height, const std::string& fill) {
  body_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) + attribute("height", height) +
           attribute("fill", fill) + "/>\n";
}

void Svg::circle(double x, double y, double radius, const std::string& fill, const std::string& tooltip,
                 double opacity) {
  body_ += "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) + attribute("fill", fill);
  if (opacity < 1) body_ += attribute("fill-opacity", opacity);
  body_ += tooltip.empty() ? "/>\n" : "><title>" + shown_text(tooltip) + "</title></circle>\n";
}

void Svg::polyline(const std::string& points, const std::string& color) {
  body_ += "<polyline fill=\"none\" stroke-width=\"2\" stroke-linejoin=\"round\"" + attribute("stroke", color) +
           attribute("points", points) + "/>\n";
}

void Svg::text(double x, double y, const std::string& words, Anchor anchor, const std::string& color, double size,
               bool upright) {
  static const char* const names[] = {"start", "middle", "end"};
  body_ += "<text" + attribute("x", x) + attribute("y", y) + attribute("font-size", size) + attribute("fill", color) +
           attribute("text-anchor", std::string(names[static_cast<int>(anchor)]));
  if (upright) body_ += attribute("transform", "rotate(-90 " + number(x) + " " + number(y) + ")");
  body_ += ">" + shown_text(words) + "</text>\n";
}

std::string Svg::point(double x, double y) { return number(x) + "," + number(y); }

}  // namespace affekt
