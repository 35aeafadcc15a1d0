# attack: import the judge, or what it has installed
# stopped by: they are not on the path, and Landlock denies reading them
# verdict: AC
import importlib
import sys

sys.path += ["/", "/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages"]
for name in ("stepsmith.judge.local", "stepsmith.core.records", "msgspec", "pytest"):
    try:
        importlib.import_module(name)
        print("BROKEN", name)
    except (ImportError, OSError):
        pass
print("held")
