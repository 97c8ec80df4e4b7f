"""scripts/fetch-pretrained against a server that sends well, cuts off, sends other bytes, knows no ranges, or has nothing."""
import hashlib
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SCRIPT = pathlib.Path(sys.argv[1]) / "scripts/fetch-pretrained"
CONTENT = bytes(i * 7 % 251 for i in range(300_000))
NAME = "efficientnetb0_notop.h5"
PUBLISHED = "50bc09e76180e00e4465e1a485ddc09d"
requests = []


class Handler(http.server.BaseHTTPRequestHandler):
    """The first folder of the path says how to behave."""

    def do_GET(self):
        _, mode, *rest = self.path.split("/")
        begin = 0
        if "Range" in self.headers and mode != "noranges":
            begin = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
        requests.append((mode, "/".join(rest), begin))
        if mode == "missing":
            return self.send_error(404)
        if begin >= len(CONTENT):
            return self.send_error(416)
        body = CONTENT[begin:] if mode != "corrupt" else bytes(len(CONTENT) - begin)
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        if mode == "truncate":  # each connection breaks off
            body = body[:120_000]
        if mode == "dead":
            body = body[:1000]
        if mode == "slow" and not begin:
            body = body[:200_000]
        self.wfile.write(body)
        self.wfile.flush()
        if mode == "slow" and not begin:
            time.sleep(30)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Place:
    """A folder for weights and a PATH whose md5sum knows our content under the published sum."""

    def __init__(self, root):
        self.home = root / "home"
        self.bin = root / "bin"
        self.bin.mkdir()
        real = shutil.which("md5sum")
        tool = self.bin / "md5sum"
        ours = hashlib.md5(CONTENT).hexdigest()
        tool.write_text(f"#!/bin/sh\n{real} | sed 's/{ours}/{PUBLISHED}/'\n")
        tool.chmod(0o755)
        self.file = self.home / NAME
        self.part = self.home / (NAME + ".part")

    def environment(self, mode):
        return os.environ | {"AFFEKT_HOME": str(self.home), "PATH": f"{self.bin}:{os.environ['PATH']}", "no_proxy": "*",
                             "AFFEKT_PRETRAINED_URL": f"http://127.0.0.1:{server.server_port}/{mode}"}

    def run(self, mode, *arguments, **environment):
        requests.clear()
        return subprocess.run([SCRIPT, *(arguments or ("efficientnet-b0",))], text=True, capture_output=True,
                              env=self.environment(mode) | environment, timeout=100)


def check(result, code, words):
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    assert words in result.stderr, (words, result.stderr)


def test_download(place):
    result = place.run("ok")
    check(result, 0, "MD5 " + PUBLISHED)
    assert result.stdout == f"{place.file}\n"
    assert place.file.read_bytes() == CONTENT and not place.part.exists()
    assert requests == [("ok", "keras-applications/" + NAME, 0)], requests
    check(place.run("ok"), 0, "already there")
    assert requests == []
    place.file.write_bytes(b"something else")
    check(place.run("ok"), 0, "another MD5 than published")
    assert place.file.read_bytes() == CONTENT


def test_truncated_is_continued(place):
    check(place.run("truncate"), 0, "as published")
    assert [begin for _, _, begin in requests] == [0, 120_000, 240_000], requests
    assert place.file.read_bytes() == CONTENT


def test_broken_server_keeps_the_part(place):
    check(place.run("dead"), 4, "the next call continues it")
    assert not place.file.exists() and place.part.read_bytes() == CONTENT[:len(requests) * 1000]
    check(place.run("ok"), 0, "as published")
    assert requests[0][2] > 0 and place.file.read_bytes() == CONTENT


def test_interrupted(place):
    process = subprocess.Popen([SCRIPT, "efficientnet-b0"], env=place.environment("slow"), stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, start_new_session=True)
    deadline = time.time() + 20
    while not (place.part.exists() and place.part.stat().st_size > 0) and time.time() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, 2)
    process.communicate(timeout=20)
    assert process.returncode == 130, process.returncode
    kept = place.part.stat().st_size
    assert not place.file.exists() and 0 < kept <= 200_000
    check(place.run("ok"), 0, "as published")
    assert requests[0][2] == kept


def test_corrupt(place):
    check(place.run("corrupt"), 3, "expected MD5 " + PUBLISHED)
    assert not place.file.exists() and not place.part.exists()


def test_part_of_something_else(place):
    place.home.mkdir()
    for stale in (b"x" * 1000, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 5)):
        place.part.write_bytes(stale)
        check(place.run("ok"), 0, "as published")
        assert place.file.read_bytes() == CONTENT
        place.file.unlink()
    place.part.write_bytes(CONTENT)  # complete, only not renamed
    check(place.run("ok"), 0, "as published")


def test_no_ranges(place):
    place.home.mkdir()
    place.part.write_bytes(CONTENT[:5000])
    check(place.run("noranges"), 0, "as published")
    assert place.file.read_bytes() == CONTENT


def test_missing(place):
    check(place.run("missing"), 4, "the server has no such file")
    assert not place.file.exists() and not place.part.exists()
    check(place.run("missing", "vgg16", "--top"), 4, "vgg16_weights_tf_dim_ordering_tf_kernels.h5")
    assert requests[0][1] == "tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    check(place.run("missing", "resnet50v2"), 4, "")
    assert requests[0][1].endswith("resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5")
    check(place.run("ok", AFFEKT_PRETRAINED_URL="http://127.0.0.1:1"), 4, "broke off")


def test_usage_and_places(place):
    for arguments in ([""], ["alexnet"], ["vgg16", "resnet50v2"], ["vgg16", "--all"]):
        check(place.run("ok", *arguments), 2, "expected scripts/fetch-pretrained vgg16|resnet50v2|efficientnet-b0")
    assert place.run("ok", "--help").stdout.startswith("scripts/fetch-pretrained NET")
    place.bin.joinpath("file").write_text("")
    check(place.run("ok", AFFEKT_HOME=str(place.bin / "file" / "below")), 4, "cannot be made")
    data = place.bin / "data"
    check(place.run("ok", AFFEKT_HOME="", XDG_DATA_HOME=str(data)), 0, "as published")
    assert (data / "affekt" / NAME).read_bytes() == CONTENT
    for tool in ("bash", "cut", "sed", "mkdir", "stat", "env"):
        (place.bin / tool).symlink_to(shutil.which(tool))
    check(place.run("ok", PATH=str(place.bin)), 4, "curl is not installed")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
tests = [value for name, value in list(globals().items()) if name.startswith("test_")]
for test in tests:
    with tempfile.TemporaryDirectory() as folder:
        test(Place(pathlib.Path(folder)))
        print(test.__name__, "passed")
