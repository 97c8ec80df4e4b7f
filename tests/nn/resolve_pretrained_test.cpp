// Where --pretrained looks, and what it says when nothing is there.
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "affekt/core/error.h"
#include "affekt/nn/pretrained.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

TEST_CASE("resolve_pretrained: the folder of downloaded weights") {
  const TempFolder folder;
  const TempFolder other;
  ::setenv("AFFEKT_HOME", folder.path().c_str(), 1);
  ::setenv("XDG_DATA_HOME", other.path().c_str(), 1);
  const std::string message = message_of<IoError>([] { resolve_pretrained("imagenet", "resnet50v2"); });
  CHECK(contains(message, folder.path().string()));
  CHECK(contains(message, "scripts/fetch-pretrained resnet50v2"));
  CHECK(contains(message, "94668760 bytes, MD5 fac2f116257151a9d068a22e544a4917"));
  CHECK(contains(message,
                 "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
                 "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5"));
  CHECK(message.find('\n') == std::string::npos);
  CHECK(contains(message_of<UsageError>([] { resolve_pretrained("imagenet", "compact"); }), "no ImageNet weights"));

  const auto place = [](const std::filesystem::path& file) { std::ofstream(file) << "x"; };
  place(folder / "efficientnet-b0.safetensors");
  CHECK(resolve_pretrained("imagenet", "efficientnet-b0") == folder / "efficientnet-b0.safetensors");
  place(folder / "efficientnetb0.h5");
  CHECK(resolve_pretrained("imagenet", "efficientnet-b0") == folder / "efficientnetb0.h5");
  place(folder / "efficientnetb0_notop.h5");
  CHECK(resolve_pretrained("imagenet", "efficientnet-b0") == folder / "efficientnetb0_notop.h5");

  ::unsetenv("AFFEKT_HOME");
  std::filesystem::create_directory(other / "affekt");
  place(other / "affekt" / "vgg16.safetensors");
  CHECK(resolve_pretrained("imagenet", "vgg16") == other / "affekt" / "vgg16.safetensors");
  ::setenv("XDG_DATA_HOME", "relative", 1);  // does not count
  ::setenv("HOME", other.path().c_str(), 1);
  CHECK(contains(message_of<IoError>([] { resolve_pretrained("imagenet", "vgg16"); }), ".local/share/affekt"));
  CHECK(message_of<IoError>([] { resolve_pretrained("nowhere.h5", "vgg16"); }) ==
        "nowhere.h5: no such file; expected a file of weights, a run folder, imagenet, default or none");
  CHECK(message_of<IoError>([] { resolve_pretrained("imagnet", "vgg16"); }) ==
        "imagnet: no such file; did you mean 'imagenet'?");
  const std::string pipe = (folder / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(contains(message_of<IoError>([&] { resolve_pretrained(pipe, "vgg16"); }), "not a regular file"));
  CHECK(resolve_pretrained((folder / "efficientnetb0.h5").string(), "vgg16") == folder / "efficientnetb0.h5");
}
