"""Wrong input: one clear line on stderr and the documented exit code, nothing on stdout, nothing left behind."""
import json
import os
import pathlib
import subprocess
import tempfile

from tool import BIN, affekt, check

SHARE = pathlib.Path(__file__).resolve().parents[2] / "share"
USAGE, CONTENT, MISSING, PARTIAL = 2, 3, 4, 5


def refused(code, *words, says=(), **keywords):
    result = affekt(*words, code=code, **keywords)
    lines = result.err.splitlines()
    check(len(lines) == 1, f"one line on stderr, not {len(lines)}: {result.err!r}")
    check(result.out == "", f"nothing on stdout: {result.out!r}")
    check(lines[0].startswith("affekt"), f"the line begins with the tool: {lines[0]!r}")
    for text in says:
        check(text in lines[0], f"{text!r} is not in {lines[0]!r}")


def fer_csv(path, rows=20, pixels=2304):
    lines = ["emotion,pixels,Usage"]
    for i in range(rows):
        lines.append(f"{i % 7},{' '.join(str((i * 31 + k) % 256) for k in range(pixels))},{'Training' if i % 4 else 'PublicTest'}")
    path.write_text("\n".join(lines) + "\n")
    return path


def tracks_csv(path, rows):
    lines = ["id,name,artist,danceability,energy,loudness,speechiness,acousticness,instrumentalness,liveness,valence,tempo"]
    for i in range(rows):
        share = (i * 37 % 100) / 100
        lines.append(f"id{i},Song {i},Artist {i},{share},{1 - share},-{5 + i % 7},0.{i % 9},0.{i % 8},0,0.{i % 7},"
                     f"{(i * 53 % 100) / 100},{90 + i}")
    path.write_text("\n".join(lines) + "\n")
    return path


def missing_and_empty(work):
    none = work / "none.csv"
    model = SHARE / "models/default.safetensors"
    for words in (["train", "--data", none, "--out", work / "r"], ["eval", "--model", "default", "--data", none],
                  ["eval", "--model", work / "none.safetensors", "--data", fer_csv(work / "f.csv")], ["cluster", none],
                  ["recommend", "--emotion", "happy", "--catalog", none], ["recommend", work / "none.jpg"],
                  ["compare", work / "none"], ["import", "--check", "--data", none]):
        refused(MISSING, *words)
    # predict reports every picture it was given, on stdout, also the missing one.
    check("none.jpg" in affekt("predict", work / "none.jpg", code=MISSING).err, "predict names the missing file")
    latin = os.fsdecode(bytes(work / "caf") + b"\xe9.jpg")
    found = json.loads(affekt("predict", latin, "--json", code=MISSING).out)
    check(found["file"] == str(work / "caf\u00e9.jpg"), f"a name that is not UTF-8 is read as Latin-1: {found['file']!r}")
    empty = work / "empty.csv"
    empty.write_text("")
    for words in (["train", "--data", empty, "--out", work / "r"], ["eval", "--model", "default", "--data", empty],
                  ["cluster", empty], ["recommend", "--emotion", "happy", "--catalog", empty]):
        refused(CONTENT, *words)
    check(not (work / "r").exists(), "a refused training leaves no run folder")
    cut = work / "cut.safetensors"
    cut.write_bytes(model.read_bytes()[:100000])
    refused(CONTENT, "eval", "--model", cut, "--data", work / "f.csv", says=["cut.safetensors"])
    refused(CONTENT, "predict", SHARE / "photos/astronaut.png", "--model", cut, says=["cut.safetensors"])
    refused(CONTENT, "compare", cut, says=["cut.safetensors"])


def bad_content(work):
    text = work / "text.jpg"
    text.write_text("this is no picture\n")
    refused(CONTENT, "recommend", text, says=["text.jpg"])
    affekt("predict", text, code=CONTENT)
    affekt("predict", text, SHARE / "photos/astronaut.png", code=PARTIAL)
    plain = work / "plain.csv"
    plain.write_text("name,colour\na,red\nb,blue\n")
    refused(CONTENT, "cluster", plain, says=["plain.csv"])
    short = fer_csv(work / "short.csv", rows=3, pixels=2303)
    refused(CONTENT, "eval", "--model", "default", "--data", short, says=["short.csv:2: pixels", "2304", "2303", "--skip-bad-rows"])


def usage(work):
    tracks = tracks_csv(work / "tracks.csv", 10)
    refused(USAGE, "cluster", tracks, "-k", 11, says=["11", "10"])
    refused(USAGE, "cluster", tracks, "-k", "many")
    refused(USAGE, "cluster", tracks, "--restrats", 3, says=["--restarts"])
    refused(USAGE, "recommend", "--emotion", "hapy", says=["happy"])
    refused(USAGE, "recommend")
    refused(USAGE, "train", "--model", "basic-cnm", "--data", work / "f.csv", says=["basic-cnn"])
    refused(USAGE, "nonsense")
    config = work / "config.json"
    config.write_text('{"epohcs": 3}')
    refused(USAGE, "train", "--config", config, says=["epohcs", "epochs"])
    used = work / "used"
    used.mkdir()
    (used / "file").write_text("kept")
    refused(USAGE, "train", "--data", work / "f.csv", "--out", used, says=["--force"])
    refused(USAGE, "cluster", tracks, "-k", 4, "--out", used, says=["--force"])
    check((used / "file").read_text() == "kept" and len(list(used.iterdir())) == 1, "the folder in use is untouched")


def unwritable(work):
    below = work / "tracks.csv" / "out"
    refused(MISSING, "cluster", work / "tracks.csv", "-k", 4, "--out", below)
    refused(MISSING, "train", "--data", work / "f.csv", "--out", below)
    refused(MISSING, "recommend", "--emotion", "happy", "--out", below)
    refused(MISSING, "import", "--pack", below.with_suffix(".safetensors"), "--data", work / "f.csv")


def closed_pipe():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([f"{BIN}/affekt", "recommend", "--emotion", "happy", "--json"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    check(done.returncode == 0 and done.stderr == b"", f"a closed pipe ends quietly: {done}")


def main():
    with tempfile.TemporaryDirectory(prefix="affekt-wrong-") as name:
        work = pathlib.Path(name)
        missing_and_empty(work)
        bad_content(work)
        usage(work)
        unwritable(work)
        closed_pipe()


main()
