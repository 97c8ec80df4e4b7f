#include "affekt/faces/faces_mood.h"

#include "affekt/core/error.h"
#include "affekt/faces/detector.h"
#include "support/catch.h"
#include "support/error_message.h"

using namespace affekt;
using namespace affekt::test;
using Catch::Matchers::ContainsSubstring;

namespace {

FacePrediction face(const std::string& file, Emotion emotion, double confidence, double min_confidence) {
  EmotionProbabilities probabilities{};
  probabilities[static_cast<std::size_t>(emotion)] = confidence;
  probabilities[static_cast<std::size_t>(Emotion::neutral)] += 1 - confidence;
  FacePrediction made;
  made.file = file;
  made.judge(probabilities, min_confidence);
  return made;
}

FacePrediction none(const std::string& file) {
  FacePrediction made;
  made.file = file;
  return made;
}

FacePrediction unreadable(const std::string& file, bool missing) {
  FacePrediction made = none(file);
  made.status = FaceStatus::unreadable;
  made.message = missing ? file + ": no such file" : "not a picture";
  made.missing = missing;
  return made;
}

}  // namespace

TEST_CASE("each face that was read surely counts the same, whatever its picture") {
  const FacesMood mood = mood_of_faces(
      {face("a.jpg", Emotion::happy, 1, 0.6), face("a.jpg", Emotion::happy, 1, 0.6), none("b.jpg"),
       face("c.jpg", Emotion::sad, 1, 0.6), face("c.jpg", Emotion::fear, 0.55, 0.6), unreadable("d.jpg", false)},
      0.6);
  CHECK_NOTHROW(mood.require());
  CHECK(mood.counted == 3);
  CHECK(mood.faces.size() == 6);
  CHECK(mood.probabilities[static_cast<std::size_t>(Emotion::happy)] == Approx(2.0 / 3));
  CHECK(mood.probabilities[static_cast<std::size_t>(Emotion::sad)] == Approx(1.0 / 3));
  CHECK(mood.probabilities[static_cast<std::size_t>(Emotion::fear)] == 0);
  CHECK(mood.unreadable == std::vector<std::string>{"d.jpg: not a picture"});
  CHECK(mood.left_out == std::vector<std::string>{"b.jpg: no face found, it does not count",
                                                  "c.jpg: a face read with a confidence of only 0.55 does not count"});
}

TEST_CASE("where no face counts the reason is said: the best of them, none found, or nothing to read") {
  const auto reason = [](std::vector<FacePrediction> faces) {
    return message_of<DataError>([&] { mood_of_faces(std::move(faces), 0.6).require(); });
  };
  CHECK_THAT(reason({face("a.jpg", Emotion::sad, 0.55, 0.6), none("b.jpg")}),
             ContainsSubstring("a.jpg: no face read with a confidence of 0.6 or more, the best has 0.55"));
  CHECK_THAT(reason({none("a.jpg"), none("b.jpg"), unreadable("c.jpg", true)}),
             ContainsSubstring("a.jpg, b.jpg: no face found"));
  CHECK_THAT(reason({none("1"), none("2"), none("3"), none("4"), none("5"), none("6")}),
             ContainsSubstring("1, 2, 3, 4 and 2 more: no face found"));
  CHECK(reason({unreadable("a.jpg", false), unreadable("b.jpg", true)}) == "a.jpg: not a picture");
  CHECK_THROWS_AS(mood_of_faces({unreadable("a.jpg", true)}, 0).require(), IoError);
  CHECK_THROWS_AS(mood_of_faces({}, 0).require(), UsageError);
}

TEST_CASE("YuNet wants its file, the cascade is installed") {
  CHECK_NOTHROW(DetectorOptions{}.validate());
  CHECK_THROWS_AS((DetectorOptions{DetectorKind::yunet, ""}.validate()), UsageError);
  CHECK_NOTHROW((DetectorOptions{DetectorKind::yunet, "yunet.onnx"}.validate()));
  CHECK(detector_names().size() == 2);
}
