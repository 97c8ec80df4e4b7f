"""From FER2013 and Spotify tables to a trained network, judged models, clusters and playlists."""
import csv
import io
import os
import pathlib
import subprocess
import tempfile
import xml.etree.ElementTree as xml

from tool import affekt, check, check_common, check_keys, check_probabilities

SPLIT_ROWS = {"train": 28709, "public": 3589, "private": 3589}


def unpack(data, work):
    with open(work / "fer2013.csv", "wb") as out:
        subprocess.run(["xz", "-dkc", data / "fer2013/fer2013.csv.xz"], stdout=out, check=True)
    subprocess.run(["tar", "--zstd", "-xf", data / "fer2013/fer2013_folder_jpeg.tar.zst", "-C", work], check=True)
    return work / "fer2013.csv", work / "fer2013"


def train(fer, work):
    words = ["--data", fer, "--model", "basic-cnn", "--limit", 500, "--epochs", 1, "--out", work / "run", "--json"]
    result = affekt("train", *words).json()
    check_common(result, "train")
    check_keys(result, "run", "model", "epochs_run", "best_epoch", "train_accuracy", "validation_accuracy", "parameters",
               "trainable_parameters", "images_per_second", "seconds")
    check((result["parameters"], result["trainable_parameters"]) == (7837895, 7832519), "parameters as Keras counts them")
    for name in ("config.json", "metrics.csv", "best.safetensors", "summary.json", "curves.svg", "report.html", "log.txt"):
        check((work / "run" / name).is_file(), f"the run folder has no {name}")
    header = (work / "run/metrics.csv").read_text().splitlines()[0]
    check(header.startswith("epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,seconds,"
                            "images_per_second"), header)
    affekt("train", *words, code=2)
    rows = affekt("compare", work / "run", "default", "--json").json()["rows"]
    check(len(rows) == 2 and rows[0]["parameters"] == 7837895, "compare shows the run and the default model")


def evaluate(fer, folder):
    result = affekt("eval", "--model", "default", "--data", fer, "--split", "private", "--json").json()
    check_common(result, "eval")
    check_keys(result, "split", "samples", "accuracy", "balanced_accuracy", "top2_accuracy", "macro_f1", "log_loss", "ece",
               "classes", "confusion", "per_class", "leaked", "accuracy_without_leaked", "images_per_second")
    check((result["samples"], result["leaked"]) == (3589, 288), "PrivateTest has 3589 rows, 288 of them leaked")
    right = sum(result["confusion"][i][i] for i in range(7))
    check(abs(right / 3589 - result["accuracy"]) < 1e-9, "accuracy is the diagonal of the confusion matrix")
    check(result["accuracy"] >= 0.64, f"the bundled model reaches 64 %: {result['accuracy']}")
    pictures = affekt("eval", "--model", "default", "--data", folder, "--split", "private", "--json").json()
    check(pictures["samples"] == 3589, "the folder form has the same split")
    check(abs(pictures["accuracy"] - result["accuracy"]) <= 0.005, f"{pictures['accuracy']} beside {result['accuracy']}")


def look_at_data(fer, folder):
    forms = []
    for path in (fer, folder):
        result = affekt("import", "--check", "--data", path, "--json").json()
        check_keys(result, "rows", "classes", "duplicates", "conflicts", "blank", "leaks")
        check({name: sum(counts.values()) for name, counts in result["splits"].items()} == SPLIT_ROWS, f"{path}: splits")
        forms.append(result)
    for key in ("rows", "classes", "splits", "leaks"):
        check(forms[0][key] == forms[1][key], f"{key}: {forms[0][key]} in the CSV, {forms[1][key]} in the folders")


