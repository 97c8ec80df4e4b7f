// affekt-predict: finds the faces in pictures and reads their emotions.
#include "affekt/core/error.h"
#include "common/cli.h"
#include "predict_pictures.h"
#include "predict_video.h"

int main(int argc, char** argv) {
  using namespace affekt;
  using namespace affekt::cli;
  Tool tool("predict", "Find the faces in pictures and read their emotions.");
  PredictFlags flags;
  VideoFlags video;
  tool.positional("INPUT", flags.inputs, "Pictures and folders of pictures; - reads their names from standard input");
  tool.option("model", flags.reader.model, "Model file, run folder or default");
  tool.choice("faces", flags.reader.faces,
              {{"all", FaceSelection::all}, {"largest", FaceSelection::largest}, {"none", FaceSelection::none}},
              "Faces of a picture to read; none: the picture is a face already cut out");
  tool.choice("detector", flags.reader.detector.kind, detector_names(), "Face detector; yunet needs --detector-model");
  tool.option("detector-model", flags.reader.detector.file, "The detector's file, where not the installed one");
  tool.option("min-confidence", flags.reader.min_confidence,
              "Below this probability of the best emotion the status is uncertain");
  tool.option("annotate", flags.annotate, "Write copies with boxes and labels to this folder, as PNG");
  tool.option("video", video.file, "Read the faces of a video file instead of pictures");
  tool.option("camera", video.camera, "Read the faces before camera N (from 0) until interrupted");
  tool.option("every", video.every, "Seconds of a video from one frame read to the next; 0 = every frame");
  tool.option("smooth", video.smooth, "Seconds over which a face's emotions in a video are averaged; 0 = not");
  tool.footer(
      "Examples:\n"
      "  affekt-predict holiday.jpg\n"
      "  affekt-predict photos/ --json > faces.jsonl\n"
      "  affekt-predict crops/ --faces none --min-confidence 0.5\n"
      "  affekt-predict --video party.mp4 --every 0.5 --smooth 1 --json\n"
      "  find . -name '*.jpg' | affekt-predict - --annotate marked");
  return tool.run(argc, argv, [&](Io& io) {
    flags.reader.threads = tool.common.threads;
    const bool moving = tool.chosen("video") || tool.chosen("camera");
    if (!moving && (tool.chosen("every") || tool.chosen("smooth"))) {
      throw UsageError("--every and --smooth are for --video and --camera");
    }
    return moving ? predict_video(tool, flags, video, io) : predict_pictures(tool, flags, io);
  });
}
