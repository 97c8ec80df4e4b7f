// affekt-train as a user types it.
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>

#include "affekt/core/random.h"
#include "affekt/data/packed.h"
#include "support/tool_test.h"

using namespace affekt;
using namespace affekt::test;

namespace {

/// Noise with labels: enough to run, nothing to learn.
struct Fixture {
  TempFolder folder;
  std::string data = (folder / "faces.safetensors").string();
  std::string run = (folder / "run").string();

  Fixture() {
    Dataset faces;
    faces.sources.push_back({"noise", 1.0, 42, 0});
    RandomStream random(4);
    for (std::size_t i = 0; i < 42; ++i) {
      std::vector<std::uint8_t> face(kFacePixels);
      for (auto& pixel : face) pixel = static_cast<std::uint8_t>(random.below(256));
      const Split split = i < 28 ? Split::train : i < 35 ? Split::public_test : Split::private_test;
      faces.add(face.data(), static_cast<Emotion>(i % 7), split, 0, "row " + std::to_string(i + 1));
    }
    write_packed(data, faces);
  }
  ToolResult train(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--threads", "1"});
    return run_tool("affekt-train", arguments, {folder.path().string(), "", {}});
  }
  void refused(int code, const std::string& words, const std::vector<std::string>& arguments) const {
    check_refused("affekt-train", train(arguments), code, words);
  }
  std::string text_file(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
};

std::string pixels_of_grey() {
  std::string pixels = "128";
  for (std::size_t i = 1; i < kFacePixels; ++i) pixels += " 128";
  return pixels;
}

/// Starts the tool, sends SIGINT once the file exists, and returns the exit code.
int interrupt_once_there(const std::vector<std::string>& words, const fs::path& file) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  for (int i = 0; i < 1200 && !fs::exists(file); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a run gives its result as JSON and leaves its folder, and a second one is refused") {
  const Fixture f;
  const ToolResult result = f.train({"--data", f.data, "--epochs", "1", "--out", f.run, "--json", "--seed", "7"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json json = Json::parse(result.out);
  CHECK(json.at("schema") == "affekt.train/1");
  CHECK(json.at("seed") == 7);
  CHECK(json.at("model") == "compact");
  CHECK(json.at("epochs_run") == 1);
  CHECK(json.at("best_epoch") == 1);
  CHECK(json.at("trainable_parameters") < json.at("parameters"));
  for (const char* key : {"train_accuracy", "validation_accuracy", "private_accuracy"}) {
    CHECK(json.at(key) >= 0);
    CHECK(json.at(key) <= 1);
  }
  CHECK(json.at("images_per_second") > 0);
  CHECK(json.at("options").at("batch-size") == 64);
  CHECK(fs::exists(f.run + "/best.safetensors"));
  const ToolResult finished = f.train({"--resume", f.run});
  CHECK(finished.exit_code == 0);
  CHECK_THAT(finished.err, ContainsSubstring("has ended already"));
  f.refused(2, "not empty (--force overwrites", {"--data", f.data, "--epochs", "1", "--out", f.run});
  CHECK(f.train({"--data", f.data, "--epochs", "1", "--out", f.run, "--force", "-q"}).exit_code == 0);
}

TEST_CASE("a run without --out goes to runs/ and says where") {
  const Fixture f;
  const ToolResult result = f.train({"--data", f.data, "--epochs", "1", "--augment", "none"});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, ContainsSubstring("runs/compact-") && ContainsSubstring("validation accuracy"));
}

TEST_CASE("an interrupted run exits with 130, and can be resumed") {
  const Fixture f;
  const std::string tool = std::string(std::getenv("AFFEKT_BIN")) + "/affekt-train";
  CHECK(interrupt_once_there({tool, "--data", f.data, "--epochs", "100000", "--out", f.run, "--threads", "1"},
                             f.run + "/metrics.csv") == 130);
  f.refused(2, "--batch-size: a resumed run keeps its own", {"--resume", f.run, "--batch-size", "8"});
  const std::string lacking = f.text_file("train.csv", "emotion,pixels,Usage\n3," + pixels_of_grey() + ",Training\n");
  f.refused(2, "--data: not the data this run was started with", {"--resume", f.run, "--data", lacking});
  const ToolResult result = f.train({"--resume", f.run, "--epochs", "1", "--json"});
  INFO(result.err);
  CHECK(result.exit_code == 0);
}

TEST_CASE("a run that was stopped in its first epoch claims no figures") {
  const Fixture f;
  const auto train_to = [&](const std::string& out, const char* more) {
    return f.train({"--data", f.data, "--max-time", "0.000001s", "--out", out, more});
  };
  const ToolResult text = train_to(f.run + "\n\x1b[31m", "--epochs=2");
  CHECK(text.exit_code == 0);
  CHECK_THAT(text.out,
             ContainsSubstring("validation accuracy  n/a\n") && ContainsSubstring("images per second    n/a\n"));
  CHECK_THAT(text.err, !ContainsSubstring("validation accuracy"));
  CHECK(text.out.find('\x1b') == std::string::npos);
  CHECK(Json::parse(train_to(f.run, "--json").out).at("images_per_second").is_null());
}

TEST_CASE("a run out of time says what it knows, and from another folder where its data were") {
  const Fixture f;
  REQUIRE(f.train({"--data", "faces.safetensors", "--epochs", "1", "--out", f.run}).exit_code == 0);
  const std::vector<std::string> more = {"--resume", f.run, "--epochs", "2", "--max-time", "0.000001s"};
  const TempFolder elsewhere;
  const ToolResult lost = run_tool("affekt-train", more, {elsewhere.path().string(), "", {}});
  check_refused("affekt-train", lost, 4, "resume in the folder it was started in, or say with --data");
  const ToolResult cut = f.train(more);
  CHECK(cut.exit_code == 0);
  CHECK_THAT(cut.out, ContainsSubstring(
                          "best epoch           1 of 1 (max-time)\ntrain accuracy       n/a\nvalidation accuracy  0."));
  CHECK_THAT(cut.err, !ContainsSubstring("judging"));
}

TEST_CASE("wrong use is one line and exit code 2") {
  const Fixture f;
  f.refused(2, ": --model: unknown network 'resnet'; known: basic-cnn", {"--data", f.data, "--model", "resnet"});
  f.refused(2, "did you mean 'strong'?", {"--data", f.data, "--augment", "stronger"});
  f.refused(2, ": --mixup: expected 0 (off) to 100, found -1", {"--data", f.data, "--mixup", "-1"});
  f.refused(2, ": --cutmix: expected 0 (off) to 100, found 101", {"--data", f.data, "--cutmix", "101"});
  f.refused(2, ": --ferplus-weight: expected 0 to 1, found 2", {"--data", f.data, "--ferplus-weight", "2"});
  f.refused(2, ": --ferplus-weight: the data have no soft labels", {"--data", f.data, "--ferplus-weight", "0.5"});
  f.refused(2, ": --temperature: of no effect without --teacher", {"--data", f.data, "--temperature", "2"});
  f.refused(2, "--teacher-weight: expected 0 to 1",
            {"--data", f.data, "--teacher", "default", "--teacher-weight", "2"});
  f.refused(4, "no-teacher.safetensors", {"--data", f.data, "--teacher", "no-teacher.safetensors"});
  f.refused(3, "teacher.txt: ", {"--data", f.data, "--teacher", f.text_file("teacher.txt", "not a model")});
  f.refused(2, "--epoch", {"--data", f.data, "--epoch", "1"});
  f.refused(2, "epochs: expected 1 to 1000000, found 0", {"--data", f.data, "--epochs", "0"});
  f.refused(2, ": --accumulate: expected 1 (off) to 1000000, found 0", {"--data", f.data, "--accumulate", "0"});
  f.refused(2, ": --checkpoint-every: expected 0", {"--data", f.data, "--checkpoint-every", "-5"});
  f.refused(2, "image-size", {"--data", f.data, "--model", "basic-cnn", "--image-size", "64"});
  f.refused(2, "--data", {});
  f.refused(2, "rank-timeout: expected 1 to 86400 seconds, found 0.5", {"--data", f.data, "--rank-timeout", "0.5"});
  f.refused(2, ": --device: expected auto", {"--data", f.data, "--device", "gpu"});
  const std::string config = f.text_file("config.json", "{\"batch_size\": 8}");
  f.refused(2, "did you mean 'batch-size'", {"--data", f.data, "--config", config});
  const std::string number = f.text_file("number.json", "{\"unfreeze\": 3}");
  f.refused(2, "number.json: unfreeze: expected all, none or last:N", {"--data", f.data, "--config", number});
  f.refused(2, "preset", {"--data", f.data, "--preset", "papre-basic-cnn"});
}

TEST_CASE("fine-tuning that makes no sense is exit code 2, missing weights are 4, weights of another network 3") {
  const Fixture f;
  const auto b0 = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--data", f.data, "--model", "efficientnet-b0", "--image-size", "32"});
    return more;
  };
  f.refused(2, ": --head: unknown head 'flatten-46'; did you mean 'flatten-64'?", b0({"--head", "flatten-46"}));
  f.refused(2, ": --unfreeze: expected all, none or last:N with N of 1 or more, found 'last:0'",
            b0({"--unfreeze", "last:0"}));
  f.refused(2, ": --unfreeze: last:9999 of the 238 layers", b0({"--unfreeze", "last:9999"}));
  f.refused(2, ": --freeze-epochs: 3 of 3 epochs leave none to train the backbone (--freeze-epochs 0 ",
            b0({"--freeze-epochs", "3", "--epochs", "3"}));
  f.refused(2, ": --preprocess: unknown preprocessing 'keras-cafe'; did you mean 'keras-caffe'?",
            b0({"--preprocess", "keras-cafe"}));
  f.refused(2, ": --feature-cache: expected off or a size like 512M or 2G, found '2X'", b0({"--feature-cache", "2X"}));
  f.refused(2, ": --model: compact has no backbone apart from its head", {"--data", f.data, "--freeze-epochs", "1"});
  f.refused(4, "missing.h5", b0({"--pretrained", "missing.h5"}));
  f.refused(3, "compact", b0({"--pretrained", "default"}));
  CHECK_FALSE(fs::exists(f.folder / "runs"));
}

TEST_CASE("official weights that are not there are exit code 4, with the command that fetches them") {
  const Fixture f;
  const std::string home = (f.folder / "home").string();
  for (const char* preset : {"paper-vgg16", "paper-resnet50v2", "paper-efficientnet-b0", "vgg16-48", "resnet50v2-48",
                             "efficientnet-b0-48"}) {
    CAPTURE(preset);
    const ToolResult result = run_tool("affekt-train", {"--data", f.data, "--preset", preset},
                                       {f.folder.path().string(), "", {"AFFEKT_HOME=" + home}});
    CHECK(result.exit_code == 4);
    CHECK_THAT(result.err, ContainsSubstring("scripts/fetch-pretrained"));
    CHECK(count_lines(result.err) == 1);
  }
}

TEST_CASE("two sources are counted in the summary, with their weights") {
  const Fixture f;
  const ToolResult result =
      f.train({"--data", f.data, "--data", f.data + ":weight=2.5", "--epochs", "1", "--out", f.run});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.out, ContainsSubstring("faces.safetensors, weight 2.5: 28 rows (angry 4, disgust 4,"));
  CHECK_THAT(result.out, ContainsSubstring("faces.safetensors, weight 1: 28 rows"));
}

TEST_CASE("--seeds gives mean and deviation, and folders that are runs") {
  const Fixture f;
  const ToolResult result =
      f.train({"--data", f.data, "--epochs", "1", "--seeds", "2", "--seed", "7", "--out", f.run, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json json = Json::parse(result.out);
  CHECK(json.at("seeds") == Json({7, 8}));
  CHECK(json.at("runs").size() == 2);
  CHECK(json.at("runs").at(1).at("seed") == 8);
  const double a = json.at("runs").at(0).at("validation_accuracy");
  const double b = json.at("runs").at(1).at("validation_accuracy");
  CHECK(json.at("validation_accuracy") == Approx((a + b) / 2));
  CHECK(json.at("validation_accuracy_sd") == Approx(std::abs(a - b) / std::sqrt(2.0)).margin(1e-12));
  const ToolResult again = f.train({"--resume", f.run});
  CHECK(again.exit_code == 0);
  CHECK_THAT(again.err, ContainsSubstring("these runs have ended already"));
  CHECK_THAT(again.out, ContainsSubstring("seed 7: train ") && ContainsSubstring("validation accuracy  ") &&
                            ContainsSubstring(", standard deviation "));
  f.refused(2, ": --seeds: expected 1 to 1000, found 0", {"--data", f.data, "--seeds", "0"});
}

TEST_CASE("the bundled model teaches, and the result names it") {
  const Fixture f;
  const ToolResult result =
      f.train({"--data", f.data, "--epochs", "1", "--out", f.run, "--json", "--teacher", "default", "--temperature",
               "3", "--teacher-weight", "0.8", "--mixup", "0.3", "--cutmix", "1", "--augment", "strong"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.err, ContainsSubstring("learning from default.safetensors (compact, CRC-64 "));
  const Json json = Json::parse(result.out);
  CHECK(json.at("teachers").at(0).at("file") == "default.safetensors");
  CHECK(json.at("teachers").at(0).at("digest").get<std::string>().size() == 16);
  CHECK(json.at("options").at("teacher") == Json::array({"default"}));
  CHECK(json.at("options").at("mixup") == 0.3);
}

TEST_CASE("--show-augment writes a picture and trains nothing") {
  const Fixture f;
  const std::string sheets = (f.folder / "sheets").string();
  const auto show = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--data", f.data, "--show-augment", sheets});
    return more;
  };
  const ToolResult result = f.train(show({"--augment", "strong", "--mixup", "0.4"}));
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.out, ContainsSubstring("sheets/augment.png") &&
                             ContainsSubstring("14, each as it is and as the first 9 epochs"));
  const auto bytes = [&] {
    std::ifstream in(sheets + "/augment.png", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string first = bytes();
  CHECK(first.substr(1, 3) == "PNG");
  CHECK_FALSE(fs::exists(f.folder / "runs"));
  f.refused(2, ": --show-augment: the folder", show({"--augment", "strong", "--mixup", "0.4"}));
  CHECK(bytes() == first);
  CHECK(f.train(show({"--augment", "strong", "--mixup", "0.4", "--force", "-q"})).exit_code == 0);
  CHECK(bytes() == first);
  const ToolResult other = f.train(show({"--augment", "strong", "--force", "--seed", "7", "--json"}));
  CHECK(other.exit_code == 0);
  CHECK(Json::parse(other.out).at("draws") == 9);
  CHECK(bytes() != first);
  f.refused(2, "--data", {"--show-augment", (f.folder / "more").string()});
  f.refused(2, "not with --resume", show({"--resume", f.run}));
  f.refused(4, "noise.txt/x", {"--data", f.data, "--show-augment", f.text_file("noise.txt", "x") + "/x"});
}

TEST_CASE("--dry-run tells what a training would take, and writes nothing") {
  const Fixture f;
  const ToolResult result =
      f.train({"--data", f.data, "--limit", "14", "--epochs", "10", "--batch-size", "4", "--dry-run", "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json json = Json::parse(result.out);
  CHECK(json.at("schema") == "affekt.train/1");
  CHECK(json.at("dry_run") == true);
  CHECK(json.at("parameters") == 1211815);
  CHECK(json.at("optimizer_bytes").get<double>() == 8 * json.at("trainable_parameters").get<double>());  // two moments
  CHECK(json.at("weight_bytes") >= 4 * 1211815);
  CHECK(json.at("peak_memory_bytes") > json.at("checkpoint_bytes"));
  CHECK(json.at("steps_per_epoch") == 4);
  CHECK(json.at("measured_steps") >= 3);
  CHECK(json.at("images_per_second") > 0);
  CHECK(json.at("seconds") == Approx(10 * json.at("seconds_per_epoch").get<double>()));
  const ToolResult text = f.train({"--data", f.data, "--limit", "7", "--dry-run", "--seeds", "2", "--epochs", "3"});
  CHECK_THAT(text.out, ContainsSubstring("peak memory ") && ContainsSubstring("3 epochs, 2 seeds: "));
  CHECK_FALSE(fs::exists(f.folder / "runs"));
  f.refused(2, "--dry-run: a resumed run keeps its own", {"--resume", f.run, "--dry-run"});
  f.refused(4, "missing.csv", {"--data", "missing.csv", "--dry-run"});
}

TEST_CASE("missing and unwritable files are exit code 4, bad content is 3") {
  const Fixture f;
  f.refused(4, "missing.csv", {"--data", "missing.csv"});
  f.refused(3, "empty.csv", {"--data", f.text_file("empty.csv", "")});
  f.refused(4, "empty.csv", {"--data", f.data, "--epochs", "1", "--out", "empty.csv/run"});
  f.refused(4, "not a run folder", {"--resume", f.folder.path().string()});
}

TEST_CASE("presets fill what flags leave open") {
  const Fixture f;
  const ToolResult result = f.train({"--preset", "compact", "--epochs", "3", "--print-config"});
  REQUIRE(result.exit_code == 0);
  const Json config = Json::parse(result.out);
  CHECK(config.at("epochs") == 3);
  CHECK(config.at("optimizer") == "sgd");
  CHECK(config.at("save-dtype") == "fp16");
  const ToolResult paper = f.train({"--preset", "paper-basic-cnn", "--print-config"});
  CHECK(Json::parse(paper.out).at("schedule") == "plateau");
  CHECK(Json::parse(paper.out).at("augment") == "paper");
  const Json study = Json::parse(f.train({"--preset", "paper-resnet50v2", "--print-config"}).out);
  CHECK(study.at("model") == "resnet50v2");
  CHECK(study.at("image-size") == 224);
  CHECK(study.at("head") == "flatten-64");
  CHECK(study.at("unfreeze") == "last:50");  // which is 22,779,527 parameters: see phases_test
  CHECK(study.at("preprocess") == "unit");
}