def cluster(data, work):
    moods = work / "moods"
    result = affekt("cluster", data / "music/spotify_songs.csv", "-k", "auto", "--out", moods, "--json").json()
    check_common(result, "cluster")
    check_keys(result, "tracks", "dropped", "features", "scale", "k", "inertia", "silhouette", "davies_bouldin",
               "calinski_harabasz", "iterations", "sweep", "clusters")
    check([row["k"] for row in result["sweep"]] == list(range(4, 13)), "the sweep covers 4 to 12")
    check(sum(c["size"] for c in result["clusters"]) == result["tracks"], "every track is in one cluster")
    for name in ("tracks.csv", "clusters.json", "report.html"):
        check((moods / name).is_file(), f"the cluster folder has no {name}")
    labelled = affekt("cluster", data / "music/data_moods.csv", "-k", 4, "--label-column", "mood", "--json").json()
    check_keys(labelled["agreement"], "ari", "nmi", "purity")
    check(labelled["k"] == 4 and labelled["sweep"] == [], "a fixed k has no sweep")
    for name in ("songs_normalize", "top10s", "spotify-2023", "spotify_dataset_viral200"):
        other = affekt("cluster", data / f"music/{name}.csv", "--json").json()
        check(other["tracks"] > 0 and other["clusters"], f"{name} gives clusters")
    return moods


def recommend(photo, moods, work):
    result = affekt("recommend", photo, "--catalog", moods, "--json").json()
    check_common(result, "recommend")
    check_keys(result, "faces", "mood", "goal", "tracks")
    check([track["rank"] for track in result["tracks"]] == list(range(1, 11)), "ten songs in order")
    check_keys(result["tracks"][0], "rank", "id", "title", "artist", "score", "cluster", "mood", "valence", "energy", "reason")
    check(abs(sum(result["mood"]["weights"].values() if isinstance(result["mood"]["weights"], dict)
                  else result["mood"]["weights"]) - 1) < 1e-3, "the weights sum to 1")
    common = ["recommend", photo, "--catalog", moods, "--format"]
    check(affekt(*common, "m3u8").out.startswith("#EXTM3U\n"), "an M3U8 header")
    tracks = xml.fromstring(affekt(*common, "xspf").out).findall(".//{http://xspf.org/ns/0/}track")
    check(len(tracks) == 10, "ten tracks in XSPF")
    check_keys(affekt(*common, "jspf").json()["playlist"], "track")
    uris = affekt(*common, "uris").out.splitlines()
    check(len(uris) == 10 and all(uri.startswith("spotify:track:") for uri in uris), "ten URIs")
    check(len(list(csv.DictReader(io.StringIO(affekt(*common, "csv").out)))) == 10, "ten rows of CSV")
    affekt(*common, "m3u8", "--json", code=2)
    both = affekt(*common, "m3u8", "--json", "--out", work / "list.m3u8").json()
    check(len(both["tracks"]) == 10 and (work / "list.m3u8").is_file(), "playlist to the file, JSON to stdout")


def predict(data):
    photos = data / "photos"
    found = affekt("predict", photos, "--json", code=(0, 5)).lines()
    status = {}
    for line in found:
        check_keys(line, "schema", "file", "status", "box", "emotion", "confidence", "probabilities")
        status.setdefault(pathlib.Path(line["file"]).name, []).append(line["status"])
        if line["status"] == "ok":
            check_probabilities(line["probabilities"])
    check(len(status["fr_two_people.jpg"]) == 2, "two people, two faces")
    check(status["astronaut.png"] == ["ok"] and status["fr_biden.jpg"] == ["ok"], "one face each")
    for name in ("chelsea_cat.png", "coffee.png", "rocket.jpg"):
        check(status[name] == ["no_face"], f"{name} has no face: {status[name]}")


def main():
    if "AFFEKT_TEST_DATA" not in os.environ:
        print("skipped: AFFEKT_TEST_DATA does not name the folder of test data")
        raise SystemExit(77)
    data = pathlib.Path(os.environ["AFFEKT_TEST_DATA"])
    with tempfile.TemporaryDirectory(prefix="affekt-road-") as name:
        work = pathlib.Path(name)
        fer, folder = unpack(data, work)
        look_at_data(fer, folder)
        train(fer, work)
        evaluate(fer, folder)
        moods = cluster(data, work)
        predict(data)
        recommend(data / "photos/astronaut.png", moods, work)


main()
