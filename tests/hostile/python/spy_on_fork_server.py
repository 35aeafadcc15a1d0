# attack: look for inputs, outputs and secrets in frames, in objects that the collector knows, in modules
# stopped by: the fork server holds none
# verdict: AC
import gc
import sys

TEXT = "hel" + "d"
MARK = "THE-SEC" + "RET"
found = []
frame = sys._getframe()
while frame is not None:
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        if name not in ("TEXT", "MARK") and isinstance(value, (str, bytes)) and MARK in str(value):
            found.append(name)
    frame = frame.f_back
for thing in gc.get_objects():
    if isinstance(thing, (list, tuple)) and thing is not found:
        for value in thing:
            if isinstance(value, (str, bytes)) and (MARK in str(value) or str(value).strip() == TEXT):
                found.append(thing)
    if isinstance(thing, dict):
        for value in list(thing.values()):
            if isinstance(value, str) and MARK in value and value is not MARK:
                found.append(thing)
found = [thing for thing in found if thing is not globals() and TEXT not in getattr(thing, "co_consts", ())]
consts = [thing for thing in found if not isinstance(thing, tuple)]
print("BROKEN" if consts else "held")
