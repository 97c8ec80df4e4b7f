"""The first line of every benchmark: the processor, and the vector instructions that our kernels use on it."""
import os

# Variables that keep kernels below what the processor has: ours, oneDNN's, LibTorch's, OpenBLAS's.
VARIABLES = ("AFFEKT_SIMD", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "OPENBLAS_CORETYPE")
LEVELS = ("avx512_bf16", "avx512f", "avx2", "avx", "sse4_1")  # as /proc/cpuinfo names them, the widest first


def cores():
    return len(os.sched_getaffinity(0))


def processor_line():
    with open("/proc/cpuinfo") as file:
        fields = [line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line]
    info = {key.strip(): value.strip() for key, value in fields}
    flags = info.get("flags", "").split()
    widest = next((level for level in LEVELS if level in flags), "no vectors known")
    bounds = [f"{name}={os.environ[name]}" for name in VARIABLES if os.environ.get(name)]
    return (f"{info.get('model name', 'unknown processor')}, {cores()} {'core' if cores() == 1 else 'cores'}, "
            f"{widest}{', kept at ' + ' '.join(bounds) if bounds else ''}")
