// affekt-train --pretrained with files that nobody should trust: one line, the right exit code, nothing on stdout.
#include <fstream>

#include "affekt/data/packed.h"
#include "nn/keras_layers.h"
#include "nn/zip_writer.h"
#include "support/catch.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

struct Fixture {
  TempFolder folder;
  std::string data = (folder / "faces.safetensors").string();
  std::string weights = (folder / "weights").string();

  Fixture() {
    Dataset faces;
    faces.sources.push_back({"grey", 1.0, 14, 0});
    for (std::size_t i = 0; i < 14; ++i) {
      const std::vector<std::uint8_t> face(kFacePixels, static_cast<std::uint8_t>(17 * i));
      faces.add(face.data(), static_cast<Emotion>(i % 7), i < 7 ? Split::train : Split::public_test, 0, "row");
    }
    write_packed(data, faces);
  }
  void refused(int code, const std::string& words, const std::string& model, const std::string& pretrained) const {
    ToolSetting setting;
    setting.environment = {"AFFEKT_HOME=" + (folder / "home").string()};
    const ToolResult result = run_tool("affekt-train",
                                       {"--data", data, "--model", model, "--pretrained", pretrained, "--epochs", "1",
                                        "--threads", "1", "--out", (folder / "run").string()},
                                       setting);
    INFO(result.err);
    CHECK(result.exit_code == code);
    CHECK(result.out.empty());
    CHECK(count_lines(result.err) == 1);
    CHECK(result.err.find(words) != std::string::npos);
    CHECK_FALSE(fs::exists(folder / "run" / "best.safetensors"));
  }
  void bytes(const std::string& content) const { std::ofstream(weights, std::ios::binary) << content; }
};

}  // namespace

TEST_CASE("affekt-train --pretrained: files that are not there") {
  const Fixture f;
  f.refused(4, "scripts/fetch-pretrained vgg16", "vgg16", "imagenet");
  f.refused(4, "94668760 bytes, MD5 fac2f116257151a9d068a22e544a4917", "resnet50v2", "imagenet");
  f.refused(2, "no ImageNet weights for compact", "compact", "imagenet");
  f.refused(4, "nowhere.h5", "vgg16", "nowhere.h5");
  f.refused(4, "nowhere.keras", "vgg16", "nowhere.keras");
}

TEST_CASE("affekt-train --pretrained: damaged and hostile files") {
  const Fixture f;
  f.bytes("");
  f.refused(3, "an empty file", "vgg16", f.weights);
  f.bytes("PK\3\4archive");
  f.refused(3, "a damaged or truncated zip archive", "vgg16", f.weights);
  write_zip(f.weights, {{"archive/data.pkl", "\x80\x02."}});
  f.refused(3, "a pickle is never read: convert it to safetensors", "vgg16", f.weights);
  write_zip(f.weights, {{"config.json", "{}"}, {"assets/a", "a"}});
  f.refused(3, "a zip archive without model.weights.h5 (2 entries: 'config.json', 'assets/a')", "vgg16", f.weights);
  write_keras3_file(f.weights, keras_vgg16(0));
  f.refused(3, "weights of vgg16 (Keras), but the network is resnet50v2", "resnet50v2", f.weights);
  f.bytes(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{", 9));
  f.refused(3, "header", "vgg16", f.weights);
  f.bytes("\x89HDF\r\n\x1a\n and no more");
  f.refused(3, "HDF5", "vgg16", f.weights);
  write_tricky_file(f.weights, Trick::hard_cycle, {3, 3, 3, 64});
  f.refused(3, "not a name Keras would write", "vgg16", f.weights);
  write_tricky_file(f.weights, Trick::absurd_extent, {3, 3, 3, 64});
  f.refused(3, "the dimension 1099511627776 is out of range", "vgg16", f.weights);
  write_keras_file(f.weights, keras_efficientnet_b0(0, {}));
  f.refused(3, "weights of efficientnet-b0 (Keras), but the network is vgg16", "vgg16", f.weights);
  fs::resize_file(f.weights, fs::file_size(f.weights) / 2);
  f.refused(3, "HDF5", "efficientnet-b0", f.weights);
  write_tensors(f.weights, known_weights("efficientnet-b0", "keras", 0));
  f.refused(3, "weights of efficientnet-b0 (torchvision)", "resnet50v2", f.weights);
  auto tensors = known_weights("efficientnet-b0", "keras", 0);
  tensors[0].shape = {32, 27};
  write_tensors(f.weights, tensors);
  f.refused(3, "expected shape [32, 3, 3, 3], found [32, 27]", "efficientnet-b0", f.weights);
}
