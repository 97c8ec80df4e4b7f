// affekt-import: makes, checks and packs datasets of labelled faces.
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "common/cli.h"
#include "import_modes.h"

int main(int argc, char** argv) {
  using namespace affekt;
  using namespace affekt::cli;
  Tool tool("import", "Make, check and pack datasets of labelled faces.");
  ImportFlags flags;
  tool.positional("INPUT", flags.inputs, "Pictures and folders of pictures; - reads their names from standard input");
  tool.option("label", flags.label, "Emotion of the pictures, with --into");
  tool.option("into", flags.into, "Cut out the faces and add them to this image-folder dataset");
  tool.choice("faces", flags.faces,
              {{"all", FaceSelection::all}, {"largest", FaceSelection::largest}, {"none", FaceSelection::none}},
              "Faces of a picture to add; none: the picture is a face already cut out");
  tool.choice("detector", flags.detector.kind, detector_names(), "Face detector; yunet needs --detector-model");
  tool.option("detector-model", flags.detector.file, "The detector's file, where not the installed one");
  tool.option("pack", flags.pack, "Write the datasets of --data as one packed .safetensors file");
  tool.flag("check", flags.check, "Count duplicates, conflicts, blank faces and leaks in the datasets of --data");
  tool.option("data", flags.data, "Dataset: CSV, folder or packed file; repeatable");
  tool.option("ferplus", flags.dataset.ferplus, "With --pack: FER+ votes (fer2013new.csv) as soft labels");
  tool.flag("skip-bad-rows", flags.dataset.skip_bad_rows, "Skip and count bad rows instead of refusing the file");
  tool.footer(
      "Examples:\n"
      "  affekt-import holiday/*.jpg --label happy --into my-faces\n"
      "  affekt-import --check --data fer2013.csv\n"
      "  affekt-import --pack faces.safetensors --data fer2013.csv --data my-faces");
  return tool.run(argc, argv, [&](Io& io) {
    const int modes = (flags.pack.empty() ? 0 : 1) + (flags.check ? 1 : 0) + (flags.into.empty() ? 0 : 1);
    if (modes != 1) {
      throw UsageError("expected one of --into DIR, --pack FILE and --check, found " +
                       (modes == 0 ? std::string("none") : std::to_string(modes)) + "; see --help");
    }
    if (!flags.into.empty()) return add_pictures(tool, flags, io);
    if (!flags.inputs.empty()) throw UsageError("pictures go with --into; a dataset is given as --data PATH");
    if (!flags.label.empty()) throw UsageError("--label goes with --into");
    return flags.check ? check_data(tool, flags, io) : pack_data(tool, flags, io);
  });
}
