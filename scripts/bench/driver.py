"""Small C++ programs beside the benchmarks, compiled against the libraries of a build."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def compile_driver(build, folder, name, *libraries):
    """scripts/bench/NAME.cpp in `folder`, linked to libaffekt_core and `libraries` ("faces"); the program's path."""
    program, found = os.path.join(folder, name), os.path.join(build, "lib")
    subprocess.run(["c++", "-std=c++17", "-O2", "-I", os.path.join(HERE, "..", "..", "include"), os.path.join(HERE, name + ".cpp"),
                    "-o", program, "-L", found, *("-laffekt_" + library for library in (*libraries, "core")),
                    "-Wl,-rpath," + found, "-Wl,-rpath-link," + found], check=True)
    return program
