"""Runs the tools of a build and checks what they say."""
import json
import subprocess
import sys

BIN = sys.argv[1] if len(sys.argv) > 1 else "build/bin"
EMOTIONS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def affekt(*words, code=0, **keywords):
    """Runs `affekt WORDS...` and requires its exit code; `code` may be a tuple of codes that are right."""
    codes = code if isinstance(code, tuple) else (code,)
    done = subprocess.run([f"{BIN}/affekt", *map(str, words)], text=True, capture_output=True, timeout=600, **keywords)
    shown = " ".join(map(str, words)).encode("utf-8", "replace").decode()
    print(f"{done.returncode:4d}  affekt {shown}", flush=True)
    check(done.returncode in codes, f"affekt {shown}: exit code {done.returncode}, not {code}\n{done.stderr[-2000:]}")
    return Result(done)


def check(holds, message):
    if not holds:
        raise SystemExit(f"FAILED: {message}")


def check_keys(found, *names):
    missing = [name for name in names if name not in found]
    check(not missing, f"keys {missing} are missing in {sorted(found)}")


def check_common(result, verb):
    check_keys(result, "schema", "version", "seed", "options")
    check(result["schema"] == f"affekt.{verb}/1", result["schema"])


def check_probabilities(probabilities):
    check(list(probabilities) == EMOTIONS, f"emotions in the agreed order: {list(probabilities)}")
    check(abs(sum(probabilities.values()) - 1) < 1e-3, f"probabilities sum to 1: {probabilities}")
