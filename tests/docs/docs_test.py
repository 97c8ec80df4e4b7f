"""Every flag in a command of README or docs/ exists, every flag of a tool is on its page, every link leads somewhere."""
import pathlib
import re
import subprocess
import sys

BIN, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
VERBS = ["train", "eval", "compare", "predict", "import", "cluster", "recommend", "doctor"]
# Explained once for all tools in README.
COMMON = {"--help", "--version", "--config", "--print-config", "--seed", "--threads", "--quiet", "--verbose", "--json"}
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def flags_of(verb):
    text = subprocess.run([f"{BIN}/affekt", verb, "--help"], text=True, capture_output=True, check=True).stdout
    return set(re.findall(r"^\s+(?:-\w,)?(--[a-z][a-z0-9-]*)", text, re.M))


def commands(text):
    """(verb, words) of every `affekt VERB` line of a code block; continued lines are joined."""
    for block in re.findall(r"```\w*\n(.*?)```", text, re.S):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"(?:\$ )?(?:\S*/)?affekt[ -]([a-z]+)\b(.*)", line.strip())
            if found and not found.group(2).startswith(":"):
                yield found.group(1), found.group(2).split(" # ")[0]


def main():
    known = {verb: flags_of(verb) for verb in VERBS}
    faults, checked = [], 0
    pages = [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]
    for page in pages:
        text, name = page.read_text(), page.relative_to(SOURCE)
        for verb, words in commands(text):
            if verb == "help":
                continue
            if verb not in known:
                faults.append(f"{name}: there is no verb {verb}")
                continue
            checked += 1
            faults += [f"{name}: affekt {verb} has no {flag}" for flag in FLAG.findall(words) if flag not in known[verb]]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            if not (page.parent / link).exists():
                faults.append(f"{name}: {link} does not exist")
    for verb in VERBS[:-1]:
        page = SOURCE / f"docs/affekt-{verb}.md"
        said = set(FLAG.findall(page.read_text())) if page.exists() else set()
        faults += [f"docs/affekt-{verb}.md does not mention {flag}" for flag in sorted(known[verb] - COMMON - said)]
    print(f"{checked} commands on {len(pages)} pages")
    if checked == 0:
        faults.append("no command was found: the search is broken")
    if faults:
        raise SystemExit("\n".join(faults))


main()
