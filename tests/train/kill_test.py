#!/usr/bin/python3
"""A short scripts/bench/kill-and-resume on made-up faces. Usage: kill_test.py REPOSITORY BUILD_FOLDER"""
import os
import random
import subprocess
import sys
import tempfile

repository, build = sys.argv[1:3]
rng = random.Random(3)
with tempfile.TemporaryDirectory() as folder:
    data = os.path.join(folder, "faces.csv")
    with open(data, "w") as file:
        file.write("emotion,pixels,Usage\n")
        for row in range(98):
            level = 30 * (row % 7) + 10
            pixels = " ".join(str(level + rng.randrange(40)) for _ in range(48 * 48))
            file.write(f"{row % 7},{pixels},Training\n")
    script = os.path.join(repository, "scripts", "bench", "kill-and-resume")
    result = subprocess.run([sys.executable, script, data, "--kills", "6", "--limit", "0", "--epochs", "9", "--build", build])
    sys.exit(result.returncode)
