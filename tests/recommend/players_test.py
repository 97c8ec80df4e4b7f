"""Players open what --library writes: mpv and VLC play it, MPD loads it. Players that are not installed are left out."""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

RECOMMEND = sys.argv[1]
NAMES = ["Plain", "Caf\u00e9 #1", "100 % & <more>", "trailing ", "line\nbreak"]


def wav(title, artist):
    def chunk(name, body):
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    def tag(name, text):
        return chunk(name, text.encode() + b"\0")

    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + chunk(b"fmt ", fmt) + chunk(b"LIST", b"INFO" + tag(b"INAM", title) + tag(b"IART", artist))
    return b"RIFF" + struct.pack("<I", len(body) + 808) + body + chunk(b"data", bytes(800))


def make_playlists(folder):
    music = folder / "music"
    music.mkdir()
    rows = ["title,artist,valence,energy,tempo"]
    for i, name in enumerate(NAMES):
        (music / f"{name}.wav").write_bytes(wav(f"Song {i}", f"Artist {i}"))
        rows.append(f"Song {i},Artist {i},0.{i + 2},0.{i + 3},120")
    (folder / "songs.csv").write_text("\n".join(rows) + "\n")
    for form in "m3u8", "xspf":
        command = [RECOMMEND, "--emotion", "happy", "--catalog", folder / "songs.csv", "-n", str(len(NAMES)), "--library",
                   music, "--format", form, "--out", folder / f"list.{form}"]
        said = subprocess.run(command, text=True, capture_output=True, check=True).stderr
        assert f"{len(NAMES)} of {len(NAMES)} tracks have a file" in said, said
    return music, folder / "list.m3u8", folder / "list.xspf"


def check_mpv(playlist):
    done = subprocess.run(["mpv", "--no-config", "--ao=null", "--vo=null", "--untimed", f"--playlist={playlist}"],
                          capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said
    assert said.count("Playing: ") == len(NAMES) and "Failed to open" not in said, said


def check_vlc(folder, playlist, wanted):
    folder.chmod(0o755)  # VLC does not work for root
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o777)
        done = subprocess.run(["cvlc", "-vv", "--no-color", "--intf=dummy", "--aout=dummy", "--no-video", "--play-and-exit", playlist],
                              capture_output=True, timeout=120, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": home}, **user)
    said = (done.stdout + done.stderr).decode(errors="replace")
    opened = {line.split("/music/")[1].split("'")[0] for line in said.split("\n") if "/music/" in line and "successfully opened" in line}
    assert opened == {urllib.parse.quote(f"{name}.wav", safe="&" if playlist.suffix == ".m3u8" else "") for name in wanted}, said


def check_mpd(folder, music, playlist):
    socket = folder / "socket"
    stored = shutil.copy(playlist, folder / "list.m3u")  # the only ending MPD knows for playlists of its own
    (folder / "mpd.conf").write_text(f"""music_directory "{music}"
playlist_directory "{folder}"
db_file "{folder}/db"
filesystem_charset "UTF-8"
bind_to_address "{socket}"
audio_output {{
  type "null"
  name "none"
}}
""")
    server = subprocess.Popen(["mpd", "--no-daemon", "--stderr", folder / "mpd.conf"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not socket.exists():
            assert time.monotonic() < deadline and server.poll() is None, "mpd did not start"
            time.sleep(0.05)

        def mpc(*words):
            done = subprocess.run(["mpc", "-h", str(socket), *words], text=True, capture_output=True)
            assert done.returncode == 0, f"mpc {words[0]}: {done.stdout}{done.stderr}"
            return done.stdout

        mpc("update", "--wait")
        mpc("load", stored.stem)
        queue = mpc("playlist", "-f", "%title%").split("\n")[:-1]
        # MPD takes no names with line breaks into its database.
        wanted = {f"Song {i}" for i, name in enumerate(NAMES) if "\n" not in name}
        assert wanted <= set(queue), queue
    finally:
        server.terminate()
        server.wait()


def main():
    tried = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        music, playlist, xspf = make_playlists(folder)
        if shutil.which("mpv"):
            check_mpv(playlist)
            tried.append("mpv")
        if shutil.which("cvlc"):
            check_vlc(folder, xspf, NAMES)
            # In a path, VLC takes # for the begin of an anchor; the documentation says so.
            check_vlc(folder, playlist, [name for name in NAMES if "#" not in name])
            tried.append("vlc")
        if shutil.which("mpd") and shutil.which("mpc"):
            check_mpd(folder, music, playlist)
            tried.append("mpd")
    if not tried:
        print("skipped: no mpv, no vlc, no mpd with mpc (packages of these names)")
    print("opened by:", ", ".join(tried) or "nobody")


main()
