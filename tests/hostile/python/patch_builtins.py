# attack: replace the builtins and modules that a judge's runner would use
# stopped by: the comparison is made elsewhere
# verdict: WA RTE
import ast
import builtins
import json
import os
import sys

for name in ("print", "open", "repr", "exec", "eval", "isinstance", "type", "len", "str"):
    setattr(builtins, name, lambda *a, **k: "held")
os._exit.__class__
os.write = lambda *a: 5
json.loads = json.dumps = lambda *a, **k: "held"
ast.literal_eval = lambda *a: "held"
sys.excepthook = sys.__excepthook__ = lambda *a: None
